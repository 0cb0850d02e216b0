"""A class: a room in memory, its members and what they answer. No streamlit here but in `page`."""
