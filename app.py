"""Visual Prompt Lab: `streamlit run app.py`. Streamlit imports this file to serve, and runs it for every visitor."""

import streamlit as st

if __name__ == "__main__":  # for a visitor: which pages there are; every page sets itself up
    from dashboard.frame.index_page import HOME
    from dashboard.frame.page import PAGES, unknown_page

    home, *others = PAGES
    asked = unknown_page(st.context.url or "")
    # Streamlit gives the home page no address of its own; what people type and bookmark is a second, hidden page.
    st.navigation(
        [
            st.Page(home.file, title=home.title, url_path=HOME, default=True),
            st.Page(home.file, title=home.title, url_path=home.path, visibility="hidden"),
            *(st.Page(page.file, title=page.title, url_path=page.path) for page in others),
            # Else Streamlit would forget what was asked for, and a reload could not say that it is not there.
            *([st.Page(home.file, title=home.title, url_path=asked, visibility="hidden")] if asked else []),
        ],
        position="hidden",
    ).run()
else:
    import gc

    from streamlit.runtime.pages_manager import PagesManager

    # Else a cold server takes the folder `pages` for its navigation until the first visitor has been, who may then be
    # told in a dialog that there is no page of that name.
    PagesManager.uses_pages_directory = False
    gc.freeze()  # Streamlit never dies: nobody waits while a collection walks it, here and in `lifespan`

    from starlette.middleware import Middleware

    from dashboard.frame.index_page import OneSlash
    from dashboard.frame.server import lifespan, page_failed, require_valid_settings, routes

    require_valid_settings()
    app = st.App(
        __file__, lifespan=lifespan, routes=routes(), middleware=[Middleware(OneSlash)], on_script_error=page_failed
    )
