"""What can be taken along: the link, pictures, the table, and the picture that the network was shown."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode

import numpy as np
import streamlit as st
from PIL import Image

import vpe_core
from dashboard.demo.answer_column.copy_link import copy_link
from dashboard.demo.answers.answer import Answer, Impression, out_of_domain
from dashboard.demo.answers.captions import answer_line, attention_line, question_line
from dashboard.demo.answers.marked_xray import draw, suffix_words
from dashboard.demo.answers.presence import presence_doubt
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import UPLOAD, DemoState
from dashboard.demo.state.state_link import query_from_state
from dashboard.frame.csv_cells import cell
from dashboard.frame.words import ANSWER_OUT_OF_DOMAIN, AnswerWords, answer_words, marker_name
from vpe_core.attention import overlay
from vpe_core.geometry import View
from vpe_core.markers.marks import marks_to_text
from vpe_core.models import Model
from vpe_core.plots.slide import SlideClass, answer_slide
from vpe_core.plots.take_along import OUT_OF_DOMAIN, file_name, png_bytes, png_file, what_it_is
from vpe_core.types import Heatmap

_COLUMNS = (
    "class", "without", "with_marker", "model", "weights_sha256", "xray", "simulated", "caution", "marks", "color",
    "width", "treatment", "protocol", "prompt", "suffix", "attention_method", "target", "xray_pixels_sha256",
    "app_version", "package_versions", "settings", "question",
)  # fmt: skip
_GAP_SHARE = 0.015
_SAME_SCALE = 0.01
_FADED = 0.35
"""So much is left of maps that mean nothing, as on the page (`answer.css`)."""


def take_along(result: Answer, model: Model, xray: Xray, state: DemoState) -> None:
    """Link, files, and the model's view; what costs something is made when it is asked for."""
    with st.container(key="demo_take", horizontal=True, gap="small"):
        copy_link(state)
        with st.popover("Download", icon=":material/download:", key="demo_download", on_change="rerun") as files:
            if files.open:
                _files(result, model, xray, state)
        with st.popover("What the model saw", icon=":material/visibility:", key="demo_seen", on_change="rerun") as seen:
            if seen.open:
                _seen(result, model, xray, state)


def _files(result: Answer, model: Model, xray: Xray, state: DemoState) -> None:
    """A button a file; the content is made at the click."""
    makers: dict[str, tuple[str, Callable[[], bytes]]] = {
        "Slide, before and after (PNG)": ("before-and-after.png", lambda: slide_png(result, model, xray, state)),
        "Overlays (PNG)": ("overlays.png", lambda: overlays_png(result, model, xray, state)),
        "Marked X-ray (PNG)": ("marked-xray.png", lambda: marked_png(result, model, xray, state)),
        "Probabilities (CSV)": ("probabilities.csv", lambda: table_csv(result, model, xray, state)),
    }
    for label, (name, make) in makers.items():
        kind = "text/csv" if name.endswith(".csv") else "image/png"
        full_name = file_name(name, simulated=xray.simulated)
        st.download_button(label, make, full_name, kind, on_click="ignore", width="stretch")


def _for_people(xray: Xray, state: DemoState) -> Image.Image:
    """The marked X-ray in full resolution, also where the model is shown the paper's small picture."""
    return draw(xray, replace(state, protocol="native", width=round(state.native_width)))


def _seen(result: Answer, model: Model, xray: Xray, state: DemoState) -> None:
    width, height = result.without.seen.size
    words = f"The X-ray as it reaches the network: {width} by {height} pixels."
    st.caption(f"{words} {change_of_shape(model.view(xray.size_wh), xray, state)}".strip())
    impressions = [(result.without, "without"), (result.marked, "with the marker")]
    for column, (impression, name) in zip(st.columns(2), impressions, strict=True):
        if impression:
            column.image(impression.seen, caption=name, alt=f"The model's input, {name}")


def change_of_shape(view: View, xray: Xray, state: DemoState) -> str:
    """What becomes of the film's shape in the model's view of it, if that is another one; else empty."""
    width, height = xray.size_wh
    if width == height:
        return ""
    film = f"The film is {width} by {height}:"
    if state.protocol == "paper" or abs(view.scale_x / view.scale_y - 1) > _SAME_SCALE:
        return f"{film} it is squeezed {'from above' if height > width else 'from the sides'}, and shapes with it."
    return f"{film} what lies outside the middle square is cut off." if view.offset_x < 0 or view.offset_y < 0 else ""


def marked_png(result: Answer, model: Model, xray: Xray, state: DemoState) -> bytes:
    """The marked X-ray in full resolution, with what was asked and answered below it."""
    lines = (_answer_line(result, model, xray, state), question_line(model, state))
    return _png(_for_people(xray, state), lines, model, xray)


def overlays_png(result: Answer, model: Model, xray: Xray, state: DemoState) -> bytes:
    """The X-ray with its attention, without and with the marks side by side, in full resolution."""
    pictures = [one for one in _overlaid(result, model, xray, state) if one]
    gap = round(_GAP_SHARE * pictures[0].width)
    width = sum(one.width for one in pictures) + gap * (len(pictures) - 1)
    both = Image.new("RGB", (width, max(one.height for one in pictures)))
    left = 0
    for one in pictures:
        both.paste(one, (left, 0))
        left += one.width + gap
    lines = (
        _answer_line(result, model, xray, state), question_line(model, state), attention_line(result, state),
    )  # fmt: skip
    return _png(both, lines, model, xray)


def slide_png(result: Answer, model: Model, xray: Xray, state: DemoState) -> bytes:
    """Before and after on one slide, 16:9."""
    astray = out_of_domain(model.spec, xray)
    if astray:  # maps that mean nothing are left away: a slide is shown to people who have not seen the page
        without, marked = xray.image, _for_people(xray, state) if result.marked else None
    else:
        without, marked = _overlaid(result, model, xray, state)
    noun = marker_name(state.marks, state.treatment)
    label = what_it_is(simulated=xray.simulated, out_of_domain=astray)
    chances, doubt = result.marked.probabilities if result.marked else None, _doubt(result, model, state)
    lines = (question_line(model, state), *(() if astray else (attention_line(result, state),)))
    words = doubt or answer_words(result.classes, result.without.probabilities, chances, noun, state.question)
    classes = [
        SlideClass(name, before, chances[index] if chances else None)
        for index, (name, before) in enumerate(zip(result.classes, result.without.probabilities, strict=True))
    ]
    slide = answer_slide(
        ANSWER_OUT_OF_DOMAIN if astray else str(words), without, marked, classes,
        marker=noun, lines=lines, label=label, means_nothing=astray or doubt is not None,
    )  # fmt: skip
    return png_bytes(slide, label, (_answer_line(result, model, xray, state), *lines))


def _answer_line(result: Answer, model: Model, xray: Xray, state: DemoState) -> str:
    line = answer_line(result, state)
    if out_of_domain(model.spec, xray):
        return f"Means nothing here: {line}"
    doubt = _doubt(result, model, state)
    return f"{doubt.headline}. {line}" if doubt else line


def _doubt(result: Answer, model: Model, state: DemoState) -> AnswerWords | None:
    return presence_doubt(model, state.question, result.marked.probabilities if result.marked else None)


def _png(picture: Image.Image, lines: tuple[str, ...], model: Model, xray: Xray) -> bytes:
    astray = out_of_domain(model.spec, xray)
    content, _ = png_file(picture, "", simulated=xray.simulated, out_of_domain=astray, caption=lines)
    return content


def _overlaid(result: Answer, model: Model, xray: Xray, state: DemoState) -> tuple[Image.Image, Image.Image | None]:
    """The unmarked and the marked X-ray in full resolution, each with its attention; dark where that means nothing."""
    without = _with_attention(xray.image, result.without, state)
    marked = _with_attention(_for_people(xray, state), result.marked, state) if result.marked else None
    if not out_of_domain(model.spec, xray):
        return without, marked
    return _faded(without), marked and _faded(marked)


def _faded(picture: Image.Image) -> Image.Image:
    return Image.blend(Image.new("RGB", picture.size), picture.convert("RGB"), _FADED)


def _with_attention(picture: Image.Image, impression: Impression, state: DemoState) -> Image.Image:
    small = impression.heatmap
    values = Image.fromarray(small.values).resize(picture.size, Image.Resampling.BILINEAR)
    heatmap = Heatmap(np.asarray(values), small.method, small.label)
    return overlay(picture, heatmap, opacity=state.opacity / 100)


def table_csv(result: Answer, model: Model, xray: Xray, state: DemoState) -> bytes:
    """A row a class, with everything that is needed to ask again."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    marked = result.marked.probabilities if result.marked else None
    doubt = _doubt(result, model, state)
    caution = OUT_OF_DOMAIN if out_of_domain(model.spec, xray) else doubt.headline if doubt else ""
    versions = "; ".join(f"{package} {version}" for package, version in model.record.versions)
    settings = _settings(state)
    for index, name in enumerate(result.classes):
        writer.writerow(
            [
                cell(name),
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
                state.protocol,
                cell(state.template),
                suffix_words(state).strip(),
                state.method,
                cell(result.target),
                pixels_sha256(xray.image),
                vpe_core.__version__,
                versions,
                settings,
                state.question,
            ]
        )
    return buffer.getvalue().encode()


def _settings(state: DemoState) -> str:
    """All that is set, as a link says it; unlike in a link, also what belongs to an upload."""
    sample = "" if state.sample == UPLOAD else state.sample
    return urlencode(query_from_state(replace(state, sample=sample, hidden=False), named=True))


def pixels_sha256(image: Image.Image) -> str:
    """Hash of an X-ray's pixels, row by row: the same whatever file format they came in."""
    return hashlib.sha256(image.tobytes()).hexdigest()
