"""The frame that all pages share: title, navigation, style, footer."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import streamlit as st
from streamlit.errors import StreamlitAPIException, StreamlitPageNotFoundError

from dashboard.frame.assets import ASSETS, asset, stylesheet
from dashboard.frame.html import render
from dashboard.frame.index_page import HOME
from dashboard.frame.links import quoted
from dashboard.frame.login import require_login
from dashboard.frame.view import begin_view, show_view, view, view_button, view_row
from dashboard.frame.words import as_text
from vpe_core import models
from vpe_core.errors import SettingsError
from vpe_core.models.device import lost_devices
from vpe_core.settings import PROJECT_DIR

APP_NAME = "Visual Prompt Lab"
_SIDEBAR_PX = 208
_LATEST = "frame:page"
_SCRIPTS = ("shown_page", "menu")
"""Small things that the browser does on every page."""
_FOOTER = "Research and teaching. Not a medical device."


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page in the navigation: its file, relative to `app.py`, and its title."""

    file: str
    title: str

    @property
    def path(self) -> str:
        """Its address below the app's own."""
        return Path(self.file).stem


_ALL_PAGES = (
    PageLink("pages/overview.py", "Overview"),
    PageLink("pages/live_demo.py", "Live demo"),
    PageLink("pages/lesson.py", "Lesson"),
    PageLink("pages/benchmark.py", "Benchmark"),
    PageLink("pages/marker_lab.py", "Marker lab"),
    PageLink("pages/attention.py", "Attention"),
    PageLink("pages/classroom.py", "Class"),
    PageLink("pages/data_and_models.py", "Data and models"),
)
PAGES = tuple(page for page in _ALL_PAGES if (PROJECT_DIR / page.file).is_file())
"""The pages that exist, in the order of the navigation; the first one is the home page."""


def page_setup(title: str, subtitle: str = "") -> bool:
    """Set title, style, navigation and footer of the page; every page calls it first.

    It does not rely on `app.py`: on a cold server, a deep link runs the page alone.

    Returns:
        Whether the person has just come to this page from another one, or for the first time.
    """
    arrived: bool = st.session_state.get(_LATEST) != title
    st.session_state[_LATEST] = title
    st.set_page_config(
        page_title=title if title == APP_NAME else f"{title} · {APP_NAME}",
        page_icon=str(ASSETS / "favicon.svg"),
        layout="wide",
        initial_sidebar_state=_SIDEBAR_PX,
    )
    begin_view(arrived)
    st.html(f"<style>{stylesheet()}</style>")
    paths = tuple(page.path for page in PAGES)  # of a list, Streamlit asks pandas whether it is a table
    where = {"page": next((page.path for page in PAGES if page.title == title), paths[0]), "pages": paths}
    for name in _SCRIPTS:
        _script(name)(key=f"vpl_{name}", data=where)
    with st.sidebar:
        st.html(render("brand", name=APP_NAME))
        _links()
    if view():
        show_view()
    # Written first and shown last (by `order` in the style sheet), so that a page which stops early still has it.
    st.container(key="vpl_footer").caption(_FOOTER)
    st.title(title, anchor=False)
    if subtitle:
        st.html(render("paragraph", kind="subtitle", text=subtitle))
    if asked := unknown_page(st.context.url or ""):
        st.info(as_text(f"There is no page {quoted(asked)}; here is the overview."), icon=":material/link_off:")
    try:
        models.selectable_names()  # reads all settings
    except SettingsError as error:
        st.error(as_text(str(error)), icon=":material/settings:")
        st.stop()
    require_login()
    _views()
    if lost_devices():
        st.warning(
            "The GPU has stopped answering. The CPU answers in its place, which is slower.", icon=":material/memory:"
        )
    return arrived


def unknown_page(url: str) -> str:
    """The page that an address names if there is none of that name; else empty. `app.py` shows the overview for it."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    path = unquote(urlsplit(url).path).strip("/")
    name = "" if path == base else path.rpartition("/")[2]
    return "" if name in ("", HOME, *(page.path for page in PAGES)) else name


def _views() -> None:
    """The way into the projector view; in it, what takes the side bar's place, below the page as the footer is."""
    if not view():
        with st.sidebar:
            view_button()
        return
    with st.container(key="vpl_view_row", horizontal=True, vertical_alignment="center", gap="small"):
        _links()
        view_row()


def _links() -> None:
    for page in PAGES:
        page_link(page.file, page.title)


def page_link(file: str, label: str, **options: Any) -> None:
    """A link to another page; where a page runs as a script of its own, just its name."""
    try:
        st.page_link(file, label=label, **options)
    except StreamlitPageNotFoundError:
        st.caption(label)


def go_to(file: str) -> None:
    """Turn to another page; where a page runs as a script of its own, nothing happens."""
    with suppress(StreamlitAPIException):
        st.switch_page(file)


@cache
def _script(name: str) -> Any:
    return st.components.v2.component(f"vpl_{name}", js=asset(f"{name}.js"))
