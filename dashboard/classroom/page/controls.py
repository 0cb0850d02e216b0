"""What the lecturer does with the task at hand, on the steering page and on the projector."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard.classroom.page.seat import Seat
from dashboard.classroom.records import RoomView
from dashboard.classroom.room import Room


def task_controls(place: Seat, view: RoomView) -> None:
    """Show the results, close the answers, begin anew; nothing before the first task."""
    if view.task is None:
        return
    shown, closed = view.revealed, view.frozen
    st.button(
        "Hide results" if shown else "Show results",
        key="class_reveal",
        icon=f":material/visibility{'_off' if shown else ''}:",
        type="secondary" if shown else "primary",
        on_click=partial(place.steer, Room.steer, revealed=not shown),
    )
    st.button(
        "Open answers" if closed else "Close answers",
        key="class_freeze",
        icon=f":material/lock{'_open' if closed else ''}:",
        on_click=partial(place.steer, Room.steer, frozen=not closed),
    )
    st.button(
        "Ask again",
        key="class_restart",
        icon=":material/restart_alt:",
        on_click=partial(place.steer, Room.restart),
        help="All answers to this task are dropped",
    )
