"""The right-hand side: the answer without and with the marker, in one piece."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard.demo.answer_column.all_methods import all_methods
from dashboard.demo.answer_column.attention_maps import attention_pair, attention_settings, attention_words
from dashboard.demo.answer_column.class_evidence import class_evidence
from dashboard.demo.answer_column.comparisons import comparisons
from dashboard.demo.answer_column.copy_link import copier
from dashboard.demo.answer_column.exports import take_along
from dashboard.demo.answer_column.following import can_follow, current_draft, follow_shape, if_free, note_cost
from dashboard.demo.answer_column.question import moving_answer, question_control
from dashboard.demo.answer_column.strokes import ANSWER
from dashboard.demo.answers.answer import Answer, answer, out_of_domain
from dashboard.demo.answers.presence import presence_doubt, presence_note
from dashboard.demo.film.canvas import canvas_key
from dashboard.demo.film.reading import model_xray
from dashboard.demo.film.xray import Xray
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import DemoState, default_classes
from dashboard.frame.busy import say_problem, try_again
from dashboard.frame.html import render
from dashboard.frame.page import page_link
from dashboard.frame.progress import model_download, not_here
from dashboard.frame.shared_models import shared_model
from dashboard.frame.verdicts import EACH, guess, open_range, winners
from dashboard.frame.words import ANSWER_OUT_OF_DOMAIN, answer_words, as_text, few, marker_name
from vpe_core import models
from vpe_core.cache import BoundedCache
from vpe_core.errors import BusyError, DeviceLostError, VPEError
from vpe_core.models import Model, ModelSpec
from vpe_core.plots.answer_html import answer_bars


def answer_column(drawn_on: Xray) -> bool:
    """Ask the model that the state names about the X-ray that is drawn on, and show what it says, if it does."""
    question_control()
    try:
        return _answered(drawn_on, session.state())
    except BusyError:
        try_again()
    except DeviceLostError:  # from here on the CPU answers, and a banner says so
        st.rerun()
    return False


def _answered(drawn_on: Xray, state: DemoState) -> bool:
    xray = model_xray(drawn_on)
    try:
        spec = models.get(state.model)
        if not models.is_ready(spec):
            _missing_model(spec)
            return False
        with st.spinner(f"Loading {spec.title}", _cache=True):
            model = shared_model(spec.name)
        result = answer(model, xray, state, state.shown_classes, session.memory(xray))
    except VPEError as error:
        say_problem(error)
        return False
    note_cost(model.name, state.method, result.milliseconds)
    _answer_alone(_html(result, model, xray, drawn_on, state), model, xray, drawn_on, state)
    comparisons(result, model, xray)
    attention_settings(result)
    class_evidence(result, model, xray)
    all_methods(result, model, xray)
    take_along(result, model, xray, state)
    page_link("pages/marker_lab.py", "Try every marker here: marker lab", icon=":material/science:")
    page_link("pages/attention.py", "All maps, and which to believe: attention", icon=":material/visibility:")
    if notice := model.predictor.notice:  # last, so that nothing moves when it comes and goes
        st.warning(as_text(notice), icon=":material/cloud_off:")
    return True


@st.fragment(key=ANSWER)
def _answer_alone(html: str, model: Model, xray: Xray, drawn_on: Xray, answered: DemoState) -> None:
    """The answer, and while a shape is dragged the answer to that.

    Args:
        html: The answer to what was drawn when the whole workbench was run.
        model: Who is asked.
        xray: As the model gets it.
        drawn_on: As it is drawn on.
        answered: What `html` is the answer to.
    """
    state = session.state()
    if state != answered:
        try:
            html = _asked(model, xray, drawn_on, state, session.memory(xray))
        except VPEError:  # which the whole workbench knows how to say
            st.rerun()
    draft = current_draft(drawn_on, state)
    drafted, is_skipped = None, False
    try:
        if draft.state is not None:
            kept = session.draft_memory(xray)
            drafted = if_free(partial(_asked, model, xray, drawn_on, draft.state, kept, is_draft=True))
            is_skipped = drafted is None
    except VPEError:  # the model is busy, or gone, which the answer to what is drawn will say
        is_skipped = True
    st.html(drafted or html)
    moving_answer()
    follow_shape(draft, follows=can_follow(model.name, state.method), skipped=is_skipped)
    copier(state)
    session.write_link()


def _asked(
    model: Model, xray: Xray, drawn_on: Xray, state: DemoState, memory: BoundedCache, is_draft: bool = False
) -> str:
    result = answer(model, xray, state, state.shown_classes, memory)
    note_cost(model.name, state.method, result.milliseconds)
    return _html(result, model, xray, drawn_on, state, is_draft)


def _html(result: Answer, model: Model, xray: Xray, drawn_on: Xray, state: DemoState, is_draft: bool = False) -> str:
    """Bars, sentence, overlays and attention in one element, so that they change together."""
    name = marker_name(state.marks, state.treatment)
    source = f"{model.spec.title} · {model.device_title} · {result.milliseconds:.0f} ms"
    astray = out_of_domain(model.spec, xray)
    marked = result.marked.probabilities if result.marked else None
    doubt = presence_doubt(model, state.question, marked)
    bars = answer_bars(
        result.classes, result.without.probabilities, marked,
        marker=name, simulated=xray.simulated, guess=guess(state.question, len(result.classes)),
        winners=() if astray or doubt else winners(state.question, marked or result.without.probabilities),
        undecided=open_range() if state.question == EACH else None,
        means_nothing=astray or doubt is not None,
    )  # fmt: skip
    words = doubt or answer_words(result.classes, result.without.probabilities, marked, name, state.question)
    return render(
        "answer", film=canvas_key(drawn_on), bars=bars, rows=0 if state.classes else len(default_classes()),
        words=None if astray else words, banner=ANSWER_OUT_OF_DOMAIN,
        note=presence_note(model) if state.question == EACH and not astray else None,
        cautions=_cautions(result, model.spec), source=source, is_draft=is_draft,
        overlays=attention_pair(result, state, name, xray.size_wh, session.memory(xray)),
        attention=attention_words(result, state),
    )  # fmt: skip


def _cautions(result: Answer, spec: ModelSpec) -> list[str]:
    cautions = list(result.reading.losses(spec.short_title))
    if result.unknown_words:
        words = few(result.unknown_words)
        cautions.append(f"{spec.short_title} cannot read these words, so they mean nothing to it: {words}.")
    return cautions


def _missing_model(spec: ModelSpec) -> None:
    st.info(
        as_text(not_here(spec)),
        icon=":material/download:",
    )
    model_download(spec)
    st.caption("Or choose another model under the X-ray.")
