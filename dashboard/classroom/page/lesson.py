"""The way from a class to a step of the lesson, and back."""

from __future__ import annotations

import streamlit as st

from dashboard.classroom.page.seat import ROOM, Seat, code, is_in_class
from dashboard.classroom.records import RoomView
from dashboard.classroom.room import Room
from dashboard.frame.page import page_link
from dashboard.lesson.catalog import STEPS

_FIELD = "class_lesson_step"


def lesson_link(step: int) -> None:
    """Where the lecturer sends everybody."""
    with st.container(border=True, key="class_lesson"):
        st.markdown("Everybody to the lesson.")
        page_link("pages/lesson.py", _title(step), icon=":material/school:", query_params={"step": str(step)})


def back_to_class() -> None:
    """In the lesson: the way back, for who is in a class."""
    if is_in_class():
        link = {ROOM: code()}
        page_link("pages/classroom.py", "Back to the class", icon=":material/arrow_back:", query_params=link)


def send_to_lesson(place: Seat, view: RoomView) -> None:
    """For the lecturer: the step, and the button that sends everybody there."""
    st.selectbox("Lesson", range(1, len(STEPS) + 1), (view.lesson_step or 1) - 1, format_func=_title, key=_FIELD)
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Everybody there", key="class_lesson_send", icon=":material/school:",
            help="Members see a link to this step",
            on_click=lambda: place.steer(Room.send_to_lesson, int(st.session_state[_FIELD])),
        )  # fmt: skip
        if view.lesson_step is not None:
            st.button(
                "Back to the class", key="class_lesson_back", on_click=place.steer, args=(Room.send_to_lesson, None)
            )


def _title(step: int) -> str:
    return f"Step {step}: {STEPS.get(STEPS.names()[step - 1]).title}"
