"""The right-hand side: the answer without and with the marker, where the model looks, and what can be taken along."""

from __future__ import annotations

import csv
import io
from urllib.parse import urlencode

import streamlit as st
from PIL import Image

from dashboard.demo import session
from dashboard.demo.answer import Answer, Impression, answer, draw, suffix_words
from dashboard.demo.state import AS_DRAWN, UPLOAD, DemoState, query_from_state
from dashboard.demo.xray import Xray
from dashboard.frame.html import render
from dashboard.frame.progress import model_download
from dashboard.frame.shared_models import shared_model
from dashboard.frame.words import answer_sentence, as_text, attention_sentence, few, marker_name
from vpe_core import attention, models
from vpe_core.attention import overlay
from vpe_core.errors import VPEError
from vpe_core.markers import get as get_marker
from vpe_core.markers.marks import marks_to_text
from vpe_core.models import ModelSpec, VisionLanguageModel
from vpe_core.plots.answer_html import OverlayImage, answer_bars, overlay_pair
from vpe_core.plots.take_along import OUT_OF_DOMAIN, file_name, png_file

_COLUMNS = (
    "class", "without", "with_marker", "model", "weights_sha256", "xray", "simulated", "caution", "marks", "color",
    "width", "treatment", "prompt", "suffix",
)  # fmt: skip
TO_DRAW = "Draw a marker on the X-ray to see how the answer and the attention change."
TOO_SMALL = "The marked region is too small to tell how much of the attention lies in it."
CROPPED = "A crop shows nothing but the region, so there is no share of attention to compare."


def answer_column(xray: Xray) -> None:
    """Ask the model that the state names and show what it says."""
    state = session.state()
    try:
        spec = models.get(state.model)
        if not models.is_ready(spec):
            _missing_model(spec)
            return
        with st.spinner(f"Loading {spec.title}", _cache=True):
            model = shared_model(spec.name)
        result = answer(model, xray, state, state.shown_classes, session.memory())
    except VPEError as error:
        st.error(as_text(str(error)), icon=":material/error:")
        return
    _shown(result, model, xray, state)
    _attention_settings(result)
    _take_along(result, model, xray, state)


def _shown(result: Answer, model: VisionLanguageModel, xray: Xray, state: DemoState) -> None:
    """Bars, sentence, overlays and attention in one element, so that they change together."""
    name = marker_name(state.marks, state.treatment)
    source = f"{model.spec.title} · {model.device_title} · {result.milliseconds:.0f} ms"
    place = name if state.treatment == AS_DRAWN or get_marker(state.treatment).phrase else "marked region"
    marked = result.marked.probabilities if result.marked else None
    bars = answer_bars(
        result.classes, result.without.probabilities, marked,
        marker=name, source=source, simulated=xray.simulated,
    )  # fmt: skip
    sentence = answer_sentence(result.classes, result.without.probabilities, marked, name)
    overlays = overlay_pair(
        _overlay_image(result.without, result, state, "without a marker"),
        _overlay_image(result.marked, result, state, f"with the {name}") if result.marked else None,
        marker=name,
    )
    st.html(
        render(
            "answer", bars=bars, sentence=sentence, cautions=_cautions(result, model.spec, xray), overlays=overlays,
            attention=_attention(result, place),
        )
    )  # fmt: skip


def _cautions(result: Answer, spec: ModelSpec, xray: Xray) -> list[str]:
    cautions = []
    if _out_of_domain(spec, xray):
        cautions.append(
            f"Out of its domain: {spec.title} has seen only simulated X-rays. On this picture its answer means nothing."
        )
    cautions += result.reading.losses(spec.title)
    if result.unknown_words:
        words = few(result.unknown_words)
        cautions.append(f"{spec.title} cannot read these words, so they mean nothing to it: {words}.")
    return cautions


def _out_of_domain(spec: ModelSpec, xray: Xray) -> bool:
    return spec.simulated_only and not xray.simulated


def _overlay_image(impression: Impression, result: Answer, state: DemoState, how: str) -> OverlayImage:
    colored = overlay(impression.shown, impression.heatmap, opacity=state.opacity / 100)
    chance = impression.probabilities[result.classes.index(result.target)]
    looks = f"Where the model looks for {result.asked_for}" if result.asked_for else "Where the model looks"
    alt = f"{looks}, {how}; it gives {result.target} {chance:.2f}"
    return OverlayImage(_jpeg(colored), colored.size, alt)


def _attention(result: Answer, place: str) -> tuple[str, str, str]:
    """The sentence in three parts: its two numbers in the middle."""
    if result.inside is None:
        return (TO_DRAW if not result.marked else CROPPED if result.cropped else TOO_SMALL), "", ""
    inside = result.inside
    text = attention_sentence(inside.before, inside.after, inside.area, place, result.asked_for)
    return text.partition(f"{inside.before:.2f} → {inside.after:.2f}")


def _attention_settings(result: Answer) -> None:
    state, methods = session.state(), attention.names()
    with st.container(key="demo_attention"):
        opacity, target, method = st.columns(3, gap="small", vertical_alignment="bottom")
        opacity.slider("Opacity", 0, 100, state.opacity, key=session.key("opacity"), format="%d%%")
        targets = ("", *result.classes)
        target.selectbox(
            "Evidence for",
            targets,
            targets.index(state.target) if state.target in targets else 0,
            format_func=lambda value: value or "the likeliest class",
            key=session.key("target"),
            disabled=not result.asked_for,
            help="For the methods that read the text. The last block and rollout are the same for every class.",
        )
        method.selectbox(
            "Method",
            methods,
            methods.index(state.method),
            format_func=lambda name: attention.get(name).title,
            key=session.key("method"),
        )


def _take_along(result: Answer, model: VisionLanguageModel, xray: Xray, state: DemoState) -> None:
    """Link, files, and the model's view; what costs something is made when it is asked for."""
    with st.container(key="demo_take", horizontal=True, gap="small"):
        with st.popover("Copy link", icon=":material/link:"):
            _link(state)
        with st.popover("Download", icon=":material/download:", key="demo_download", on_change="rerun") as files:
            if files.open:
                _files(result, model, xray, state)
        with st.popover("What the model saw", icon=":material/visibility:", key="demo_seen", on_change="rerun") as seen:
            if seen.open:
                _seen(result)


def _link(state: DemoState) -> None:
    if state.sample == UPLOAD:
        st.caption(
            "An upload stays in this session: the link carries the settings, but neither it nor what is drawn on it."
        )
    query = query_from_state(state)
    st.code(f"{st.context.url or ''}{'?' + urlencode(query) if query else ''}", language=None, wrap_lines=True)


def _files(result: Answer, model: VisionLanguageModel, xray: Xray, state: DemoState) -> None:
    astray = _out_of_domain(model.spec, xray)
    for label, image, name, of_model in (
        ("Marked X-ray (PNG)", draw(xray.image, state), "marked-xray.png", False),
        ("Overlays (PNG)", _side_by_side(result, state), "overlays.png", True),
    ):
        data, full_name = png_file(image, name, simulated=xray.simulated, out_of_domain=of_model and astray)
        st.download_button(label, data, full_name, "image/png", on_click="ignore", width="stretch")
    table = _table(result, model, xray, state)
    full_name = file_name("probabilities.csv", simulated=xray.simulated)
    st.download_button("Probabilities (CSV)", table, full_name, "text/csv", on_click="ignore", width="stretch")


def _seen(result: Answer) -> None:
    width, height = result.without.seen.size
    st.caption(f"The X-ray as it reaches the network: {width} by {height} pixels.")
    impressions = [(result.without, "without"), (result.marked, "with the marker")]
    for column, (impression, name) in zip(st.columns(2), impressions, strict=True):
        if impression:
            column.image(impression.seen, caption=name, alt=f"The model's input, {name}")


def _missing_model(spec: ModelSpec) -> None:
    st.info(
        as_text(f"{spec.title} is not on this machine yet. {spec.domain} Licence: {spec.licence}."),
        icon=":material/download:",
    )
    model_download(spec)
    st.caption("Or choose another model under the X-ray.")


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _side_by_side(result: Answer, state: DemoState) -> Image.Image:
    impressions = [one for one in (result.without, result.marked) if one]
    colored = [overlay(one.shown, one.heatmap, opacity=state.opacity / 100) for one in impressions]
    gap = 8
    both = Image.new("RGB", (sum(one.width for one in colored) + gap * (len(colored) - 1), colored[0].height))
    left = 0
    for one in colored:
        both.paste(one, (left, 0))
        left += one.width + gap
    return both


def _table(result: Answer, model: VisionLanguageModel, xray: Xray, state: DemoState) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    marked = result.marked.probabilities if result.marked else None
    caution = OUT_OF_DOMAIN if _out_of_domain(model.spec, xray) else ""
    for index, name in enumerate(result.classes):
        writer.writerow(
            [
                _cell(name),
                f"{result.without.probabilities[index]:.6f}",
                "" if marked is None else f"{marked[index]:.6f}",
                model.name,
                model.record.weights_sha256,
                xray.key,
                xray.simulated,
                caution,
                marks_to_text(state.marks),
                state.color,
                state.width,
                state.treatment,
                _cell(state.template),
                suffix_words(state).strip(),
            ]
        )
    return buffer.getvalue().encode()


def _cell(text: str) -> str:
    """Spreadsheets would run a text that begins like a formula."""
    return f"'{text}" if text[:1] in "=+-@" else text
