"""The drawing canvas: the only file that knows the component, streamlit-drawable-canvas.

The app owns the marks; the canvas shows them and reports changes. It is told to redraw only when what it holds differs
from what it should show (another colour, a typed region, an undone stroke), never after a stroke of its own, so a
drawing is not lost and nothing flickers. What it is told carries a revision, which comes back with every report: one
that was sent before the latest revision arrived adds its new strokes and brings nothing back that was undone. It also
carries the number of the last report that it takes into account; the browser puts later strokes back on the canvas.

`assets/canvas_overlay.js` makes the reports, for the component's own come late and are dropped when it has to redraw.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from math import inf
from typing import Any

import streamlit as st

from dashboard.demo.film.fabric import count_objects, dot_radius_px, read_marks, write_drawing
from dashboard.demo.film.xray import Xray
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import MOVE, POLYGON, marker_of_tool, tool_title
from dashboard.frame.assets import asset
from vpe_core.datasets.gallery import Finding
from vpe_core.markers import get
from vpe_core.markers.arrow import HEAD_SHARE
from vpe_core.markers.marks import MAX_MARKS, Mark
from vpe_core.markers.protocols import NATIVE_REFERENCE_PX

_MODES = {"arrow": "line", "box": "rect", "ellipse": "circle", "contour": "freedraw", "dot": "point"}
"""Shape to the component's drawing mode."""

_SCRIPTS = ("canvas_shapes.js", "canvas_early.js", "canvas_touch.js", "canvas_draft.js", "canvas_overlay.js")
_MODE_WHILE_MOVING = "rect"
_REVISIONS_KNOWN = 50
_ON_PAGE = "canvas: on page"
UNDO_KEY, REDO_KEY = "demo_undo", "demo_redo"
"""Of the buttons that the keyboard reaches from the canvas, too."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What the browser's canvas holds: what it was last told to show, and what it last reported.

    It is not `clean` when it shows something else besides, such as what a mere click leaves behind. `earlier` has the
    marks of the latest revisions before this one. Each `turn` is one in which the app, not the person, has selected.
    """

    seed: dict[str, Any]
    seed_marks: tuple[Mark, ...]
    style: tuple[str, float]
    marks: tuple[Mark, ...]
    clean: bool = True
    revision: int = 0
    report: Any = None
    earlier: Mapping[int, tuple[Mark, ...]] = field(default_factory=dict)
    selected: Mark | None = None
    turn: int = 0


class _Memory:
    """What is known of one canvas in one session. It is changed in place, which no newer run can interrupt."""

    held: _Held | None = None


def collect_drawing(xray: Xray, until: float = inf) -> tuple[Mark, ...]:
    """Bring the state's marks up to date with what was drawn, moved and deleted on the canvas; returns them.

    Args:
        xray: The picture that is drawn on.
        until: A time of the browser's clock, in ms; what was drawn later is left for the next time.
    """
    return drawn_marks(xray, session.state().marks, lambda marks: session.change(marks=marks).marks, until)


def drawn_marks(
    xray: Xray,
    marks: tuple[Mark, ...],
    keep: Callable[[tuple[Mark, ...]], tuple[Mark, ...]],
    until: float = inf,
) -> tuple[Mark, ...]:
    """`marks` with what was drawn, moved and deleted on the canvas since.

    Args:
        xray: The picture that is drawn on.
        marks: What is drawn as far as the app knows.
        keep: Keeps the new marks in the session, and returns what of them counts.
        until: As in `collect_drawing`.
    """
    memory = _memory(xray)
    report = (st.session_state.get(_overlay_key(xray)) or {}).get("drawing")
    if report is not None and memory.held is not None and (report := _as_of(report, until, memory.held)) is None:
        return marks
    held, drawn = _merged(memory.held, report, marks, xray)
    # Any access to the session's state may end this run for a newer one. The latest one is the marks' own change: what
    # the canvas holds goes with it, or the same report would be merged twice.
    kept = keep(drawn)
    memory.held = held
    return kept


def _as_of(report: Mapping[str, Any], time: float, held: _Held) -> Mapping[str, Any] | None:
    """What the canvas had reported by then; None if that is known. Later shapes lie on top, and are left out."""
    if report.get("number", 0) <= time:
        return report
    known = (held.report or {}).get("number", 0)
    earlier = [step for step in report.get("steps", ()) if known < step[0] <= time]
    if not earlier:
        return None
    number, count, _ = earlier[-1]
    return {**report, "objects": report["objects"][:count], "number": number, "selected": -1}


def _merged(
    held: _Held | None, report: Any, marks: tuple[Mark, ...], xray: Xray
) -> tuple[_Held | None, tuple[Mark, ...]]:
    """What the canvas holds by its report, and `marks` with what that says is new."""
    if held is None or report == held.report:
        return held, marks
    if report is None:  # mounted anew: what it shows, and drafts of before, belong to a drawing that has ended
        return replace(held, marks=held.seed_marks, clean=False, report=None), marks
    revision = report.get("revision")
    is_earlier = isinstance(revision, int) and revision in held.earlier
    before = held.earlier[revision] if is_earlier else held.marks
    drawn = read_marks(report, xray.canvas_scale, xray.size_wh, before if is_earlier else held.seed_marks)
    if is_earlier:
        held = replace(held, earlier={**held.earlier, revision: drawn})
    else:
        held = replace(held, marks=drawn, clean=count_objects(report) == len(drawn))
    held = replace(held, report=report, selected=_selected(report, drawn, held.clean))
    return held, _with_changes(marks, before, drawn)


def is_shown(xray: Xray, marks: tuple[Mark, ...]) -> bool:
    """Whether the browser's canvas holds just these marks, so that it need not be told of them."""
    held = _memory(xray).held
    return held is not None and held.clean and held.marks == marks


def marks_with_draft(xray: Xray, draft: Any, marks: tuple[Mark, ...]) -> tuple[Mark, ...] | None:
    """What `marks` would be if the shape that is being dragged were let go now; nothing of it is kept.

    Args:
        xray: The picture that is drawn on.
        draft: The drawing as it is under the pointer. It comes from the browser: nothing in it is trusted.
        marks: What is drawn.

    Returns:
        None if the draft does not belong to the drawing as the app knows it, as one that comes late or from another
        X-ray.
    """
    held = _memory(xray).held
    if held is None or not isinstance(draft, Mapping) or not isinstance(draft.get("objects"), list):
        return None
    known = (canvas_key(xray), held.revision, (held.report or {}).get("number", 0))
    if (draft.get("canvas"), draft.get("revision"), draft.get("after")) != known:
        return None
    return _merged(held, draft, marks, xray)[1]


def selected_mark(xray: Xray, marks: tuple[Mark, ...]) -> int | None:
    """Which of `marks` is selected on the canvas; None if none is."""
    held = _memory(xray).held
    return marks.index(held.selected) if held is not None and held.selected in marks else None


def select_mark(xray: Xray, mark: Mark) -> None:
    """Select a shape on the canvas, which shows it while shapes can be moved there."""
    memory = _memory(xray)
    if memory.held is not None:
        memory.held = replace(memory.held, selected=mark, turn=memory.held.turn + 1)


def _selected(report: Mapping[str, Any], drawn: tuple[Mark, ...], clean: bool) -> Mark | None:
    place = report.get("selected")
    return drawn[place] if clean and isinstance(place, int) and 0 <= place < len(drawn) else None


def _with_changes(marks: tuple[Mark, ...], before: tuple[Mark, ...], after: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """`marks` with what came and went on the canvas; the app may have changed them meanwhile."""
    if marks == before:
        return after
    kept = tuple(mark for mark in marks if mark in after or mark not in before)
    return (*kept, *(mark for mark in after if mark not in before and mark not in kept))[:MAX_MARKS]


def drawing_canvas(
    xray: Xray,
    marks: tuple[Mark, ...],
    *,
    tool: str,
    color: str,
    width: float,
    findings: tuple[Finding, ...] = (),
    on_stroke: Callable[[Xray], None],
) -> None:
    """Show `marks` on the X-ray, to be drawn on; `collect_drawing` tells what became of them.

    Args:
        xray: The picture behind the drawing.
        marks: What is to be shown.
        tool: One of `dashboard.demo.state.demo_state.tools()`.
        color: Of the marks, "#rrggbb".
        width: Line width, as in `vpe_core.markers.draw_marker`.
        findings: Known findings, shown dashed.
        on_stroke: Told of each change on the canvas before the page runs again for it.
    """
    from streamlit_drawable_canvas import st_canvas  # registers itself with the running app, so not before there is one

    key = canvas_key(xray)
    stroke_px = _stroke_px(xray, width)
    held = _laid_out(xray, marks, (color, stroke_px))
    canvas_width, canvas_height = xray.canvas_wh
    mode = _mode(tool)
    is_point = mode == "point"
    # As large as it will be: nothing moves when the picture comes.
    st.html(f"<style>.st-key-{key} {{ aspect-ratio: {canvas_width} / {canvas_height}; }}</style>")
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
        update_streamlit=False,
    )
    _overlay()(
        key=_overlay_key(xray),
        data={
            "canvas": key,
            "mode": mode,
            "label": xray.label,
            "width": canvas_width,
            "height": canvas_height,
            "move": tool == MOVE,
            "tool": tool_title(marker_of_tool(tool)),
            "selected": -1 if (selected := selected_mark(xray, marks)) is None else selected,
            "turn": held.turn,
            "scale": xray.canvas_scale,
            "head": HEAD_SHARE * min(xray.canvas_wh),
            "undo": UNDO_KEY,
            "redo": REDO_KEY,
            "findings": tuple(_finding(finding, xray.canvas_scale) for finding in findings),
        },
        on_drawing_change=partial(on_stroke, xray),
        height="content",
    )


def _mode(tool: str) -> str:
    if tool == MOVE:
        return _MODE_WHILE_MOVING
    return POLYGON if tool == POLYGON else _MODES[get(tool).drawn_as or "box"]


def _stroke_px(xray: Xray, width: float) -> float:
    """Line width on the canvas, as thick as `draw_marker` draws it on the image."""
    shorter = min(xray.size_wh)
    return round(max(1.0, width * shorter / NATIVE_REFERENCE_PX) * xray.canvas_scale, 1)


def _laid_out(xray: Xray, marks: tuple[Mark, ...], style: tuple[str, float]) -> _Held:
    """What the canvas is to hold: what it holds already, or a new drawing if that is not `marks` in this style.

    A canvas that comes back after another X-ray's is a new one in the browser, and has lost what was drawn on it.
    """
    memory, key = _memory(xray), canvas_key(xray)
    held = memory.held
    is_back = st.session_state.get(_ON_PAGE) != key
    st.session_state[_ON_PAGE] = key
    if held is None or is_back or not held.clean or held.marks != marks or held.style != style:
        latest = held or _Held({}, (), style, ())
        known = {**latest.earlier, latest.revision: latest.marks}
        revision = latest.revision + 1
        held = replace(
            latest,
            seed=_seed(marks, xray, style, revision, latest.report),
            seed_marks=marks,
            style=style,
            marks=marks,
            clean=True,
            revision=revision,
            earlier=dict(list(known.items())[-_REVISIONS_KNOWN:]),
            turn=latest.turn + 1,
        )
        memory.held = held
    return held


def canvas_key(xray: Xray) -> str:
    """The canvas' name in letters, digits and hyphens: the overlay finds it by that. Another picture, another one."""
    clean = re.sub(r"[^A-Za-z0-9-]", "-", xray.key)
    suffix = "" if clean == xray.key else f"-{hashlib.sha256(xray.key.encode()).hexdigest()[:8]}"
    return f"canvas-{clean}{suffix}"


def _memory(xray: Xray) -> _Memory:
    memory: _Memory = st.session_state.setdefault(f"{canvas_key(xray)}-held", _Memory())
    return memory


def _overlay_key(xray: Xray) -> str:
    return f"{canvas_key(xray)}-overlay"


def _seed(
    marks: tuple[Mark, ...], xray: Xray, style: tuple[str, float], revision: int, report: Mapping[str, Any] | None
) -> dict[str, Any]:
    # The component redraws when this JSON changes; the revision makes it change even if the marks do not, as when
    # what a mere click left behind is to be wiped. Fabric keeps `vpl` as a property of its canvas.
    origin = {"revision": revision, "seen": (report or {}).get("number", 0)}
    return write_drawing(marks, xray.canvas_scale, *style) | {"vpl": origin}


def _finding(finding: Finding, scale: float) -> dict[str, float | str]:
    box = finding.box.scaled(scale, scale)
    return {"label": finding.label, "x": box.x0, "y": box.y0, "w": box.width, "h": box.height}


@cache
def _overlay() -> Any:
    return st.components.v2.component("vpl_canvas_overlay", js="".join(map(asset, _SCRIPTS)))
