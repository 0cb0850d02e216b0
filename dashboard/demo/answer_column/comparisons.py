"""Beside the answer: the same marker on a control, and the same question to a second model."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from typing import Any

import streamlit as st
from PIL import Image

from dashboard.demo.answer_column.settings import model_title
from dashboard.demo.answers.answer import Answer, out_of_domain
from dashboard.demo.answers.control import ControlAnswer, control_answer, picture_for
from dashboard.demo.answers.presence import presence_doubt
from dashboard.demo.answers.second_model import offered_seconds, second_answer
from dashboard.demo.film.reading import control_in_window
from dashboard.demo.film.xray import Xray
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import CONTROLS, DemoState
from dashboard.frame.assets import asset
from dashboard.frame.busy import say_problem
from dashboard.frame.control_words import TITLES, control_sentence
from dashboard.frame.html import render
from dashboard.frame.jpeg import jpeg
from dashboard.frame.progress import model_download, not_here
from dashboard.frame.shared_models import shared_model
from dashboard.frame.verdicts import EACH, guess, winners
from dashboard.frame.words import ANSWER_OUT_OF_DOMAIN, answer_words, as_text, marker_name
from dashboard.library.pictures import another_patients_xray
from vpe_core import models
from vpe_core.errors import VPEError
from vpe_core.models import Model
from vpe_core.plots.answer_html import answer_bars
from vpe_core.plots.percent import percent

_THUMB_PX = 168
_CONTROL_ROW, _SECOND_ROW = "demo_control_row", "demo_second_row"
TO_DRAW = "The control puts your marker elsewhere: draw one first."
NO_TWIN = "Of this X-ray there is no such picture: only simulated samples with a finding have one."
NO_OTHER = "There is no X-ray of another patient with no abnormality in the gallery."


def comparisons(result: Answer, model: Model, xray: Xray) -> None:
    """The two switches, and under them what they ask for; nothing is computed that is not chosen."""
    state = session.state()
    with st.container(key="demo_compare"):
        control, second = st.columns(2, gap="small")
        control.selectbox(
            "Control: same marker on",
            ("", *CONTROLS),
            ("", *CONTROLS).index(state.control),
            format_func=lambda name: TITLES.get(name, "nothing else"),
            key=session.key("control"),
            help="How much of the answer does the marker get where the finding is not?",
        )
        names = ("", *dict.fromkeys((*offered_seconds(state.model), *filter(None, [state.second]))))
        second.selectbox(
            "Compare with",
            names,
            names.index(state.second),
            format_func=lambda name: model_title(name) if name else "no other model",
            key=session.key("second"),
            help="The same X-ray, marks and words, answered by another model.",
        )
    second_name = state.second if state.second != state.model else ""
    if state.control:
        with st.container(key=_CONTROL_ROW):
            _control(result, model, xray, state)
    if second_name:
        with st.container(key=_SECOND_ROW):
            _second(result, xray, state)
    _new_row()(key="demo_new_row", data={"rows": {_CONTROL_ROW: state.control, _SECOND_ROW: second_name}})


def _control(result: Answer, model: Model, xray: Xray, state: DemoState) -> None:
    if result.marked is None:
        st.caption(TO_DRAW)
        return
    try:
        picture = session.memory(xray).get_or_compute(
            ("picture", state.control, xray.content),
            lambda: picture_for(state.control, xray, another_patients_xray(xray)),
        )
        if picture is None:
            st.caption(NO_TWIN if state.control == "twin" else NO_OTHER)
            return
        control = control_answer(model, result, xray, control_in_window(picture, xray), state, session.memory(xray))
    except VPEError as error:
        say_problem(error)
        return
    name = marker_name(state.marks, state.treatment)
    sentence = control_sentence(
        state.control, name, control.target, here=control.here, there=control.there, unmarked=control.unmarked,
        n_classes=len(result.classes), n_findings=len(xray.findings),
    )  # fmt: skip
    if state.question == EACH:
        sentence = (
            f"How sure the model is that {control.target} is present: {percent(control.here)} here, "
            f"{percent(control.there)} on the control."
        )
    where = TITLES[state.control]
    before = result.without.probabilities[result.classes.index(control.target)]
    rows = (
        ("this X-ray, no marker", before, percent(before), "without"),
        (f"{name}, this X-ray", control.here, percent(control.here), "with"),
        ("control, no marker", control.unmarked, percent(control.unmarked), "without"),
        (f"{name}, control", control.there, percent(control.there), "with"),
    )
    st.html(
        render(
            "control", target=control.target, where=where, rows=rows, sentence=sentence, picture=_jpeg_text(control),
            size_wh=control.preview.size, alt=f"The {name} on {where}", likeliest=control.likeliest,
            chance=percent(control.chance), simulated=control.simulated,
        )
    )  # fmt: skip


def _second(result: Answer, xray: Xray, state: DemoState) -> None:
    try:
        spec = models.get(state.second)
        if not models.is_ready(spec):
            st.caption(as_text(not_here(spec)))
            model_download(spec)
            return
        with st.spinner(f"Loading {spec.title}", _cache=True):
            model = shared_model(spec.name)
        second = second_answer(model, xray, state, result.classes, session.memory(xray))
    except VPEError as error:
        say_problem(error)
        return
    name = marker_name(state.marks, state.treatment)
    astray, doubt = out_of_domain(spec, xray), presence_doubt(model, state.question, second.marked)
    bars = answer_bars(
        result.classes, second.without, second.marked,
        marker=name, source=spec.title, simulated=xray.simulated, guess=guess(state.question, len(result.classes)),
        winners=() if astray or doubt else winners(state.question, second.marked or second.without),
        means_nothing=astray or doubt is not None,
    )  # fmt: skip
    words = doubt or answer_words(result.classes, second.without, second.marked, name, state.question)
    st.html(render("second", bars=bars, words=None if astray else words, banner=ANSWER_OUT_OF_DOMAIN))


def _jpeg_text(control: ControlAnswer) -> str:
    small = control.preview.copy()
    small.thumbnail((2 * _THUMB_PX, 2 * _THUMB_PX), Image.Resampling.LANCZOS)
    return b64encode(jpeg(small, 85)).decode("ascii")


@cache
def _new_row() -> Any:
    return st.components.v2.component("vpl_new_row", js=asset("new_row.js"))
