"""A page of the laboratory: its head, as in the live demo, and its parts, each computed only while it is open."""

from __future__ import annotations

import streamlit as st
from PIL import Image

from dashboard.demo.answer_column.settings import model_title, target_choice
from dashboard.demo.answers.answer import answer, out_of_domain
from dashboard.demo.answers.marked_xray import draw
from dashboard.demo.film.outlining import outline_button
from dashboard.demo.film.reading import model_xray
from dashboard.demo.film.source import chosen_xray, no_xray, source_row
from dashboard.demo.film.xray import Xray
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import DemoState
from dashboard.frame.busy import problems_shown, say_problem
from dashboard.frame.html import render
from dashboard.frame.page import page_link, page_setup
from dashboard.frame.progress import model_download, not_here
from dashboard.frame.shared_models import shared_model
from dashboard.frame.verdicts import EACH
from dashboard.frame.words import ANSWER_OUT_OF_DOMAIN, answer_words, as_text, marker_name
from dashboard.lab.part import Part
from dashboard.lab.show import LIVE_DEMO, jpeg_text
from dashboard.lab.subject import Subject, lab_state, scene_of
from vpe_core import models
from vpe_core.errors import VPEError
from vpe_core.markers.marks import mark_on
from vpe_core.plots.percent import percent
from vpe_core.registry import Registry

_HEAD_PX = 420
NO_REGION = "Nothing is marked on this X-ray yet. Draw one shape in the live demo, or mark a known finding."


def lab_page(title: str, subtitle: str, parts: Registry[Part], *, sibling: tuple[str, str]) -> None:
    """A whole page for the X-ray and the latest shape of the live demo.

    Args:
        title: Of the page.
        subtitle: What it answers, in one sentence.
        parts: What unfolds below its head.
        sibling: The laboratory's other page: its file, and the words of the link.
    """
    session.begin(page_setup(title, subtitle))
    try:
        session.collect()
        xray = chosen_xray()
        if xray is None:
            no_xray()
            return
        _laboratory(xray, parts, sibling)
        session.write_link()
    except VPEError as error:
        st.error(as_text(str(error)), icon=":material/error:")


def _laboratory(drawn_on: Xray, parts: Registry[Part], sibling: tuple[str, str]) -> None:
    with st.container(key="lab_head"):
        picture, settings = (st.container(key=f"lab_{name}") for name in ("picture", "settings"))
        with settings:
            _settings()
        state = lab_state(session.state())
        with picture:
            _picture(drawn_on, state)
            source_row(drawn_on)
            if state.marks:
                outline_button(drawn_on, "lab_outline", lambda: session.state().marks)
        subject: Subject | None = None
        with settings, problems_shown():
            if state.marks:
                subject = _answered(drawn_on, state, sibling)
            else:
                _no_region(drawn_on, parts)
    if subject:
        _parts(subject, parts)


def _settings() -> None:
    """Model and class, which the live demo shares."""
    state = session.state()
    names = tuple(dict.fromkeys((*models.selectable_names(), state.model)))
    left, right = st.columns(2, gap="small")
    left.selectbox("Model", names, names.index(state.model), format_func=model_title, key=session.key("model"))
    with right:
        target_choice(
            "Class to follow",
            lab_state(state).shown_classes,
            "The class whose probability all parts follow. Classes and prompt are those of the live demo.",
        )
    session.collect()


def _picture(xray: Xray, state: DemoState) -> None:
    shown = draw(xray, state)
    shown.thumbnail((_HEAD_PX, _HEAD_PX), Image.Resampling.LANCZOS)
    what = f"{xray.title or 'The X-ray'} with the {marker_name(state.marks, state.treatment)}"
    st.html(render("lab_picture", picture=jpeg_text(shown), size_wh=shown.size, alt=what, simulated=xray.simulated))


def _no_region(xray: Xray, parts: Registry[Part]) -> None:
    """What to do where nothing is drawn."""
    st.info(NO_REGION, icon=":material/draw:")
    is_secret = session.state().hidden and not session.state().findings
    with st.container(horizontal=True, gap="small", key="lab_begin"):
        for number, finding in enumerate(xray.findings):
            name = f"finding {number + 1}" if is_secret else finding.label
            if st.button(as_text(f"Circle the {name}"), key=f"lab_mark_{number}", icon=":material/circle:"):
                session.change(marks=(mark_on("circle", finding.box, xray.size_wh),))
                st.rerun()
        page_link(LIVE_DEMO, "Draw in the live demo", icon=":material/draw:")
    st.caption("Then there is here:")
    st.markdown("\n".join(f"- {part.heading}" for _, part in parts.items()))


def _answered(drawn_on: Xray, state: DemoState, sibling: tuple[str, str]) -> Subject | None:
    """The live demo's own answer, and what the parts work on; None while the model is not here, which is said."""
    xray, spec = model_xray(drawn_on), models.get(state.model)
    if not models.is_ready(spec):
        st.info(as_text(not_here(spec)), icon=":material/download:")
        model_download(spec)
        return None
    with st.spinner(f"Loading {spec.title}", _cache=True):
        model = shared_model(spec.name)
    result = answer(model, xray, state, state.shown_classes, session.memory(xray))
    assert result.marked is not None
    marker = marker_name(state.marks, state.treatment)
    before, after = result.without.probabilities, result.marked.probabilities
    place = result.classes.index(result.target)
    astray = out_of_domain(spec, xray)
    words = answer_words(result.classes, before, after, marker)
    st.html(
        render(
            "lab_head", target=result.target, before=before[place], after=after[place], marker=marker,
            words=ANSWER_OUT_OF_DOMAIN if astray else str(words), simulated=xray.simulated, inside=result.inside,
            notes=_notes(), percent=percent,
        )
    )  # fmt: skip
    page_link(LIVE_DEMO, "Change the marker in the live demo", icon=":material/draw:")
    page_link(*sibling, icon=":material/science:")
    return Subject(xray, scene_of(xray, state, result.target), spec.name)


def _notes() -> list[str]:
    """Where the lab does something else than the live demo."""
    state = session.state()
    notes = []
    if len(state.marks) > 1:
        notes.append(f"Of {len(state.marks)} shapes, the lab works on the latest.")
    if state.question == EACH:
        notes.append("The lab lets the model choose one of the classes, also where the live demo asks of each.")
    if state.protocol == "paper":
        notes.append("The lab draws as for people; this case was drawn as in the paper, on 256 x 256 pixels.")
    return notes


def _parts(subject: Subject, parts: Registry[Part]) -> None:
    for name, part in parts.items():
        with st.expander(part.heading, key=f"lab_part_{name}", on_change="rerun") as fold:
            if fold.open:
                try:
                    part.show(subject)
                except VPEError as error:
                    say_problem(error)
