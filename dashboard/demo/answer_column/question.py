"""What is asked of the model: to choose one of the classes, or of each whether it is present; and how answers move."""

from __future__ import annotations

from functools import cache
from typing import Any

import streamlit as st

from dashboard.demo.state import session
from dashboard.frame.assets import asset
from dashboard.frame.verdicts import CHOOSE, EACH, QUESTIONS

_SCRIPTS = ("stale_answer.js", "moving_answer.js")
_TITLES = {CHOOSE: "Choose one of these", EACH: "Each: present or not"}


def question_control() -> None:
    """The two questions side by side."""
    st.segmented_control(
        "Question",
        QUESTIONS,
        format_func=_TITLES.__getitem__,
        default=session.state().question,
        key=session.key("question"),
        required=True,
        label_visibility="collapsed",
    )


def moving_answer() -> None:
    """Let bars and numbers move from the last answer to this one, and tell of it those who hear the page."""
    _script()(key="vpl_moving_answer")


@cache
def _script() -> Any:
    return st.components.v2.component("vpl_moving_answer", js="".join(map(asset, _SCRIPTS)))
