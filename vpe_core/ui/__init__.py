"""The Streamlit side: page frame, drawing canvas, live demo. The only part of the library that imports streamlit."""
