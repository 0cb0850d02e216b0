"""The arrow: automatic as in the paper, or from tail to tip as a person drew it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vpe_core.markers.base import ChartStyle, Ink, Marker, PaperRegion, tells_place
from vpe_core.markers.painting import ShapeMask
from vpe_core.types import Arrow, Polygon

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

    from vpe_core.types import Point, Region

SHAFT_SHARE = 0.25
"""Length of an automatic arrow as a share of the image's shorter side."""
HEAD_PX = 10.0
"""Length and width of the head in the paper's 256 x 256 image."""
HEAD_SHARE = HEAD_PX / 256
_STUB_PX = 5.0


def draw_arrow(image: Image.Image, region: Region, ink: Ink) -> Image.Image:
    """The arrow as drawn; for other regions one whose tip is the middle of the region's box.

    The head is as long and as wide as in the paper, relative to the image's shorter side, but at least three line
    widths and at most the whole arrow.
    """
    arrow = region if isinstance(region, Arrow) else automatic_arrow(region.box.center, image.size)
    head_px = min(max(HEAD_SHARE * min(image.size), 3 * ink.width_px), arrow.length)
    outline = _arrow_outline(arrow, ink.width_px, head_px)
    shape = ShapeMask(outline.box, image.size)
    shape.polygon(outline.points)
    return shape.paint(image, ink)


def automatic_arrow(target: Point, size_wh: tuple[int, int]) -> Arrow:
    """An arrow from the middle of the image outwards to the target, a quarter of the shorter side long.

    Where the target is the middle itself, the arrow comes from below.
    """
    middle = size_wh[0] / 2, size_wh[1] / 2
    unit = _unit(middle, target) or (0.0, -1.0)
    length = SHAFT_SHARE * min(size_wh)
    return Arrow((target[0] - unit[0] * length, target[1] - unit[1] * length), target)


def draw_arrow_paper(draw: ImageDraw.ImageDraw, region: PaperRegion, ink: Ink) -> None:
    """A plain line and a filled triangle over its end."""
    tail, tip = region.shaft or _paper_shaft(region)
    draw.line([tail, tip], fill=ink.rgb, width=int(ink.width_px))
    unit = _unit(tail, tip)
    if unit is None:
        return
    base_x, base_y = tip[0] - unit[0] * HEAD_PX, tip[1] - unit[1] * HEAD_PX
    side_x, side_y = -unit[1] * (HEAD_PX / 2), unit[0] * (HEAD_PX / 2)
    draw.polygon([tip, (base_x + side_x, base_y + side_y), (base_x - side_x, base_y - side_y)], fill=ink.rgb)


def _paper_shaft(region: PaperRegion) -> tuple[Point, Point]:
    width, height = region.size_wh
    tip = region.center
    unit = _unit((width / 2, height / 2), tip)
    if unit is None:
        return (tip[0], tip[1] + _STUB_PX), tip
    length = SHAFT_SHARE * min(width, height)
    return (tip[0] - unit[0] * length, tip[1] - unit[1] * length), tip


def _unit(start: Point, end: Point) -> Point | None:
    """The direction from start to end as a vector of length 1; None if they coincide."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.sqrt(dx * dx + dy * dy)  # as the official code computes it: math.hypot may round otherwise
    return (dx / length, dy / length) if length else None


def _arrow_outline(arrow: Arrow, width_px: float, head_px: float) -> Polygon:
    """The seven corners of an arrow: shaft of the given width, head as wide as long."""
    (tail_x, tail_y), (tip_x, tip_y) = arrow.tail, arrow.tip
    along_x, along_y = (tip_x - tail_x) / arrow.length, (tip_y - tail_y) / arrow.length
    neck_x, neck_y = tip_x - along_x * head_px, tip_y - along_y * head_px

    def beside(x: float, y: float, distance: float) -> Point:
        return x - along_y * distance, y + along_x * distance

    half, wing = width_px / 2, head_px / 2
    return Polygon(
        (
            beside(tail_x, tail_y, half), beside(neck_x, neck_y, half), beside(neck_x, neck_y, wing),
            arrow.tip,
            beside(neck_x, neck_y, -wing), beside(neck_x, neck_y, -half), beside(tail_x, tail_y, -half),
        )
    )  # fmt: skip


ARROW = Marker(
    "Arrow", draw_arrow, draw_arrow_paper, phrase="arrow", paper_row=2, drawn_as="arrow",
    tells=tells_place,  # the shaft is of one length and comes from the middle of the image: it adds nothing
    chart=ChartStyle("triangle-right", on_dark="#009E73", on_light="#007A5A"),
)  # fmt: skip
