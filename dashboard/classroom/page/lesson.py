"""The way from a class to a step of the lesson, where the app has one."""

from __future__ import annotations

import streamlit as st

from dashboard.frame.page import PAGES, page_link

STEPS = 9


def has_lesson() -> bool:
    """Whether there is a lesson."""
    return _file() is not None


def lesson_link(step: int) -> None:
    """Where the lecturer sends everybody."""
    if file := _file():
        with st.container(border=True, key="class_lesson"):
            st.markdown(f"Everybody to step {step} of the lesson.")
            page_link(file, f"Open step {step}", icon=":material/school:", query_params={"step": str(step)})


def _file() -> str | None:
    return next((page.file for page in PAGES if page.path == "lesson"), None)
