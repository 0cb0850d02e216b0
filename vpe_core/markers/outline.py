"""Markers that draw a line around the region: bounding box, circle, contour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.markers.base import ChartStyle, Ink, Marker, PaperRegion
from vpe_core.markers.painting import ShapeMask
from vpe_core.types import Polygon

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image, ImageDraw

    from vpe_core.types import Box, Point, Region


def draw_bbox(image: Image.Image, region: Region, ink: Ink) -> Image.Image:
    """The outline of the region's box, centred on its edges."""
    return _ring(image, region.box, ink, ShapeMask.rectangle)


def draw_circle(image: Image.Image, region: Region, ink: Ink) -> Image.Image:
    """The ellipse inscribed in the region's box."""
    return _ring(image, region.box, ink, ShapeMask.ellipse)


def draw_contour(image: Image.Image, region: Region, ink: Ink) -> Image.Image:
    """The polygon as it was drawn; other regions by their box."""
    shape = ShapeMask(region.box.expanded(ink.width_px), image.size)
    shape.closed_line(_corner_points(region), ink.width_px)
    return shape.paint(image, ink)


def draw_bbox_paper(draw: ImageDraw.ImageDraw, region: PaperRegion, ink: Ink) -> None:
    draw.rectangle(region.corners, outline=ink.rgb, width=int(ink.width_px))


def draw_circle_paper(draw: ImageDraw.ImageDraw, region: PaperRegion, ink: Ink) -> None:
    draw.ellipse(region.corners, outline=ink.rgb, width=int(ink.width_px))


def _ring(image: Image.Image, box: Box, ink: Ink, fill: Callable[[ShapeMask, Box, int], None]) -> Image.Image:
    half = ink.width_px / 2
    shape = ShapeMask(box.expanded(half), image.size)
    fill(shape, box.expanded(half), 255)
    if min(box.width, box.height) > ink.width_px:
        fill(shape, box.expanded(-half), 0)
    return shape.paint(image, ink)


def _corner_points(region: Region) -> tuple[Point, ...]:
    if isinstance(region, Polygon):
        return region.points
    x0, y0, x1, y1 = region.box.xyxy
    return (x0, y0), (x1, y0), (x1, y1), (x0, y1)


BBOX = Marker(
    "Bounding box", draw_bbox, draw_bbox_paper, phrase="bounding box", short_title="box", paper_row=3, drawn_as="box",
    chart=ChartStyle("square", on_dark="#56B4E9", on_light="#0072B2"),
)  # fmt: skip
CIRCLE = Marker(
    "Circle", draw_circle, draw_circle_paper, phrase="circle", paper_row=4, drawn_as="ellipse",
    chart=ChartStyle("circle", on_dark="#E69F00", on_light="#B35C00"),
)  # fmt: skip
CONTOUR = Marker(
    "Contour", draw_contour, phrase="contour", drawn_as="contour", treatment=False,
    chart=ChartStyle("diamond", on_dark="#F0E442", on_light="#8A7F00"),
)  # fmt: skip
