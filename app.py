"""Visual Prompt Lab: `streamlit run app.py`. Only routes; every page sets itself up."""

import streamlit as st

from vpe_core.ui.page import PAGES

st.navigation(
    [st.Page(page.file, title=page.title, default=index == 0) for index, page in enumerate(PAGES)],
    position="hidden",
).run()
