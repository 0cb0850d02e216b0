"""The crop: the region and its surroundings, cut from the full-resolution image and not resized."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.errors import RegionError
from vpe_core.markers.base import ChartStyle, Ink, Marker, tells_box
from vpe_core.types import Box

if TYPE_CHECKING:
    from PIL import Image

    from vpe_core.types import Region

MARGIN_SHARE = 0.2
"""A crop reaches at least this share of the image's width, and of its height, from the middle of the region."""

Corners = tuple[int, int, int, int]


def draw_crop(image: Image.Image, region: Region, ink: Ink) -> Image.Image:  # noqa: ARG001
    """Cut out a square around the middle of the region's box.

    Half its side is the largest of half the box's width, half its height, 0.2 times the image's width and 0.2 times its
    height; the square is truncated to whole pixels and clipped to the image.
    """
    return image.crop(_rectangle(_truncated(region), image.size))


def draw_crop_as_published(image: Image.Image, region: Region, ink: Ink) -> Image.Image:  # noqa: ARG001
    """The crop of the official code, which mistakes width for height.

    On an image that is not square, it scales x by height / width and y by width / height before it cuts, so it shows
    another place. Only needed to reproduce published crop rows, above all of VinDr-CXR.
    """
    return image.crop(_rectangle(_mistaken(region, image.size), image.size))


def tells_crop(box: Box, size_wh: tuple[int, int]) -> dict[str, float]:
    """The part that is cut out: whoever knows the chest sees from what it shows where it lies and how large it is."""
    return tells_box(Box(*_rectangle(_truncated(box), size_wh)), size_wh)


def tells_crop_as_published(box: Box, size_wh: tuple[int, int]) -> dict[str, float]:
    """The same of the official code's crop."""
    return tells_box(Box(*_rectangle(_mistaken(box, size_wh), size_wh)), size_wh)


def _truncated(region: Region) -> Corners:
    x0, y0, x1, y1 = region.box.xyxy
    return int(x0), int(y0), int(x1), int(y1)


def _mistaken(region: Region, size_wh: tuple[int, int]) -> Corners:
    width, height = size_wh
    x0, y0, x1, y1 = region.box.xyxy
    x_ratio, y_ratio = width / height, height / width
    return int(x0 / x_ratio), int(y0 / y_ratio), int(x1 / x_ratio), int(y1 / y_ratio)


def _rectangle(corners: Corners, size_wh: tuple[int, int]) -> Corners:
    width, height = size_wh
    x0, y0, x1, y1 = corners
    center_x, center_y = (x0 + x1) / 2, (y0 + y1) / 2
    half = max(0.5 * (x1 - x0), 0.5 * (y1 - y0), MARGIN_SHARE * width, MARGIN_SHARE * height)
    left, right = max(0, int(center_x - half)), min(width, int(center_x + half))
    top, bottom = max(0, int(center_y - half)), min(height, int(center_y + half))
    if left >= right or top >= bottom:
        raise RegionError(f"A crop around {corners} shows nothing of the image of {width} x {height} pixels.")
    return left, top, right, bottom


CROP = Marker(
    "Crop", draw_crop, crops=True, uses=frozenset(), paper_row=1, tells=tells_crop,
    chart=ChartStyle("square-open", on_dark="#CC79A7", on_light="#A8487F"),
)  # fmt: skip
CROP_AS_PUBLISHED = Marker(
    "Crop as published", draw_crop_as_published, crops=True, uses=frozenset(), treatment=False,
    tells=tells_crop_as_published,
)  # fmt: skip
