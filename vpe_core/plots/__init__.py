"""Charts: pure functions from numbers to plotly figures or HTML. No streamlit here."""
