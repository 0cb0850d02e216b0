"""What the class has answered, as the projector shows it and, smaller, every phone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import numpy as np
import streamlit as st

from dashboard.classroom.kinds import catalog
from dashboard.classroom.kinds.base import Said, marker_title
from dashboard.classroom.page.model import looked_at, memory
from dashboard.classroom.page.seat import Seat
from dashboard.classroom.records import Kept, RoomView, Task, TaskQuestion
from dashboard.classroom.results import distribution, more_words, most_surprising, ranked
from dashboard.classroom.shapes import drawings_over, in_words, name_of, outcome
from dashboard.demo.answers.answer import out_of_domain
from dashboard.frame.assets import asset
from dashboard.frame.html import render
from dashboard.frame.jpeg import jpeg
from dashboard.frame.words import ANSWER_OUT_OF_DOMAIN, answer_words
from vpe_core import models
from vpe_core.attention import overlay
from vpe_core.plots.percent import percent

_OPACITY = 0.55
_ROWS, _ROWS_BESIDE_DRAWINGS = 8, 5
_ENLARGED, _SHAPES = "class:enlarged", "class_shapes"


def film(task: Task, view: RoomView, *, mine: int | None = None, clickable: bool = False) -> None:
    """The X-ray, with all drawings over it once the results are shown."""
    with st.container(key="class_film", gap=None):
        st.image(task.film.backdrop, width="stretch", alt=task.film.label)
        if view.revealed:
            data = drawings_over(task, view, mine=mine, clickable=clickable)
            chosen = partial(_enlarge, task.question.key)
            _shapes()(key=_SHAPES, data=data, on_picked_change=chosen, height="content")


def enlarged(view: RoomView) -> Kept | None:
    """The drawing that was chosen to be looked at alone."""
    key, member = st.session_state.get(_ENLARGED, ("", 0))
    if not view.revealed or view.task is None or key != view.task.question.key:
        return None
    return next((one for one in view.kept if one.member.number == member and one.displayed.drawing), None)


def large_drawing(place: Seat, view: RoomView, task: Task, one: Kept) -> None:
    """One drawing as large as the X-ray, with where the model looks."""
    with st.container(key="class_large", gap="small"):
        _picture(place, task, one, f"{name_of(one, view.names_shown)}: {in_words(task.question, one)}")
        _words(place, task, one, "Enlarged", name_of(one, view.names_shown))
        st.button("All drawings", key="class_all", icon=":material/grid_view:", on_click=_show_all)


def bars(task: Task, view: RoomView, plain: Said) -> None:
    """The class's answers beside the model's."""
    question, kind = task.question, catalog.get(task.question.kind)
    at_most, counted = (_ROWS_BESIDE_DRAWINGS, "drawings") if kind.draws else (_ROWS, "guesses")
    found = distribution(question, view.kept, plain.without, at_most)
    rows = [
        {"name": row.name, "votes": row.votes, "share": row.share, "model": row.model, "named": row.named,
         "model_text": percent(row.model)}
        for row in found
    ]  # fmt: skip
    every = distribution(question, view.kept, plain.without, len(question.classes))
    astray = out_of_domain(models.get(question.model), task.xray)
    st.html(
        render(
            "class_bars", rows=rows, more=more_words([row for row in every if row not in found], counted),
            counted=counted, draws=kind.draws, given=view.version,
            caution=ANSWER_OUT_OF_DOMAIN if astray else "",
            headline="" if astray else _headline(question, view.kept, plain),
            of_class="drawings that make it say this" if kind.draws else "guesses of the class",
            of_model="without a marker" if kind.draws else "what the model says",
        )
    )  # fmt: skip


def highlights(place: Seat, view: RoomView, task: Task, plain: Said) -> None:
    """The most successful and the most surprising drawing."""
    order, kind = ranked(view.kept), catalog.get(task.question.kind)
    best = order[0] if order else None
    odd = most_surprising(view.kept, plain.without, best)
    if best is None and odd is None:
        st.caption(kind.missing)
        return
    named = [(title, one) for title, one in (("Most successful", best), ("Most surprising", odd)) if one is not None]
    for column, (title, one) in zip(st.columns(2, gap="small"), named, strict=False):
        text, who = outcome(task.question, one), name_of(one, view.names_shown)
        with column, st.container(key=f"class_highlight_{title[5:]}"):
            _picture(place, task, one, f"{title}: {in_words(task.question, one)}")
            st.html(render("class_drawing", title=title, who=who, text=text, given=0, drawn=0))


def _picture(place: Seat, task: Task, one: Kept, alt: str) -> None:
    """The drawing with where the model looks, made once for all who see it."""
    drawing = one.displayed.drawing

    def made() -> bytes:
        answer = looked_at(place.room, task, drawing)
        seen = answer.marked or answer.without
        return jpeg(overlay(seen.preview, seen.heatmap, opacity=_OPACITY))

    key = ("class overlay", task.xray.content, task.question.model, drawing)
    st.image(memory(place.room, task).get_or_compute(key, made), width="stretch", alt=alt)


def _words(place: Seat, task: Task, one: Kept, title: str, who: str) -> None:
    answer = looked_at(place.room, task, one.displayed.drawing)
    marked = answer.marked.probabilities if answer.marked else None
    noun = marker_title(one.displayed.drawing) if one.displayed.drawing else "marker"
    text = str(answer_words(task.question.classes, answer.without.probabilities, marked, noun))
    st.html(render("class_drawing", title=title, who=who, text=text, given=0, drawn=0))


def _headline(question: TaskQuestion, kept: Sequence[Kept], plain: Said) -> str:
    first = int(np.argmax(plain.without))
    model_says = f"{question.classes[first]} ({percent(plain.without[first])})"
    if not kept:
        return f"The model says {model_says}. Nobody has answered yet."
    if not catalog.get(question.kind).draws:
        right = sum(one.displayed.choice == question.classes[first] for one in kept)
        return f"The model says {model_says}. {right} of {len(kept)} guessed it."
    if question.target:
        fooled = sum(int(np.argmax(one.displayed.said)) == question.classes.index(question.target) for one in kept)
        return f"Without a marker: {model_says}. Drawings that make it say {question.target}: {fooled} of {len(kept)}."
    turned = sum(int(np.argmax(one.displayed.said)) != first for one in kept if one.displayed.said)
    return f"Without a marker: {model_says}. Drawings that change it: {turned} of {len(kept)}."


def _show_all() -> None:
    st.session_state.pop(_ENLARGED, None)


def _enlarge(key: str) -> None:
    picked = (st.session_state.get(_SHAPES) or {}).get("picked") or {}
    if isinstance(picked, dict) and isinstance(picked.get("member"), int):
        st.session_state[_ENLARGED] = (key, picked["member"])


@cache
def _shapes() -> Any:
    return st.components.v2.component(f"vpl_{_SHAPES}", js=asset("class_shapes.js"), css=asset("class_shapes.css"))
