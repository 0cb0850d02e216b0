"""What models make of an X-ray without and with marks. No streamlit here."""
