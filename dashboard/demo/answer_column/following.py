"""The answer follows a shape while it is dragged: the browser sends drafts, and only the answer is run again for them.

A draft changes nothing: no state, no step of undo, no address. It belongs to the drawing as the app knows it, or it is
left out; so one that comes late never takes the place of what was drawn. `assets/following_answer.js` sends them, one
at a time, and pauses where answers are slow.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import inf
from typing import Any, TypeVar

import streamlit as st

from dashboard.demo.film.canvas import marks_with_draft
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import DemoState
from dashboard.frame.assets import asset
from vpe_core.settings import get_settings

T = TypeVar("T")

AT_ONCE = 2
"""Drafts that the server answers at the same time, for all sessions: an answer to what is drawn waits for no more."""

_LATEST = 5
_KEY = "vpl_following_answer"
_free = threading.BoundedSemaphore(AT_ONCE)
_latest_ms: defaultdict[tuple[str, str], deque[float]] = defaultdict(lambda: deque(maxlen=_LATEST))


@dataclass(frozen=True, slots=True)
class Draft:
    """A shape that is being dragged.

    Attributes:
        number: By which the browser knows it; 0 for none.
        state: The state with the marks as they would be; None if there is nothing to answer.
    """

    number: int
    state: DemoState | None


def current_draft(xray: Xray, state: DemoState) -> Draft:
    """What the browser has sent last.

    Args:
        xray: The picture that is drawn on.
        state: With the marks that are drawn.
    """
    sent = (st.session_state.get(_KEY) or {}).get("draft")
    if not isinstance(sent, Mapping):
        return Draft(0, None)
    number = sent.get("number")
    marks = marks_with_draft(xray, sent, state.marks)
    changed = None if marks is None or marks == state.marks else replace(state, marks=marks)
    return Draft(number if isinstance(number, int) else 0, changed)


def if_free(compute: Callable[[], T]) -> T | None:
    """What `compute` returns; None, at once, if the server is busy with drafts of others."""
    if not _free.acquire(blocking=False):
        return None
    try:
        return compute()
    finally:
        _free.release()


def note_cost(model: str, method: str, milliseconds: float) -> None:
    """Remember for all sessions what an answer of a model took, with an attention method's maps."""
    latest = _latest_ms[model, method]
    if milliseconds and milliseconds not in latest:  # a kept answer tells its old time again, or none
        latest.append(milliseconds)


def can_follow(model: str, method: str) -> bool:
    """Whether one of the latest answers was quick enough; the others may have loaded the model or waited for others."""
    return min(tuple(_latest_ms[model, method]), default=inf) <= get_settings().follow_limit_ms


def follow_shape(draft: Draft, *, follows: bool, skipped: bool) -> None:
    """Let the browser send what is dragged.

    Args:
        draft: The one that was answered.
        follows: Whether it may, as `can_follow` says.
        skipped: Whether the draft was not answered because the server is busy.
    """
    _script()(
        key=_KEY,
        data={
            "answered": draft.number,
            "follows": follows,
            "limit": get_settings().follow_limit_ms,
            "skipped": skipped,
        },
        on_draft_change=lambda: None,
        height="content",
    )


@cache
def _script() -> Any:
    return st.components.v2.component(_KEY, js=asset("following_answer.js"))
