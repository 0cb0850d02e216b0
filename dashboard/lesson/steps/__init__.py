"""The steps, one file each. No streamlit here."""
