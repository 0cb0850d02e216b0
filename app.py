"""Visual Prompt Lab: `streamlit run app.py`. Only the server; the pages are in `navigation.py`."""

import streamlit as st

from dashboard.frame.server import lifespan, page_failed, routes

app = st.App("navigation.py", lifespan=lifespan, routes=routes(), on_script_error=page_failed)
