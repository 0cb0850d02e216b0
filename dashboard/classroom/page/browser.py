"""What the browser keeps of a class, and how it learns that the class has changed."""

from __future__ import annotations

from functools import cache
from typing import Any

import streamlit as st

from dashboard.frame.assets import asset

PROJECTOR_EVERY_MS, MEMBERS_EVERY_MS = 300, 1000
_KEY = "class_room"
_MAX_CHARS = 100


def follow(code: str, token: str, version: int, every_ms: int, *, steers: bool = False) -> None:
    """Run this fragment again when the class is no longer at this version, and keep the token in the tab.

    Args:
        code: Of the class.
        token: To keep; a lecturer's also outlasts the tab.
        version: That is shown.
        every_ms: So often the browser asks.
        steers: Whether this is the lecturer.
    """
    _tell(code, token=token, version=version, every=every_ms, steers=steers)


def ask_what_is_kept(code: str) -> None:
    """Ask the tab for its token of this class; `kept_token` tells it in a later run."""
    _tell(code, asks=True)


def at_the_door(lost: str) -> None:
    """Ask the browser which class it steered last, for `steered_before`.

    Args:
        lost: Code of a class that is gone, whose token it needs no more; empty for none.
    """
    _tell(lost, asks="steered" not in _kept(), gone=bool(lost))


def kept_token(code: str) -> str | None:
    """What the tab keeps of this class; empty if nothing; None while it has not said."""
    kept = _kept()
    return str(kept.get("token") or "")[:_MAX_CHARS] if kept.get("code") == code else None


def steered_before() -> tuple[str, str]:
    """Code and token of the class that this browser steered last, as it says; both empty if none."""
    match _kept().get("steered"):
        case [str(code), str(token)]:
            return code[:_MAX_CHARS], token[:_MAX_CHARS]
    return "", ""


def client() -> str:
    """Where this visitor comes from, as `dashboard.frame.server` tells it of a request."""
    from dashboard.frame.rights import client_of

    return client_of(st.context.ip_address, st.context.headers)


def _tell(code: str, **values: Any) -> None:
    data = {"code": code, "token": "", "version": 0, "every": 0, "asks": False, "gone": False, "steers": False}
    _script()(key=_KEY, data=data | values, on_kept_change=_nothing, on_version_change=_nothing, height="content")


def _kept() -> dict[str, Any]:
    kept = (st.session_state.get(_KEY) or {}).get("kept")
    return kept if isinstance(kept, dict) else {}


def _nothing() -> None:
    """The page is run again; that is all."""


@cache
def _script() -> Any:
    return st.components.v2.component("vpl_class_room", js=asset("class_room.js"))
