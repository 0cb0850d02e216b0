"""The row above a step: back, all steps, on, and which model is asked."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard.lesson.catalog import STEPS
from dashboard.lesson.progress import QUIZ, Progress, go, go_by, keep, places, progress
from vpe_core import models

_MODEL = "lesson_model"


def show_bar() -> None:
    """Show the row."""
    here = progress()
    with st.container(key="lesson_bar", horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Back",
            key="lesson_previous",
            icon=":material/chevron_left:",
            disabled=here.number == 1,
            on_click=go_by,
            args=(-1,),
        )
        with st.container(key="lesson_stepper", horizontal=True, gap=None, width="content"):
            for number, place in enumerate(places(), start=1):
                _step_button(here, number, place)
        st.button(
            "Next",
            key="lesson_next",
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=here.place == QUIZ,
            on_click=go_by,
            args=(1,),
        )
        _model(here)


def _step_button(here: Progress, number: int, place: str) -> None:
    is_quiz = place == QUIZ
    title = "The quiz" if is_quiz else f"Step {number}: {STEPS.get(place).title}"
    done = here.quiz is not None if is_quiz else here.given_for(place) is not None
    st.button(
        "Quiz" if is_quiz else str(number),
        key=f"lesson_go_{'done' if done else 'open'}_{place}",
        type="primary" if place == here.place else "secondary",
        on_click=go,
        args=(place,),
        help=f"{title}{', answered' if done else ''}",
    )


def _model(here: Progress) -> None:
    ready = [name for name in models.selectable_names() if models.is_ready(models.get(name))]
    names = tuple(dict.fromkeys((*ready, here.model)))
    if len(names) < 2:
        return
    key = f"{_MODEL}-{here.model}"
    st.selectbox(
        "Model",
        names,
        names.index(here.model),
        format_func=lambda name: models.get(name).short_title,
        key=key,
        on_change=_ask_another,
        args=(key,),
        label_visibility="collapsed",
        width=190,
        help="Who is asked. Another model is another lesson, with guesses of its own.",
    )


def _ask_another(key: str) -> None:
    keep(replace(progress(), model=st.session_state[key], drawn=()))
