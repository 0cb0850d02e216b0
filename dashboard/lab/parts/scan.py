"""The scan map: painted over the X-ray, with its peak and the known box, against attention and chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from dashboard.frame.html import render
from dashboard.lab.parts.stored_scans import show_stored_scans
from dashboard.lab.show import jpeg_text, sentence
from dashboard.lab.subject import Subject
from dashboard.lab.take_along import Row, csv_button
from dashboard.lab.work import computed_study
from vpe_core.attention import overlay
from vpe_core.attention.resample import grid_to_image
from vpe_core.geometry import View
from vpe_core.lab.scan import Scan
from vpe_core.plots.percent import percent
from vpe_core.types import Heatmap

if TYPE_CHECKING:
    from vpe_core.types import Box

_SHOWN_PX = 560
_GRIDS = {8: "8 × 8", 14: "14 × 14", 20: "20 × 20", 28: "28 × 28"}
_SIZES = (0.5, 1.0, 2.0)
_OPACITY = 0.65
_BOX, _PEAK = "#ffffff", "#7fe0ff"


def show_scan(subject: Subject) -> None:
    """The map of this X-ray, and what is stored of whole data sets."""
    _show_map(subject)
    show_stored_scans(subject)


def _show_map(subject: Subject) -> None:
    """A grid of places, computed when it is asked for."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="lab_scan_row"):
        n = st.segmented_control(
            "Places", tuple(_GRIDS), default=14, format_func=_GRIDS.__getitem__, key="lab_grid", required=True
        )
        sizes = st.segmented_control(
            "Size of the marker", _SIZES, default=[1.0], selection_mode="multi", key="lab_sizes",
            format_func=lambda size: f"{size:g} ×", help="Relative to your region. The map of several is their mean.",
        )  # fmt: skip
    asked_sizes = tuple(sorted(sizes)) or (1.0,)
    found: Scan | None = computed_study("scan", subject, n=int(n or 14), sizes=asked_sizes)
    if found is None:
        return
    sentence(found.words(), subject)
    left, right = st.columns((1, 1), gap="large")
    shown = painted(found, subject.xray.image, subject.scene.known)
    grid = found.grid
    with left:
        st.html(
            render(
                "lab_scan", picture=jpeg_text(shown), size_wh=shown.size, alt=found.words(),
                least=percent(float(grid.min())), most=percent(float(grid.max())), known=subject.scene.known,
                simulated=subject.xray.simulated, target=found.target,
            )
        )  # fmt: skip
    with right:
        st.html(render("lab_places", found=found.found, attention=found.attention_found, percent=percent))
        csv_button("scan", lambda: rows_of(found), subject)


def rows_of(found: Scan) -> list[Row]:
    """The marker at each place, in pixels of the X-ray, in each size."""
    n, (width, height) = found.maps.shape[1], found.image_wh
    return [
        {
            "size": size, "row": row + 1, "column": column + 1, "x": (column + 0.5) / n * width,
            "y": (row + 0.5) / n * height, "probability": found.maps[number, row, column],
            "probability_without_marker": found.unmarked,
        }
        for number, size in enumerate(found.sizes)
        for row in range(n)
        for column in range(n)
    ]  # fmt: skip


def painted(found: Scan, image: Image.Image, known: Box | None) -> Image.Image:
    """The map over the X-ray, from the least value (clear) to the largest, with its peak (cross) and the known box."""
    factor = min(1.0, _SHOWN_PX / max(image.size))
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    rises = (found.grid - found.grid.min()).astype(np.float32)
    heat = Heatmap(grid_to_image(rises, View.squash(size, size), size), "scan", found.target)
    shown = overlay(image.convert("RGB").resize(size, Image.Resampling.LANCZOS), heat, opacity=_OPACITY)
    draw = ImageDraw.Draw(shown)
    sx, sy = size[0] / image.width, size[1] / image.height
    if known is not None:
        draw.rectangle(known.scaled(sx, sy).xyxy, outline=_BOX, width=2)
    x, y, arm = found.peak[0] * sx, found.peak[1] * sy, 11
    for width, color in ((5, "#000000"), (2, _PEAK)):
        draw.line((x - arm, y, x + arm, y), fill=color, width=width)
        draw.line((x, y - arm, x, y + arm), fill=color, width=width)
    return shown
