"""Which pages there are: the script that runs for every visitor. Only routes; every page sets itself up."""

import streamlit as st

from dashboard.frame.page import PAGES

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
