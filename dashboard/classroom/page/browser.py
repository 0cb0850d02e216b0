"""What the browser's tab keeps of a class, and how it learns that the class has changed."""

from __future__ import annotations

from functools import cache
from typing import Any

import streamlit as st

from dashboard.frame.assets import asset

PROJECTOR_EVERY_MS, MEMBERS_EVERY_MS = 300, 1000
_KEY = "class_room"


def follow(code: str, token: str, version: int, every_ms: int) -> None:
    """Run this fragment again when the class is no longer at this version, and keep the token in the tab."""
    _tell(code, token=token, version=version, every=every_ms)


def ask_what_is_kept(code: str) -> None:
    """Ask the tab for its token of this class; `kept_token` tells it in a later run."""
    _tell(code, asks=True)


def forget(code: str) -> None:
    """The tab needs the token no more."""
    _tell(code, gone=True)


def kept_token(code: str) -> str | None:
    """What the tab keeps of this class; empty if nothing; None while it has not said."""
    kept = (st.session_state.get(_KEY) or {}).get("kept") or {}
    if not isinstance(kept, dict) or kept.get("code") != code:
        return None
    return str(kept.get("token") or "")[:100]


def client() -> str:
    """Where this visitor comes from, as `dashboard.frame.server` tells it of a request."""
    from dashboard.frame.rights import client_of

    return client_of(st.context.ip_address, st.context.headers)


def _tell(code: str, **values: Any) -> None:
    data = {"code": code, "token": "", "version": 0, "every": 0, "asks": False, "gone": False, **values}
    _script()(key=_KEY, data=data, on_kept_change=_nothing, on_version_change=_nothing, height="content")


def _nothing() -> None:
    """The page is run again; that is all."""


@cache
def _script() -> Any:
    return st.components.v2.component("vpl_class_room", js=asset("class_room.js"))
