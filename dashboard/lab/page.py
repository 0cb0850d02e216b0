"""A page of the laboratory: its head, as in the live demo, and its parts, each computed only while it is open."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from PIL import Image, ImageDraw

from dashboard.demo.answer_column.settings import model_title, target_choice
from dashboard.demo.answers.answer import answer, out_of_domain
from dashboard.demo.answers.marked_xray import draw, treatment_of
from dashboard.demo.film.outlining import outline_button
from dashboard.demo.film.reading import model_xray
from dashboard.demo.film.source import chosen_xray, no_xray, source_row
from dashboard.demo.film.xray import Xray
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import DemoState
from dashboard.frame.attention_words import attention_sentence, place_words
from dashboard.frame.busy import problems_shown, say_problem
from dashboard.frame.html import render
from dashboard.frame.page import page_link, page_setup
from dashboard.frame.progress import model_download, not_here
from dashboard.frame.shared_models import shared_model
from dashboard.frame.verdicts import EACH
from dashboard.frame.words import ANSWER_OUT_OF_DOMAIN, answer_words, as_text, marker_name
from dashboard.lab.part import Part
from dashboard.lab.show import LIVE_DEMO, jpeg_text
from dashboard.lab.subject import Subject, is_secret, lab_state, scene_of
from vpe_core import models
from vpe_core.attention.last_layer import METHOD as LAST_LAYER
from vpe_core.errors import VPEError
from vpe_core.lab.mapping import title_of as method_title
from vpe_core.markers.marks import mark_on
from vpe_core.plots.percent import percent
from vpe_core.registry import Registry

_HEAD_PX = 420
NO_REGION = "Nothing is marked on this X-ray yet. Draw one shape in the live demo"
_ANSWER, _ANSWER_RIM = "#ffffff", "#000000"


def lab_page(
    title: str,
    subtitle: str,
    parts: Registry[Part],
    *,
    sibling: tuple[str, str],
    settings: Callable[[], None] | None = None,
) -> None:
    """A whole page for the X-ray and the latest shape of the live demo.

    Args:
        title: Of the page.
        subtitle: What it answers, in one sentence.
        parts: What unfolds below its head.
        sibling: The laboratory's other page: its file, and the words of the link.
        settings: Fields above the parts, which several of them go by.
    """
    session.begin(page_setup(title, subtitle))
    try:
        session.collect()
        xray = chosen_xray()
        if xray is None:
            no_xray()
            return
        _laboratory(xray, parts, sibling, settings)
        session.write_link()
    except VPEError as error:
        st.error(as_text(str(error)), icon=":material/error:")


def _laboratory(
    drawn_on: Xray, parts: Registry[Part], sibling: tuple[str, str], fields: Callable[[], None] | None
) -> None:
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
        if fields:
            fields()
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
    if state.findings and xray.findings:
        _draw_answer(shown, xray)
        what += f", and the answer: {', '.join(finding.label for finding in xray.findings)} in white boxes"
    st.html(render("lab_picture", picture=jpeg_text(shown), size_wh=shown.size, alt=what, simulated=xray.simulated))


def _draw_answer(shown: Image.Image, xray: Xray) -> None:
    """The known findings, each a white box with its name, on a small picture of the whole X-ray."""
    draw, scale = ImageDraw.Draw(shown), shown.width / xray.size_wh[0]
    for finding in xray.findings:
        x0, y0, x1, y1 = finding.box.scaled(scale, scale).xyxy
        draw.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), outline=_ANSWER_RIM, width=3)
        draw.rectangle((x0, y0, x1, y1), outline=_ANSWER, width=1)
        at = (max(2.0, min(x0, shown.width - draw.textlength(finding.label, font_size=14) - 3)), max(2.0, y0 - 19))
        draw.text(at, finding.label, fill=_ANSWER, font_size=14, stroke_width=2, stroke_fill=_ANSWER_RIM)


def _no_region(xray: Xray, parts: Registry[Part]) -> None:
    """What to do where nothing is drawn."""
    st.info(f"{NO_REGION}{', or mark a known finding' if xray.findings else ''}.", icon=":material/draw:")
    named = session.state().findings
    with st.container(horizontal=True, gap="small", key="lab_begin"):
        for number, finding in enumerate(xray.findings):
            name = f"the {finding.label}" if named else f"finding {number + 1}"
            if st.button(as_text(f"Circle {name}"), key=f"lab_mark_{number}", icon=":material/circle:"):
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
    astray, inside = out_of_domain(spec, xray), result.inside
    words = answer_words(result.classes, before, after, marker)
    st.html(
        render(
            "lab_head", target=result.target, before=before[place], after=after[place], marker=marker,
            words=ANSWER_OUT_OF_DOMAIN if astray else str(words), simulated=xray.simulated,
            attention=inside and attention_sentence(
                inside.before, inside.after, inside.area, place_words(state.marks, treatment_of(state)),
                result.asked_for,
            ),
            notes=_notes(), percent=percent,
        )
    )  # fmt: skip
    page_link(LIVE_DEMO, "Change the marker in the live demo", icon=":material/draw:")
    page_link(*sibling, icon=":material/science:")
    return Subject(xray, scene_of(xray, state, result.target), spec.name, astray, is_secret(state))


def _notes() -> list[str]:
    """Where the lab does something else than the live demo."""
    state = session.state()
    notes = []
    if len(state.marks) > 1:
        notes.append(f"Of {len(state.marks)} shapes, the lab works on the latest.")
    if state.question == EACH:
        notes.append("The lab lets the model choose one of the classes, also where the live demo asks of each.")
    if state.method != LAST_LAYER.name:
        notes.append(f"This share is by {method_title(state.method)}; where parts name none, they mean the last block.")
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
