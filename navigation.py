"""Which pages there are: the script that runs for every visitor. Only routes; every page sets itself up."""

import streamlit as st

from dashboard.demo.state.demo_state import DemoState
from dashboard.frame.page import PAGES
from dashboard.frame.shared_models import load_ahead

load_ahead(DemoState().model)
home, *others = PAGES
# Streamlit gives the home page no address of its own; what people type and bookmark is a second, hidden page.
st.navigation(
    [
        st.Page(home.file, title=home.title, url_path="home", default=True),
        st.Page(home.file, title=home.title, url_path=home.path, visibility="hidden"),
        *(st.Page(page.file, title=page.title, url_path=page.path) for page in others),
    ],
    position="hidden",
).run()
