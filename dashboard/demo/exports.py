"""What can be taken along: the link, pictures, the table, and the picture that the network was shown."""

from __future__ import annotations

import csv
import io
from urllib.parse import urlencode

import streamlit as st
from PIL import Image

from dashboard.demo.answer import Answer, draw, out_of_domain, suffix_words
from dashboard.demo.state import UPLOAD, DemoState, query_from_state
from dashboard.demo.xray import Xray
from vpe_core.attention import overlay
from vpe_core.markers.marks import marks_to_text
from vpe_core.models import Model
from vpe_core.plots.take_along import OUT_OF_DOMAIN, file_name, png_file

_COLUMNS = (
    "class", "without", "with_marker", "model", "weights_sha256", "xray", "simulated", "caution", "marks", "color",
    "width", "treatment", "prompt", "suffix",
)  # fmt: skip


def take_along(result: Answer, model: Model, xray: Xray, state: DemoState) -> None:
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


def _files(result: Answer, model: Model, xray: Xray, state: DemoState) -> None:
    astray = out_of_domain(model.spec, xray)
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


def _table(result: Answer, model: Model, xray: Xray, state: DemoState) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    marked = result.marked.probabilities if result.marked else None
    caution = OUT_OF_DOMAIN if out_of_domain(model.spec, xray) else ""
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
