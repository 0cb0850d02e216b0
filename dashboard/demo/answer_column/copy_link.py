"""Copy link: the click copies it; what stands below can be selected, and says how far the address reaches."""

from __future__ import annotations

import ipaddress
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import streamlit as st

from dashboard.demo.state.address import address_of
from dashboard.demo.state.demo_state import UPLOAD, DemoState
from dashboard.frame.assets import asset
from dashboard.frame.html import render
from dashboard.library.own_set import is_own

_BUTTON = "demo_link"
HERE_ONLY = "This address works on this machine only."
NETWORK_ONLY = "This address works only in the network of the machine that runs the app."
_LOCAL_ENDINGS = (".local", ".localhost", ".lan", ".internal")


def copy_link(state: DemoState) -> None:
    """A button that copies the link to what is shown, with `copier`, and shows it."""
    with st.popover("Copy link", icon=":material/link:", key=_BUTTON, on_change="rerun") as part:
        if not part.open:
            return
        link = _link(state)
        st.html(render("copied", link=link))
        st.code(link, language=None, wrap_lines=True)
        if reach := reach_of(link):
            st.caption(reach)
        if state.sample == UPLOAD:
            st.caption("An upload stays in this session: the link carries the settings, not it or what is drawn on it.")
        elif is_own(state.sample):
            st.caption("Your own data stay in this session: the link shows them here, and to nobody else.")


def copier(state: DemoState) -> None:
    """What copies the link when the button is clicked."""
    _copier()(key="demo_link_copier", data={"button": _BUTTON, "link": _link(state)}, height="content")


def _link(state: DemoState) -> str:
    query = address_of(state, apart=bool(state.measured))
    return f"{st.context.url or ''}{'?' + urlencode(query) if query else ''}"


def reach_of(link: str) -> str:
    """A sentence about an address that does not work everywhere; empty for one that does."""
    host = urlsplit(link).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return HERE_ONLY
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return NETWORK_ONLY if host and ("." not in host or host.endswith(_LOCAL_ENDINGS)) else ""
    if address.is_loopback or address.is_unspecified:
        return HERE_ONLY
    return NETWORK_ONLY if address.is_private or address.is_link_local else ""


@cache
def _copier() -> Any:
    return st.components.v2.component("vpl_copy_link", js=asset("copy_link.js"))
