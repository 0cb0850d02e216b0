"""What a person has drawn: a marker and the region it points at, and its short text form for links."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.errors import RegionError
from vpe_core.markers.arrow import automatic_arrow
from vpe_core.markers.catalog import MARKERS, drawing_tools
from vpe_core.markers.painting import ShapeMask
from vpe_core.markers.protocols import DEFAULT_COLOR, Protocol, VariantRenderer
from vpe_core.types import Arrow, Box, Point, Polygon, Region

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from vpe_core.images import ImageSource
    from vpe_core.markers.base import Shape

MAX_MARKS = 20
MAX_CONTOUR_POINTS = 120

_NUMBER = re.compile(r"-?\d{1,6}(\.\d{1,3})?")
_CORNERS = 2
"""A box and an arrow are written as two points."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One drawn shape.

    Attributes:
        marker: A name from `vpe_core.markers.names()` of a marker that can be drawn.
        region: Where, in pixels of the source image, to a tenth of a pixel.
    """

    marker: str
    region: Region


def draw_marks(
    image: ImageSource,
    marks: Sequence[Mark],
    *,
    treatment: str | None = None,
    color: str = DEFAULT_COLOR,
    width: float | None = None,
    protocol: Protocol = "native",
) -> Image.Image:
    """`render_variant` for several marks at once.

    Args:
        image: Any mode; it is not changed. The protocol "paper" stretches it, so give it in its full depth
            (`XrayPixels`) where there is more than the picture for people.
        marks: In the order in which they are drawn; none gives the unmarked picture in RGB.
        treatment: The marker that shows all regions, whatever they were drawn with. One that no words name, such as a
            crop or a blur, takes them all as one region, see `area_of`. None: each as it was drawn.
        color: As in `render_variant`.
        width: The same.
        protocol: The same.

    Raises:
        VPEError: As `render_variant`.
    """
    renderer = VariantRenderer(image, protocol)
    if marks and treatment is not None and not MARKERS.get(treatment).phrase:
        return renderer.render(area_of(marks), treatment, color=color)
    drawn = renderer.render()
    for mark in marks:
        marker = treatment or mark.marker
        drawn = renderer.render(mark.region, marker, color=color, width=width, drawn=drawn)
    return drawn


def marked_area(
    marks: Sequence[Mark], size_wh: tuple[int, int], *, treatment: str | None = None
) -> NDArray[np.float32]:
    """What the marks point at: how much of each pixel, (height, width), 0 to 1.

    It is the inside of what is drawn: the ellipse of a circle, the polygon of a contour, the rectangle of a box. An
    arrow points at the disc around its tip, as wide as the arrow is long, a dot at the disc in its region. A benchmark
    measures the finding's box instead, whatever marker stands around it.

    Args:
        marks: At least one.
        size_wh: Size of the image in pixels.
        treatment: As in `draw_marks`.

    Raises:
        MarkerError: There is no such treatment.
    """
    if treatment is not None and not MARKERS.get(treatment).phrase:
        region = area_of(marks).box if MARKERS.get(treatment).crops else area_of(marks)
        return _area(region, "contour" if isinstance(region, Polygon) else "box", size_wh)
    area = np.zeros(size_wh[::-1], np.float32)
    for mark in marks:
        shape = MARKERS.get(treatment or mark.marker).drawn_as
        np.maximum(area, _area(mark.region, shape, size_wh), out=area)
    return area


def point_region(x: float, y: float, size_wh: tuple[int, int]) -> Box:
    """The region that a point stands for: the square around it whose side is 8% of the image's shorter side."""
    half = 0.04 * min(size_wh)
    return Box(x - half, y - half, x + half, y + half)


def mark_on(marker: str, box: Box, size_wh: tuple[int, int]) -> Mark:
    """The mark with which a marker points at a box, rounded; that of a marker nobody draws is the box itself.

    Args:
        marker: A name from `vpe_core.markers.names()`.
        box: Where the finding is.
        size_wh: Width and height of the image, which say from where an arrow comes.
    """
    match MARKERS.get(marker).drawn_as:
        case "arrow":
            return rounded(Mark(marker, automatic_arrow(box.center, size_wh)))
        case "contour":
            (x0, y0), (x1, y1) = (box.x0, box.y0), (box.x1, box.y1)
            return rounded(Mark(marker, Polygon(((x0, y0), (x1, y0), (x1, y1), (x0, y1)))))
        case None:
            return rounded(Mark(drawing_tools()["box"], box))
        case _:
            return rounded(Mark(marker, box))


def rounded(mark: Mark) -> Mark:
    """The mark with its coordinates rounded to a tenth of a pixel."""
    return Mark(mark.marker, _region(mark.marker, [_tenth(point) for point in _points(mark.region)]))


def marks_to_text(marks: tuple[Mark, ...]) -> str:
    """Short and safe for a link: `circle:310,220,420,330;arrow:40,60,120,160`."""
    return ";".join(
        f"{mark.marker}:" + ",".join(_number(value) for point in _points(mark.region) for value in point)
        for mark in marks
    )


def marks_from_text(text: str) -> tuple[Mark, ...]:
    """The marks that `marks_to_text` wrote; an empty text means none.

    Raises:
        RegionError: The text is malformed, has too many marks or points, or a region without area.
    """
    parts = text.split(";") if text else []
    if len(parts) > MAX_MARKS:
        raise RegionError(f"Expected at most {MAX_MARKS} marks, but got {len(parts)}.")
    return tuple(_mark_from_text(part) for part in parts)


def area_of(marks: Sequence[Mark]) -> Box | Polygon:
    """What a treatment of areas, such as a spotlight, takes marks for: a single contour itself, else the box around."""
    if len(marks) == 1 and isinstance(marks[0].region, Polygon):
        return marks[0].region
    lefts, tops, rights, bottoms = zip(*(mark.region.box.xyxy for mark in marks), strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def _area(region: Region, shape: Shape | None, size_wh: tuple[int, int]) -> NDArray[np.float32]:
    area = np.zeros(size_wh[::-1], np.float32)
    x0, y0, x1, y1 = region.box.xyxy
    if x1 <= 0 or y1 <= 0 or x0 >= size_wh[0] or y0 >= size_wh[1]:
        return area
    inside = ShapeMask(region.box, size_wh)
    match region, shape:
        case Polygon(points), "contour":
            inside.polygon(points)
        case _, "ellipse" | "arrow" | "dot":
            inside.ellipse(region.box)
        case _:
            inside.rectangle(region.box)
    covered = np.asarray(inside.coverage(), dtype=np.float32) / 255
    area[inside.top : inside.top + covered.shape[0], inside.left : inside.left + covered.shape[1]] = covered
    return area


def _number(value: float) -> str:
    """To a thousandth of a pixel, which is what a link can say: so it comes back as it was written."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _mark_from_text(text: str) -> Mark:
    marker, _, numbers = text.partition(":")
    values = numbers.split(",")
    if len(values) % 2 or len(values) > 2 * MAX_CONTOUR_POINTS or not all(map(_NUMBER.fullmatch, values)):
        raise RegionError(
            f"Expected a mark such as circle:310,220,420,330 with at most {MAX_CONTOUR_POINTS} points, "
            f"but got {text[:60]!r}."
        )
    flat = [float(value) for value in values]
    return Mark(marker, _region(marker, list(zip(flat[::2], flat[1::2], strict=True))))


def _points(region: Region) -> list[Point]:
    match region:
        case Box(x0, y0, x1, y1):
            return [(x0, y0), (x1, y1)]
        case Arrow(tail, tip):
            return [tail, tip]
        case Polygon(points):
            return list(points)


def _region(marker: str, points: list[Point]) -> Region:
    match MARKERS.get(marker).drawn_as if marker in MARKERS else None:
        case "contour":
            return Polygon(tuple(points))
        case "arrow" if len(points) == _CORNERS:
            return Arrow(points[0], points[1])
        case "box" | "ellipse" | "dot" if len(points) == _CORNERS:
            return Box(*points[0], *points[1])
    tools = drawing_tools()
    *others, last = (name for shape, name in tools.items() if shape != "contour")
    raise RegionError(
        f"Expected {', '.join(others)} or {last} with two points, or {tools['contour']} with three or more, "
        f"but got {marker[:30]!r} with {len(points)}."
    )


def _tenth(point: Point) -> Point:
    x, y = (math.floor(value * 10 + 0.5) / 10 for value in point)
    return x, y
