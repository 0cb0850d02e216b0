"""The projector's view of a class: how to get in, how many are there, and the results once they are revealed."""

from __future__ import annotations

import streamlit as st

from dashboard.classroom.kinds import catalog
from dashboard.classroom.page import browser, results
from dashboard.classroom.page.controls import task_controls
from dashboard.classroom.page.invitation import invitation
from dashboard.classroom.page.lesson import lesson_link
from dashboard.classroom.page.model import said
from dashboard.classroom.page.seat import Seat
from dashboard.classroom.records import RoomView, Task
from dashboard.frame.busy import problems_shown
from dashboard.frame.html import render
from dashboard.frame.view import choose_view


def projector_view(place: Seat) -> None:
    """What everybody sees."""
    version = place.room.version_for(place.token)
    view = place.room.view()
    with st.container(key="class_projector"):
        with problems_shown():
            if view.task is None:
                _before(view)
            else:
                _task(place, view, view.task)
        with st.container(key="class_controls", horizontal=True, gap="small"):
            if place.steers:
                task_controls(place, view)
                if st.button("Back to steering", key="class_steer", icon=":material/tune:"):
                    choose_view("")
                    st.rerun()
    browser.follow(view.code, place.token, version, browser.PROJECTOR_EVERY_MS, steers=place.steers)


def count(view: RoomView) -> None:
    """How many have joined and answered."""
    st.html(
        render(
            "class_count", members=view.members, answered=len(view.kept), asked=view.task is not None,
            frozen=view.frozen, version=view.version, given=view.version,
        )
    )  # fmt: skip


def _before(view: RoomView) -> None:
    invitation(view.code)
    with st.container(key="class_lobby"):
        count(view)
    if view.lesson_step is not None:
        lesson_link(view.lesson_step)


def _task(place: Seat, view: RoomView, task: Task) -> None:
    question, kind = task.question, catalog.get(task.question.kind)
    with st.container(key="class_board"):
        left, right = (st.container(key=f"class_board_{side}", gap="small") for side in ("film", "words"))
    one = results.enlarged(view)
    with left:
        if one is not None:
            results.large_drawing(place, view, task, one)
        else:
            results.film(task, view, clickable=True)
    with right:
        st.html(
            render(
                "class_task", number=question.number, title=kind.title, asks=kind.asks(question),
                simulated=task.xray.simulated,
            )
        )  # fmt: skip
        if view.lesson_step is not None:
            lesson_link(view.lesson_step)
        if not view.revealed:
            invitation(view.code, small=True)
            count(view)
            return
        count(view)
        plain = said(place.room, task)
        results.bars(task, view, plain)
        if kind.draws:
            results.highlights(place, view, task, plain)
