"""Cases: the samples that a marker helped or hurt most, with a way into the live demo."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.benchmark.filters import Choice
from dashboard.benchmark.results import evaluation, image_folder
from dashboard.benchmark.table import look_of
from dashboard.demo.state import COLORS, MAX_CLASSES, MIN_CLASSES, default_classes, treatments
from dashboard.frame.html import render
from dashboard.frame.page import page_link
from dashboard.frame.words import as_text
from vpe_core import models
from vpe_core.datasets.gallery import set_sample_name
from vpe_core.errors import VPEError
from vpe_core.images import load_image
from vpe_core.markers import automatic_arrow, draw_marker
from vpe_core.markers.catalog import drawing_tools
from vpe_core.markers.marks import Mark, marks_to_text, rounded
from vpe_core.prompts import PAPER_TEMPLATE
from vpe_core.results.analysis.cases import helped_and_hurt
from vpe_core.results.analysis.numerals import signed_text
from vpe_core.types import Box

N_CASES = 6
_THUMB_PX = 288


@st.fragment
def show_cases(choice: Choice) -> None:
    """Show the most helped and the most hurt samples of the leading results."""
    first = choice.first
    st.subheader(f"Cases that {look_of(choice.look)} helped or hurt most", anchor=False)
    st.caption(as_text(f"{first.who} on {first.dataset}: the score of the true class, without → with the marker"))
    try:
        table = helped_and_hurt(first.run, choice.lead, choice.question, N_CASES, evaluation())
    except VPEError as error:
        st.info(as_text(str(error)), icon=":material/info:")
        return
    folder = image_folder(first.run)
    if folder is None:
        st.caption("The X-rays of this data set are not on this machine, so there are only numbers.")
    for title, part in (("Helped most", table[table["change"] > 0]), ("Hurt most", table[table["change"] < 0][::-1])):
        if part.empty:
            continue
        st.markdown(f"**{title}**")
        with st.container(key=f"bench_cases_{title.split()[0].lower()}"):
            for _, case in part.iterrows():
                _case(case, choice, folder)


def _case(case: pd.Series, choice: Choice, folder: Path | None) -> None:
    kind = "vpl-gain" if case["change"] > 0 else "vpl-loss"
    with st.container(key=f"bench_case_{case['sample']}", gap=None):
        picture = _picture(case, choice, folder)
        if picture:
            st.image(picture, width="stretch", alt=f"Chest X-ray with {case['label']} marked")
        st.html(
            render(
                "case",
                label=case["label"],
                kind=kind,
                change=signed_text(case["change"]),
                before=f"{case['before']:.2f}",
                after=f"{case['after']:.2f}",
                said_before=case["said_before"],
                said_after=case["said_after"],
            )
        )
        if query := demo_link(case, choice):
            page_link("pages/live_demo.py", "Open in live demo", icon=":material/draw:", query_params=query)


def demo_link(case: pd.Series, choice: Choice) -> dict[str, str] | None:
    """What a link to the live demo says to show this case with its marker; None if the demo does not have the X-ray."""
    data, model = choice.first.run.manifest.dataset, choice.first.run.manifest.model.name
    box = _box(case)
    if box is None or image_folder(choice.first.run) is None or model not in models.names():
        return None
    variant = choice.look
    query = {"sample": set_sample_name(data.name, str(case["image_id"])), "findings": "1", "model": model}
    size_wh = (int(case["image_width"]), int(case["image_height"]))
    tools = {name: shape for shape, name in drawing_tools().items()}
    match tools.get(variant.marker):
        case "arrow":
            mark = Mark(variant.marker, automatic_arrow(box.center, size_wh))
        case "box" | "ellipse" | "dot":
            mark = Mark(variant.marker, box)
        case _:
            mark = Mark(drawing_tools()["box"], box)
            if variant.marker in treatments():
                query["treatment"] = variant.marker
    query["marks"] = marks_to_text((rounded(mark),))
    if variant.color in COLORS and variant.color != "red":
        query["color"] = variant.color
    if data.template != PAPER_TEMPLATE:
        query["template"] = data.template
    words = _words(data.class_words, data.classes)
    if set(words) != set(default_classes()) and MIN_CLASSES <= len(words) <= MAX_CLASSES:
        query["classes"] = "|".join(words)
    return query


def _words(class_words: Mapping[str, str], classes: tuple[str, ...]) -> list[str]:
    return [class_words.get(label, label) for label in classes]


def _picture(case: pd.Series, choice: Choice, folder: Path | None) -> bytes | None:
    """The X-ray with the marker, as people see it; None without a file that can be read."""
    box, file = _box(case), case.get("image_path")
    if folder is None or box is None or not isinstance(file, str):
        return None
    path = (folder / file).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        return None
    variant = choice.look
    try:
        return _drawn(str(path), path.stat().st_mtime_ns, box.xyxy, variant.marker, variant.color)
    except VPEError:
        return None


@st.cache_data(max_entries=256, show_spinner=False)
def _drawn(
    path: str,
    changed_ns: int,  # noqa: ARG001 - part of the cache's key
    xyxy: tuple[float, float, float, float],
    marker: str,
    color: str,
) -> bytes:
    image = draw_marker(load_image(Path(path)), Box(*xyxy), marker, color=color)
    image.thumbnail((_THUMB_PX, _THUMB_PX))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _box(case: pd.Series) -> Box | None:
    corners = [float(case[name]) for name in ("x0", "y0", "x1", "y1")]
    return Box(*corners) if np.isfinite(corners).all() else None
