"""The drawing canvas: the only file that knows the component, streamlit-drawable-canvas.

The app owns the marks; the canvas shows them and reports changes. It is told to redraw only when what it holds differs
from what it should show (another colour, a typed region, an undone stroke), never after a stroke of its own, so a
drawing is not lost and nothing flickers. What it is told carries a revision, which comes back with every report: one
that was sent before the latest revision arrived adds its new strokes and brings nothing back that was undone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import streamlit as st

from dashboard.demo.fabric import count_objects, dot_radius_px, read_marks, write_drawing
from dashboard.demo.state import POLYGON
from dashboard.demo.xray import Xray
from dashboard.frame.page import asset
from vpe_core.datasets.gallery import Finding
from vpe_core.markers import get
from vpe_core.markers.arrow import HEAD_SHARE
from vpe_core.markers.marks import MAX_MARKS, Mark
from vpe_core.markers.protocols import NATIVE_REFERENCE_PX
from vpe_core.types import Arrow

_MODES = {"arrow": "line", "box": "rect", "ellipse": "circle", "contour": "freedraw", "dot": "point"}
"""Shape to the component's drawing mode."""

_STAMP = re.compile(r"rgba\((\d+), (\d+), (\d+), 0\)")
_REVISIONS_KNOWN = 50


@dataclass(frozen=True, slots=True)
class _Held:
    """What the browser's canvas holds: what it was last told to show, and what it last reported.

    It is not `clean` when it shows something else besides, such as what a mere click leaves behind. `earlier` has the
    marks of the latest revisions before this one.
    """

    seed: dict[str, Any]
    seed_marks: tuple[Mark, ...]
    style: tuple[str, float]
    marks: tuple[Mark, ...]
    clean: bool = True
    revision: int = 0
    report: Any = None
    earlier: Mapping[int, tuple[Mark, ...]] = field(default_factory=dict)


def latest_marks(xray: Xray, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """`marks` with what was drawn, moved and deleted on the canvas since the last call."""
    memory = _memory(xray)
    held: _Held | None = st.session_state.get(memory)
    report = (st.session_state.get(_key(xray)) or {}).get("drawing")
    if held is None or report == held.report:
        return marks
    if report is None:  # mounted anew: it shows what it was told, not what was drawn on it since
        st.session_state[memory] = replace(held, marks=held.seed_marks, clean=True, report=None)
        return marks
    drawing = report.get("raw") or {}
    earlier = held.earlier.get(_revision(drawing))
    if earlier is None:
        before, expected = held.marks, held.seed_marks
    else:
        before = expected = earlier
    drawn = read_marks(drawing, xray.canvas_scale, xray.size_wh, expected)
    if earlier is None:
        held = replace(held, marks=drawn, clean=count_objects(drawing) == len(drawn))
    st.session_state[memory] = replace(held, report=report)
    return _with_changes(marks, before, drawn)


def _with_changes(marks: tuple[Mark, ...], before: tuple[Mark, ...], after: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """`marks` with what came and went on the canvas; the app may have changed them meanwhile."""
    if marks == before:
        return after
    kept = (mark for mark in marks if mark in after or mark not in before)
    return (*kept, *(mark for mark in after if mark not in before))[:MAX_MARKS]


def drawing_canvas(
    xray: Xray,
    marks: tuple[Mark, ...],
    *,
    tool: str,
    color: str,
    width: float,
    findings: tuple[Finding, ...] = (),
) -> None:
    """Show `marks` on the X-ray, to be drawn on; `latest_marks` tells what became of them.

    Args:
        xray: The picture behind the drawing.
        marks: What is to be shown.
        tool: One of `dashboard.demo.state.tools()`.
        color: Of the marks, "#rrggbb".
        width: Line width, as in `vpe_core.markers.draw_marker`.
        findings: Known findings, shown dashed.
    """
    from streamlit_drawable_canvas import st_canvas  # registers itself with the running app, so not before there is one

    key = _key(xray)
    stroke_px = _stroke_px(xray, width)
    held = _laid_out(xray, marks, (color, stroke_px))
    canvas_width, canvas_height = xray.canvas_wh
    mode = POLYGON if tool == POLYGON else _MODES[get(tool).drawn_as or "box"]
    is_point = mode == "point"
    st_canvas(
        key=key,
        background_image=xray.backdrop,
        width=canvas_width,
        height=canvas_height,
        drawing_mode=mode,
        stroke_color=color,
        stroke_width=0 if is_point else stroke_px,
        fill_color=color if is_point else "rgba(0, 0, 0, 0)",
        point_display_radius=dot_radius_px(stroke_px),
        initial_drawing=held.seed,
    )
    _overlay()(
        key=f"{key}-overlay",
        data={
            "canvas": key,
            "mode": mode,
            "label": xray.label,
            "width": canvas_width,
            "height": canvas_height,
            "color": color,
            "heads": [
                _head(mark.region, xray.canvas_scale, HEAD_SHARE * min(xray.canvas_wh), stroke_px)
                for mark in marks
                if isinstance(mark.region, Arrow)
            ],
            "findings": [_finding(finding, xray.canvas_scale) for finding in findings],
        },
        height="content",
    )


def _stroke_px(xray: Xray, width: float) -> float:
    """Line width on the canvas, as thick as `draw_marker` draws it on the image."""
    shorter = min(xray.size_wh)
    return round(max(1.0, width * shorter / NATIVE_REFERENCE_PX) * xray.canvas_scale, 1)


def _laid_out(xray: Xray, marks: tuple[Mark, ...], style: tuple[str, float]) -> _Held:
    """What the canvas is to hold: what it holds already, or a new drawing if that is not `marks` in this style."""
    memory = _memory(xray)
    held: _Held | None = st.session_state.get(memory)
    if held is None or not held.clean or held.marks != marks or held.style != style:
        revision, report, earlier = 0, None, {}
        if held is not None:
            revision, report = held.revision + 1, held.report
            known = {**held.earlier, held.revision: held.marks}
            earlier = dict(list(known.items())[-_REVISIONS_KNOWN:])
        held = _Held(_seed(marks, xray, style, revision), marks, style, marks, True, revision, report, earlier)
        st.session_state[memory] = held
    return held


def _key(xray: Xray) -> str:
    """Letters, digits and hyphens, for the overlay finds the canvas by it; and another one for another picture."""
    clean = re.sub(r"[^A-Za-z0-9-]", "-", xray.key)
    suffix = "" if clean == xray.key else f"-{hashlib.sha256(xray.key.encode()).hexdigest()[:8]}"
    return f"canvas-{clean}{suffix}"


def _memory(xray: Xray) -> str:
    return f"{_key(xray)}-held"


def _seed(marks: tuple[Mark, ...], xray: Xray, style: tuple[str, float], revision: int) -> dict[str, Any]:
    # The component redraws when this JSON changes; the revision makes it change even if the marks do not, as when
    # what a mere click left behind is to be wiped. Of all that a drawing may hold, Fabric gives back the colour of the
    # overlay as it was; this one is fully transparent.
    red_green, blue = divmod(revision, 256)
    red, green = divmod(red_green, 256)
    return write_drawing(marks, xray.canvas_scale, *style) | {"overlay": f"rgba({red % 256}, {green}, {blue}, 0)"}


def _revision(drawing: Mapping[str, Any]) -> int:
    """The revision that a drawing began with; -1 if it does not say."""
    numbers = _STAMP.fullmatch(str(drawing.get("overlay")))
    if numbers is None:
        return -1
    red, green, blue = map(int, numbers.groups())
    return (red * 256 + green) * 256 + blue


def _head(arrow: Arrow, scale: float, head_px: float, stroke_px: float) -> str:
    """The corners of an arrow head on the canvas, as an SVG list of points."""
    (tail_x, tail_y), (tip_x, tip_y) = arrow.scaled(scale, scale).tail, arrow.scaled(scale, scale).tip
    length = arrow.length * scale
    along_x, along_y = (tip_x - tail_x) / length, (tip_y - tail_y) / length
    size = min(max(head_px, 3 * stroke_px), length)
    base_x, base_y = tip_x - size * along_x, tip_y - size * along_y
    corners = (
        (tip_x, tip_y),
        (base_x - size / 2 * along_y, base_y + size / 2 * along_x),
        (base_x + size / 2 * along_y, base_y - size / 2 * along_x),
    )
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _finding(finding: Finding, scale: float) -> dict[str, float | str]:
    box = finding.box.scaled(scale, scale)
    return {"label": finding.label, "x": box.x0, "y": box.y0, "w": box.width, "h": box.height}


@cache
def _overlay() -> Any:
    return st.components.v2.component("vpl_canvas_overlay", js=asset("canvas_overlay.js"))
