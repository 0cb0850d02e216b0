"""How to get in: code, link and QR code."""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from urllib.parse import urlencode, urlsplit

import streamlit as st

from dashboard.classroom.page.seat import ROOM
from dashboard.classroom.qr import qr_code
from dashboard.classroom.rooms import spaced
from dashboard.demo.answer_column.copy_link import HERE_ONLY, reach_of
from dashboard.frame.html import render


def link_to(code: str) -> str:
    """The address of the class, as this browser reaches it: with its scheme, host and base path."""
    return f"{st.context.url or 'classroom'}?{urlencode({ROOM: code})}"


def invitation(code: str, *, small: bool = False) -> None:
    """Show how to get in."""
    link = link_to(code)
    st.html(render("class_join", code=spaced(code), link=link, qr=_qr(link), reach=reach_in_words(link), small=small))


def reach_in_words(link: str) -> str:
    """Who can follow a class's link, and what to do where nobody else can; empty where everybody can."""
    reach = reach_of(link)
    if reach != HERE_ONLY:
        return reach
    return (
        f"{reach} For others, open this page by the machine's address in the network, such as 192.168.0.10, in place "
        f"of {urlsplit(link).hostname} (docs/deployment.md, In a classroom)."
    )


@lru_cache(maxsize=64)
def _qr(link: str) -> str:
    """The code as a picture in SVG, in base64: what a page may embed."""
    return b64encode(render("class_qr", qr=qr_code(link)).encode()).decode("ascii")
