"""What the lecturer does with the task at hand, on the steering page and on the projector."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.classroom.page.seat import Seat
from dashboard.classroom.records import RoomView


def task_controls(place: Seat, view: RoomView) -> None:
    """Show the results, close the answers, begin anew; nothing before the first task."""
    if view.task is None:
        return
    room, token = place.room, place.token
    _button(
        "Hide results" if view.revealed else "Show results",
        "class_reveal",
        "visibility_off" if view.revealed else "visibility",
        lambda: room.steer(token, revealed=not view.revealed),
        primary=not view.revealed,
    )
    _button(
        "Open answers" if view.frozen else "Close answers",
        "class_freeze",
        "lock_open" if view.frozen else "lock",
        lambda: room.steer(token, frozen=not view.frozen),
    )
    _button("Ask again", "class_restart", "restart_alt", lambda: room.restart(token))


def _button(label: str, key: str, icon: str, do: Callable[[], None], *, primary: bool = False) -> None:
    st.button(label, key=key, icon=f":material/{icon}:", on_click=do, type="primary" if primary else "secondary")
