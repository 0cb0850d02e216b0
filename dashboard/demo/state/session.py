"""The live demo's state in a session and in the address bar."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from dashboard.demo.film.xray import Xray
from dashboard.demo.state.address import OWN, address_of, is_apart, own_state, plain_names
from dashboard.demo.state.demo_state import (
    POLYGON,
    UPLOAD,
    DemoState,
    checked_template,
    marker_of_tool,
    own_classes,
    same_question,
    with_question,
)
from dashboard.demo.state.state_link import state_from_query
from dashboard.frame import links
from dashboard.frame.server_figures import watch_cache
from dashboard.frame.verdicts import EACH
from vpe_core.cache import BoundedCache
from vpe_core.errors import PromptError

_PAGE = "live demo"
_STATE, _EPOCH, _MEMORY, _UPLOAD = "demo:state", "demo:epoch", "demo:memory", "demo:upload"
_APART = "demo:names apart"
_DRAFTS, _MAX_DRAFT_RESULTS = "demo:drafts", 8
_SESSION_BYTES = 32_000_000
_PUBLIC_BYTES, _PUBLIC_RESULTS = 128_000_000, 20_000
"""Of all sessions together: what thirty people draw on the gallery in half an hour."""
_AS_CHOSEN = (
    "color", "width", "model", "suffix", "treatment", "method", "target", "opacity", "findings", "control", "second",
    "window_for_model",
)  # fmt: skip


def begin(arrived: bool) -> None:
    """Take over what the address bar says, if it is not what this session wrote there.

    Args:
        arrived: Whether the person comes from another page.
    """
    link = links.new_link(_PAGE, arrived)
    if _STATE in st.session_state and link is None:
        return
    named = plain_names(link or {})
    own, gone = own_state(named)
    state, problems = (own, ()) if own else state_from_query(named)
    st.session_state[_STATE] = state
    st.session_state[_APART] = any(map(is_apart, link or {}))
    st.session_state[_EPOCH] = st.session_state.get(_EPOCH, 0) + 1
    unknown = links.unknown_parts(named, (*DemoState.__dataclass_fields__, OWN), "the live demo")
    links.leave_out(_PAGE, (*gone, *problems, *unknown))


def state() -> DemoState:
    """The state as it is now."""
    current: DemoState = st.session_state[_STATE]
    return current


def change(**values: Any) -> DemoState:
    """Change parts of the state; what differs from a benchmark's case is no longer shown as that."""
    changed = replace(state(), **values)
    if changed.measured and not same_question(state(), changed):
        changed = replace(changed, measured="")
    st.session_state[_STATE] = changed
    return changed


def key(name: str) -> str:
    """The key of the widget for a part of the state.

    A widget begins with the state's value and then keeps its own; when the state is replaced, as by another link, all
    widgets get new keys and begin again.
    """
    return f"demo_{name}-{st.session_state.get(_EPOCH, 0)}"


def collect() -> None:
    """Take over what the widgets were set to since the last run; what is not valid leaves the state as it was."""
    chosen = {name: st.session_state[key(name)] for name in _AS_CHOSEN if key(name) in st.session_state}
    if tool := st.session_state.get(key("tool")):
        chosen["tool"] = POLYGON if tool == marker_of_tool(POLYGON) and st.session_state.get(key("by_points")) else tool
    asked = state().question
    for name, field, checked in (
        ("classes", classes_key(asked), partial(own_classes, question=asked)),
        ("template", key("template"), checked_template),
    ):
        if field in st.session_state:
            with suppress(PromptError):
                chosen[name] = checked(st.session_state[field])
    if chosen.get("target") and chosen["target"] not in change(**chosen).shown_classes:
        chosen["target"] = ""
    change(**chosen)
    if (question := st.session_state.get(key("question"), asked)) != asked:
        st.session_state[_STATE] = with_question(state(), question)


def classes_key(question: str) -> str:
    """The key of the field for the classes: one a question, because the other question begins with other classes."""
    return key(f"classes_{question}" if question == EACH else "classes")


def write_link() -> None:
    """Bring the address bar up to date; what it shows can be copied and opened elsewhere.

    Of an upload it says only that there is one, so that a page that is loaded anew can say that it is gone.
    """
    query = address_of(state(), apart=st.session_state.get(_APART, False) or bool(state().measured))
    links.write_link(_PAGE, {"sample": UPLOAD, **query} if state().sample == UPLOAD else query)


def leave_out(*sentences: str) -> None:
    """Say with all else that is wrong with the link what of it cannot be shown."""
    links.leave_out(_PAGE, sentences)


def say_left_out() -> None:
    """What of the link cannot be shown; it stays until another X-ray is chosen."""
    links.say_left_out(_PAGE, state().sample)


def memory(xray: Xray | None = None) -> BoundedCache:
    """Where results about an X-ray are kept: with the session, or for all who look at an X-ray that is everybody's."""
    if xray is not None and xray.public:
        return _for_everybody()
    kept: BoundedCache = st.session_state.setdefault(_MEMORY, BoundedCache(at_most_bytes=_SESSION_BYTES))
    return kept


@st.cache_resource(show_spinner=False)
def _for_everybody() -> BoundedCache:
    return watch_cache(BoundedCache(_PUBLIC_RESULTS, _PUBLIC_BYTES))


def draft_memory(xray: Xray) -> BoundedCache:
    """The latest results for shapes that are being dragged: a few, so that they push nothing out of `memory`."""
    name = f"{_DRAFTS}, public {xray.public}"
    kept: BoundedCache = st.session_state.setdefault(
        name, BoundedCache(_MAX_DRAFT_RESULTS, _SESSION_BYTES, memory(xray))
    )
    return kept


def upload() -> Xray | None:
    """The session's own X-ray."""
    xray: Xray | None = st.session_state.get(_UPLOAD)
    return xray


def shows(xray: Xray) -> bool:
    """Whether this X-ray is the one at hand; events of the one before may come after it was turned over."""
    sample, own = state().sample, upload()
    return xray.key == own.key if sample == UPLOAD and own else sample in ("", xray.key)


def keep_upload(xray: Xray) -> None:
    """Keep an X-ray of one's own for this session; it is in no link and in no other session."""
    st.session_state[_UPLOAD] = xray
