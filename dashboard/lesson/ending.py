"""After the last step: the quiz to take home, and the certificate."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import streamlit as st

from dashboard.frame.assets import asset
from dashboard.frame.html import render
from dashboard.frame.words import as_text
from dashboard.lesson.catalog import STEPS
from dashboard.lesson.progress import keep, progress
from dashboard.lesson.quiz import QUIZ, QuizQuestion, n_right

_PRINT = "lesson_print"


def show_ending() -> None:
    """The quiz, or what came of it."""
    answers = progress().quiz
    with st.container(key="lesson_ending"):
        if answers is None:
            _ask()
            return
        right, told = progress().score
        st.html(
            render(
                "lesson_certificate", steps=_done(), right=right, told=told, quiz_right=n_right(answers),
                quiz_all=len(QUIZ), date=f"{date.today():%d %B %Y}".removeprefix("0"),
            )
        )  # fmt: skip
        with st.container(key="lesson_after", horizontal=True, gap="small"):
            st.button("Print the certificate", key=_PRINT, icon=":material/print:")
            st.button("Answer the quiz again", key="lesson_quiz_again", icon=":material/replay:", on_click=_again)
        _printer()(key="vpl_print_page", data={"button": _PRINT})
        st.header("The answers", anchor=False)
        st.html(render("lesson_quiz", questions=list(zip(QUIZ, answers, strict=True))))


def _done() -> int:
    here = progress()
    return sum(here.given_for(name) is not None for name in STEPS.names())


def _ask() -> None:
    st.header("Quiz to take home", anchor=False)
    st.caption(f"{len(QUIZ)} questions. The explanations come at the end.")
    with st.form("lesson_quiz", border=False):
        for number, question in enumerate(QUIZ, start=1):
            _radio(number, question)
        st.form_submit_button("Hand in", type="primary", key="lesson_hand_in", on_click=_hand_in)


def _hand_in() -> None:
    answers = tuple(st.session_state.get(_key(number)) for number in range(1, len(QUIZ) + 1))
    keep(replace(progress(), quiz=answers))


def _radio(number: int, question: QuizQuestion) -> None:
    st.radio(
        as_text(f"{number}. {question.words}"),
        range(len(question.options)),
        index=None,
        format_func=lambda option: as_text(question.options[option]),
        key=_key(number),
    )


def _key(number: int) -> str:
    return f"lesson_quiz_{number}"


def _again() -> None:
    keep(replace(progress(), quiz=None))


@cache
def _printer() -> Any:
    return st.components.v2.component("vpl_print_page", js=asset("print_page.js"))
