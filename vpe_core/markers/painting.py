"""Anti-aliased painting: shapes are drawn larger than life, on just the area that they need, and reduced."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from vpe_core.errors import RegionError
from vpe_core.types import Arrow, Box, Polygon

if TYPE_CHECKING:
    from vpe_core.markers.base import Ink
    from vpe_core.types import Point, Region

_MAX_CANVAS_PX = 2**25
"""Largest canvas drawn on: a shape of more than 2 million pixels is drawn at twice its size, not at four times."""


class ShapeMask:
    """A canvas for one shape: coordinates are image pixels, the result is its coverage.

    Args:
        bounds: Box around everything that will be drawn.
        size_wh: Size of the image; what lies outside is cut off.

    Raises:
        RegionError: All of it lies outside: there would be no ink.
    """

    def __init__(self, bounds: Box, size_wh: tuple[int, int]) -> None:
        self.left = min(max(math.floor(bounds.x0), 0), size_wh[0])
        self.top = min(max(math.floor(bounds.y0), 0), size_wh[1])
        width = max(min(math.ceil(bounds.x1), size_wh[0]) - self.left, 0)
        height = max(min(math.ceil(bounds.y1), size_wh[1]) - self.top, 0)
        if not width or not height:
            raise RegionError(
                f"Nothing of the marker would lie in the image of {size_wh[0]} x {size_wh[1]} pixels. Move it inside."
            )
        self._scale = next((s for s in (4, 2) if width * height * s * s <= _MAX_CANVAS_PX), 1)
        self._canvas = Image.new("L", (width * self._scale, height * self._scale))
        self._draw = ImageDraw.Draw(self._canvas)

    def rectangle(self, box: Box, level: int = 255) -> None:
        """Fill a rectangle; level 0 cuts it out again."""
        self._draw.rectangle(self._corners(box), fill=level)

    def ellipse(self, box: Box, level: int = 255) -> None:
        """Fill the ellipse inscribed in a box; level 0 cuts it out again."""
        self._draw.ellipse(self._corners(box), fill=level)

    def polygon(self, points: tuple[Point, ...]) -> None:
        """Fill a polygon."""
        self._draw.polygon([self._scaled(point) for point in points], fill=255)

    def closed_line(self, points: tuple[Point, ...], width_px: float) -> None:
        """Draw an outline with round joints."""
        path = [self._scaled(point) for point in (*points, *points[:2])]  # the first segment again: a round seam
        self._draw.line(path, fill=255, width=max(round(width_px * self._scale), 1), joint="curve")

    def coverage(self, opacity: float = 1.0) -> Image.Image:
        """How much of each pixel the shape covers, times the opacity: mode "L"."""
        mask = self._canvas.reduce(self._scale) if self._scale > 1 else self._canvas
        return mask if opacity >= 1 else mask.point([round(level * opacity) for level in range(256)])

    def paint(self, image: Image.Image, ink: Ink) -> Image.Image:
        """A copy of the image with the shape painted on it."""
        painted = image.copy()
        painted.paste(ink.rgb, (self.left, self.top), self.coverage(ink.opacity))
        return painted

    def _scaled(self, point: Point) -> Point:
        return (point[0] - self.left) * self._scale, (point[1] - self.top) * self._scale

    def _corners(self, box: Box) -> list[float]:
        # Pillow's far corner is part of the shape, ours is not; a shape keeps at least one canvas pixel.
        x0, y0 = self._scaled((box.x0, box.y0))
        x1, y1 = self._scaled((box.x1, box.y1))
        return [x0, y0, max(x1 - 1, x0), max(y1 - 1, y0)]


def region_mask(region: Region, size_wh: tuple[int, int]) -> Image.Image:
    """Coverage of the region in the whole image: the box, the polygon, or the disc around an arrow's tip."""
    shape = ShapeMask(region.box, size_wh)
    fill_region(shape, region)
    mask = Image.new("L", size_wh)
    mask.paste(shape.coverage(), (shape.left, shape.top))
    return mask


def fill_region(shape: ShapeMask, region: Region) -> None:
    """Fill the box, the polygon, or the disc around an arrow's tip."""
    match region:
        case Polygon(points):
            shape.polygon(points)
        case Arrow():
            shape.ellipse(region.box)
        case Box():
            shape.rectangle(region)
