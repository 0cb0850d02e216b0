"""How the pages are shown: as usual, on a projector (`?view=projector`), or by themselves at a stand (`?view=demo`).

The view is in the address, and holds for all pages of the session: a link to another page need not name it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import streamlit as st

from dashboard.frame.assets import asset, stylesheet

VIEW = "view"
"""What it is called in the address."""
PROJECTOR, STAND = "projector", "demo"
ENLARGED = 1.25
"""How much larger type is on a projector, as in `assets/view`."""
_CURRENT, _STAND_PAGE = "frame:view", "live_demo"


def view() -> str:
    """`PROJECTOR`, `STAND`, or empty: as usual."""
    current: str = st.session_state.get(_CURRENT, "")
    return current


def begin_view(arrived: bool) -> None:
    """Take over the view that the address names, and name in the address the one that this session is in.

    Args:
        arrived: Whether the person comes from another page, whose link need not name the view. On the page itself, an
            address without it is one from before the view: the browser's Back leads there.
    """
    asked = st.query_params.get(VIEW)
    if asked in (PROJECTOR, STAND):
        st.session_state[_CURRENT] = asked
    elif view() and arrived:
        st.query_params[VIEW] = view()
    elif view():
        choose_view("")
    elif asked is not None:
        del st.query_params[VIEW]


def show_view() -> None:
    """Style and keys of the view."""
    st.html(f"<style>{stylesheet('view')}</style>")
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    _script()(key="vpl_view", data={"view": view(), "stand": f"{base and f'/{base}'}/{_STAND_PAGE}"})


def view_row() -> None:
    """A clean start, and the way out; beside the links to the pages, in place of the side bar."""
    st.button("Start anew", key="vpl_view_reset", icon=":material/restart_alt:", help="This page as it is first shown")
    # On a projector in the page's corner, for the row is at the end of the page; a stand is not to be left by chance.
    with st.container(key=f"vpl_{view()}_leave", width="content"):
        st.button(
            "Leave this view",
            key="vpl_view_leave",
            icon=":material/close:",
            on_click=choose_view,
            args=("",),
            help="Leave this view (Esc)" if view() == PROJECTOR else None,
        )


def view_button() -> None:
    """In the side bar: the way into the projector view."""
    st.button(
        "Projector view",
        key="vpl_view_enter",
        icon=":material/cast:",
        type="tertiary",
        on_click=choose_view,
        args=(PROJECTOR,),
        help="Large type, no side bar; the arrow keys turn to the next X-ray",
    )


def choose_view(chosen: str) -> None:
    """Turn to a view, or with an empty name back to the usual one; the page has to be run again."""
    st.session_state[_CURRENT] = chosen
    if chosen:
        st.query_params[VIEW] = chosen
    else:
        st.query_params.pop(VIEW, None)


@cache
def _script() -> Any:
    return st.components.v2.component("vpl_view", js=asset("view.js"))
