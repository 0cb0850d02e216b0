"""Drawings of Fabric.js, the library inside the canvas component, to marks and back.

Fabric stores an object as its own size plus a placement: (left, top) is where its origin lies, then rotation, then
scale. The component's tools put their origins in different places (a dragged box at its corner, a dragged circle at the
middle of its left side, turned into the direction of the drag, everything else at its centre), and moving or resizing
changes only the placement. One formula therefore reads them all, fresh or edited. It leaves out the stroke's width,
because a drag gives the outline's geometry, not its painted extent.

The drawing comes from the browser: nothing in it is trusted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpe_core.errors import RegionError
from vpe_core.markers import get
from vpe_core.markers.base import Shape
from vpe_core.markers.catalog import drawing_tools
from vpe_core.markers.fill import DOT_WIDTHS
from vpe_core.markers.marks import MAX_CONTOUR_POINTS, MAX_MARKS, Mark, point_region, rounded
from vpe_core.types import Arrow, Box, Polygon, Region

Drawing = Mapping[str, Any]
Points = NDArray[np.float64]

MIN_STROKE_PX = 10.0
"""Arrows and contours shorter than this, in canvas pixels, come from a click and not from a stroke."""

_ORIGIN = {"left": 0.0, "top": 0.0, "center": 0.5, "right": 1.0, "bottom": 1.0}
_SAME_PLACE = 0.05
"""In image pixels: half of the step in which a stroke is read."""
_LEAST_TOLERANCE_PX = 0.1
_MAX_PATH_COMMANDS = 10_000
_TRANSPARENT = "rgba(0, 0, 0, 0)"


def read_marks(
    drawing: Drawing, scale: float, size_wh: tuple[int, int], shown: tuple[Mark, ...] = ()
) -> tuple[Mark, ...]:
    """The marks in a drawing.

    Args:
        drawing: The canvas' JSON.
        scale: Canvas pixels per image pixel.
        size_wh: Width and height of the image; regions are clipped to it.
        shown: What the canvas was told to show. A shape that still lies there is that mark, to the last digit: it is
            neither thinned nor clipped, and it may be smaller than a stroke.

    Returns:
        The marks in the order of drawing. What a mere click leaves behind, and what cannot be read, is left out.
    """
    objects = drawing.get("objects")
    outlines = [(_kind(item), _outline(item), mark) for mark in shown for item in [_write_mark(mark, scale, "", 0)]]
    marks = []
    for item in objects[:MAX_MARKS] if isinstance(objects, list) else []:
        try:
            outline = _outline(item)
            same = (one for one in outlines if one[0] == _kind(item) and _lies(outline, one[1], scale))
            if still := next(same, None):
                outlines = [one for one in outlines if one is not still]
            marks.append(still[2] if still else _read_mark(item, outline, scale, size_wh))
        except (RegionError, KeyError, TypeError, ValueError, IndexError, AttributeError):
            continue
    return tuple(mark for mark in marks if mark is not None)


def count_objects(drawing: Drawing) -> int:
    """How many shapes the canvas shows, readable or not."""
    objects = drawing.get("objects")
    return len(objects) if isinstance(objects, list) else 0


def write_drawing(marks: tuple[Mark, ...], scale: float, color: str, stroke_px: float) -> dict[str, Any]:
    """The drawing that shows `marks`, for a canvas with `scale` pixels per image pixel; the inverse of `read_marks`."""
    return {"objects": [_write_mark(mark, scale, color, stroke_px) for mark in marks]}


def _outline(item: Mapping[str, Any]) -> Points:
    """Where a shape lies, in canvas pixels; of a dot, its middle alone."""
    outline = _READERS[item["type"]](item)
    return outline.mean(axis=0, keepdims=True) if _is_dot(item) else outline


def _is_dot(item: Mapping[str, Any]) -> bool:
    return item["type"] == "Circle" and item.get("fill") not in (_TRANSPARENT, "transparent")


def _kind(item: Mapping[str, Any]) -> tuple[str, bool]:
    return item["type"], _is_dot(item)


def _lies(outline: Points, there: Points, scale: float) -> bool:
    """Whether an outline is nowhere further away than a region can say."""
    return outline.shape == there.shape and bool(np.abs(outline - there).max() <= _SAME_PLACE * scale)


def _read_mark(item: Mapping[str, Any], canvas_points: Points, scale: float, size_wh: tuple[int, int]) -> Mark | None:
    if _is_click(item) or not np.isfinite(canvas_points).all():
        return None
    points = np.clip(canvas_points / scale, 0, size_wh)
    kind = item["type"]
    if _is_dot(item):
        return rounded(Mark(drawing_tools()["dot"], point_region(*_center(points), size_wh)))
    region: Region
    shape: Shape
    if kind in ("Rect", "Circle"):
        shape, region = "box" if kind == "Rect" else "ellipse", Box(*points.min(axis=0), *points.max(axis=0))
    elif np.ptp(canvas_points, axis=0).max() < MIN_STROKE_PX:
        return None
    elif kind == "Line":
        shape, region = "arrow", Arrow(_pair(points[0]), _pair(points[1]))
    else:
        # What was drawn freehand has far too many points; a polygon's are somebody's choice.
        tolerance_px = 1 / scale if kind == "Path" else 0.0
        outline = simplified(points, tolerance_px, max_points=MAX_CONTOUR_POINTS)
        shape, region = "contour", Polygon(tuple(map(_pair, outline)))
    return rounded(Mark(drawing_tools()[shape], region))


def _read_rect(item: Mapping[str, Any]) -> Points:
    width, height = float(item["width"]), float(item["height"])
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)]) - (width / 2, height / 2)
    return _placed(item, corners, width, height)


def _read_circle(item: Mapping[str, Any]) -> Points:
    radius = float(item["radius"])
    center = _placed(item, np.zeros((1, 2)), 2 * radius, 2 * radius)
    half = np.abs([radius * float(item.get("scaleX", 1)), radius * float(item.get("scaleY", 1))])
    return np.concatenate([center - half, center + half])


def _read_line(item: Mapping[str, Any]) -> Points:
    ends = np.array([(item["x1"], item["y1"]), (item["x2"], item["y2"])], dtype=float)
    return _placed(item, ends, *np.ptp(ends, axis=0))


def _read_polygon(item: Mapping[str, Any]) -> Points:
    return _placed_outline(item, np.array([(point["x"], point["y"]) for point in item["points"]], dtype=float))


def _read_path(item: Mapping[str, Any]) -> Points:
    return _placed_outline(item, _flattened(item["path"][:_MAX_PATH_COMMANDS]))


_READERS: dict[str, Callable[[Mapping[str, Any]], Points]] = {
    "Rect": _read_rect,
    "Circle": _read_circle,
    "Line": _read_line,
    "Polygon": _read_polygon,
    "Path": _read_path,
}


def _is_click(item: Mapping[str, Any]) -> bool:
    """What the component's box and circle tools leave behind after a click. What is dragged is placed by its centre."""
    if item["type"] not in ("Rect", "Circle") or _is_dot(item) or item.get("originX") == "center":
        return False
    stroke = float(item["strokeWidth"])
    size = float(item["radius"]) if item["type"] == "Circle" else max(float(item["width"]), float(item["height"]))
    resized = float(item.get("scaleX", 1)) != 1 or float(item.get("scaleY", 1)) != 1
    return not resized and (math.isclose(size, stroke) or math.isclose(size, 2 * stroke))


def _placed_outline(item: Mapping[str, Any], points: Points) -> Points:
    low, high = points.min(axis=0), points.max(axis=0)
    return _placed(item, points - (low + high) / 2, *(high - low))


def _placed(item: Mapping[str, Any], local: Points, width: float, height: float) -> Points:
    """Points relative to the object's centre, (n, 2), to canvas pixels."""
    scale = np.array([float(item.get("scaleX", 1)), float(item.get("scaleY", 1))])
    angle = math.radians(float(item.get("angle", 0)))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    flip = np.array([-1 if item.get("flipX") else 1, -1 if item.get("flipY") else 1])
    origin = np.array([_ORIGIN[item.get("originX", "left")], _ORIGIN[item.get("originY", "top")]])
    center = (float(item["left"]), float(item["top"])) + turn @ ((0.5 - origin) * (width, height) * scale)
    return np.asarray(center + (local * scale * flip) @ turn.T)


def _flattened(commands: list[list[Any]]) -> Points:
    """A path of M, L and Q commands as a fine polyline, (n, 2)."""
    t = np.linspace(0, 1, 9)[1:, None]
    parts: list[Points] = []
    for command in commands:
        name, numbers = str(command[0]).upper(), np.array(command[1:], dtype=float).reshape(-1, 2)
        if name == "Q" and parts:
            start, (control, end) = parts[-1][-1], numbers
            parts.append((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)
        elif name in ("M", "L"):
            parts.append(numbers)
    return np.concatenate(parts)


def simplified(points: Points, tolerance_px: float, max_points: int) -> Points:
    """The outline with fewer points, none further than the tolerance from it (Ramer 1972; Douglas & Peucker 1973).

    The tolerance is doubled until at most `max_points` remain. With none, points go only if there are too many.
    """
    if tolerance_px == 0 and len(points) <= max_points:
        return points
    tolerance_px, kept = tolerance_px or _LEAST_TOLERANCE_PX, points
    while len(kept := points[_corners(points, tolerance_px)]) > max_points:
        tolerance_px *= 2
    return kept


def _corners(points: Points, tolerance_px: float) -> list[int]:
    keep, spans = {0, len(points) - 1}, [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        inner, chord = points[first + 1 : last] - points[first], points[last] - points[first]
        length = math.hypot(*chord)
        cross = np.abs(inner[:, 0] * chord[1] - inner[:, 1] * chord[0])
        distance = cross / length if length > 0 else np.hypot(*inner.T)
        farthest = int(distance.argmax())
        if distance[farthest] > tolerance_px:
            split = first + 1 + farthest
            keep.add(split)
            spans += [(first, split), (split, last)]
    return sorted(keep)


def _write_mark(mark: Mark, scale: float, color: str, stroke_px: float) -> dict[str, Any]:
    style = {"stroke": color, "strokeWidth": stroke_px, "fill": _TRANSPARENT, "strokeUniform": True}
    centered = {"originX": "center", "originY": "center"}
    shape = get(mark.marker).drawn_as
    match mark.region.scaled(scale, scale):
        case Box() as box if shape == "ellipse":
            radius = max(box.width, box.height) / 2
            return style | centered | {
                "type": "Circle", "left": box.center[0], "top": box.center[1], "radius": radius,
                "scaleX": box.width / 2 / radius, "scaleY": box.height / 2 / radius,
            }  # fmt: skip
        case Box() as box if shape == "dot":
            return style | centered | {
                "type": "Circle", "left": box.center[0], "top": box.center[1],
                "radius": dot_radius_px(stroke_px), "strokeWidth": 0, "fill": color,
            }  # fmt: skip
        case Box() as box:
            return style | centered | {
                "type": "Rect", "left": box.center[0], "top": box.center[1],
                "width": box.width, "height": box.height,
            }  # fmt: skip
        case Arrow((x1, y1), (x2, y2)):
            middle = ((x1 + x2) / 2, (y1 + y2) / 2)
            return style | centered | {
                "type": "Line", "left": middle[0], "top": middle[1],
                "x1": x1 - middle[0], "y1": y1 - middle[1], "x2": x2 - middle[0], "y2": y2 - middle[1],
            }  # fmt: skip
        case Polygon(points) as polygon:
            return style | centered | {
                "type": "Polygon", "left": polygon.box.center[0], "top": polygon.box.center[1],
                "points": [{"x": x, "y": y} for x, y in points],
            }  # fmt: skip


def dot_radius_px(stroke_px: float) -> float:
    """Radius of a point on the canvas, for lines of this width."""
    return DOT_WIDTHS * stroke_px


def _pair(values: Points) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _center(points: Points) -> tuple[float, float]:
    return _pair((points.min(axis=0) + points.max(axis=0)) / 2)
