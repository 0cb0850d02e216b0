"""The small part of an image that a classical segmenter works on, its seeds, and the way back to a polygon."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from vpe_core.errors import RegionError
from vpe_core.markers.marks import MAX_CONTOUR_POINTS
from vpe_core.types import Box, Polygon

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.types import Point

    Mask = NDArray[np.bool_]

SIDE_PX = 112
"""The longer side of the part that is worked on."""
CLICK_SHARE = 0.14
"""A click stands for a square whose side is this share of the image's shorter side."""
_MARGIN_SHARE = 0.2
_SMOOTH_PX = 1.0
_TOLERANCE_PX = 0.6
"""How far the polygon's sides may be from the outline, in pixels of the part."""
_ENDS = (1, 99)
"""Percentiles of the grey levels that become 0 and 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A part of an image around a box, made small.

    Attributes:
        grey: (rows, columns), smoothed, 0 to 1.
        radius: Of each pixel: 0 in the middle of the box, 1 on the ellipse that touches its sides.
        inside: The box; nothing outside is ever part of the structure.
        left: Where it begins in the image, in pixels.
        top: The same.
        scale: Its pixels per pixel of the image.
    """

    grey: NDArray[np.float64]
    radius: NDArray[np.float64]
    inside: Mask
    left: int
    top: int
    scale: float

    def polygon(self, mask: Mask) -> Polygon:
        """The outline of the part of a mask that holds the middle of the box, without holes.

        Raises:
            RegionError: There is none.
        """
        from scipy import ndimage
        from skimage.measure import approximate_polygon, find_contours

        parts, _ = ndimage.label(mask & self.inside)
        middle = parts[self.radius <= max(0.2, float(self.radius.min()))]
        counts = np.bincount(middle[middle > 0], minlength=1)
        if counts.sum() == 0:
            raise RegionError("No outline was found here. Mark a structure that stands out, more closely.")
        chosen = ndimage.binary_fill_holes(parts == counts.argmax())
        (line, *_) = sorted(find_contours(np.pad(chosen, 1).astype(np.float64), 0.5), key=len, reverse=True)
        tolerance = _TOLERANCE_PX
        while len(points := approximate_polygon(line, tolerance)[:-1]) > MAX_CONTOUR_POINTS:
            tolerance *= 1.5
        if len(points) < 3:  # a part of one or two pixels
            points = line[:-1]
        # A contour runs through the middles of pixels, and the padding has shifted them by one.
        return Polygon(
            tuple(
                (float(self.left + (x - 0.5) / self.scale), float(self.top + (y - 0.5) / self.scale)) for y, x in points
            )
        )


def box_of(image: Image.Image, where: Box | Point) -> Box:
    """The box that is looked into: the given one, or a square around a click; the part inside the image.

    Raises:
        RegionError: It lies outside the image.
    """
    if isinstance(where, Box):
        return where.clipped(*image.size)
    (x, y), half = where, CLICK_SHARE * min(image.size) / 2
    if not (0 <= x <= image.width and 0 <= y <= image.height):
        raise RegionError(
            f"Expected a point inside the image of {image.width} x {image.height} pixels, but got {where}."
        )
    return Box(x - half, y - half, x + half, y + half).clipped(*image.size)


def window_of(image: Image.Image, where: Box | Point) -> Window:
    """The part of an image around a box or a click.

    Raises:
        RegionError: It lies outside the image, or all of it is one grey.
    """
    from scipy import ndimage

    box = box_of(image, where)
    around = box.expanded(_MARGIN_SHARE * max(box.width, box.height) + 2).clipped(*image.size)
    left, top, right, bottom = (
        math.floor(around.x0), math.floor(around.y0), math.ceil(around.x1), math.ceil(around.y1)
    )  # fmt: skip
    scale = min(1.0, SIDE_PX / max(right - left, bottom - top))
    size = (max(3, round((right - left) * scale)), max(3, round((bottom - top) * scale)))
    part = image.convert("L").crop((left, top, right, bottom)).resize(size, Image.Resampling.BILINEAR)
    grey = ndimage.gaussian_filter(np.asarray(part, np.float64), _SMOOTH_PX)
    low, high = np.percentile(grey, _ENDS)
    if high - low < 1:
        raise RegionError("There is one even grey here, so nothing has an outline. Mark a structure that stands out.")
    levels = np.clip((grey - low) / (high - low), 0, 1)
    x = (left + (np.arange(size[0]) + 0.5) / scale - box.center[0]) / (box.width / 2)
    y = (top + (np.arange(size[1]) + 0.5) / scale - box.center[1]) / (box.height / 2)
    inside = (np.abs(y)[:, None] <= 1) & (np.abs(x) <= 1)
    return Window(levels, np.hypot(y[:, None], x), inside, left, top, scale)
