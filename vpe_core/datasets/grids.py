"""Whether boxes are on the pixel grid of their images: fractions, and boxes of images that were resized since.

A box that is drawn on another grid marks another place, and nothing else shows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from vpe_core.datasets.headers import place
from vpe_core.datasets.rows import SourceRow, UnusableRow
from vpe_core.errors import ImageReadError, RegionError
from vpe_core.types import Box, are_fractions

_REACH_PX, _REACH_SHARE = 2.0, 0.005
_TELLING_SHARE = 0.1

SizeWH = tuple[int, int]


def check_pixels(xyxy: Sequence[float], size_wh: SizeWH) -> None:
    """Refuse a box that cannot be meant in pixels.

    Raises:
        RegionError: It is given in fractions of the image, or smaller than a pixel.
    """
    x0, y0, x1, y1 = xyxy
    width, height = size_wh
    if are_fractions(xyxy):
        scaled = ", ".join(f"{value:g}" for value in (x0 * width, y0 * height, x1 * width, y1 * height))
        raise RegionError(
            f"Expected a box in pixels, but ({', '.join(f'{value:g}' for value in xyxy)}) lies within 0 and 1, as "
            f"fractions of width and height do. In pixels of this image of {width} x {height} it would be ({scaled})."
        )
    _check_side(xyxy)


def _check_side(xyxy: Sequence[float]) -> None:
    x0, y0, x1, y1 = xyxy
    if 0 < x1 - x0 < 1 or 0 < y1 - y0 < 1:
        raise RegionError(
            f"Expected a box in pixels, at least 1 wide and high, but got {x1 - x0:g} x {y1 - y0:g} pixels."
        )


def reaches_beyond(xyxy: Sequence[float], size_wh: SizeWH) -> bool:
    """Whether a box reaches further beyond its image than rounding explains: 2 pixels or 0.5% of the longer side."""
    x0, y0, x1, y1 = xyxy
    width, height = size_wh
    return max(-x0, -y0, x1 - width, y1 - height) > max(_REACH_PX, _REACH_SHARE * max(size_wh))


def beyond(xyxy: Sequence[float], size_wh: SizeWH) -> str:
    """Why a box that was meant for this image is none of it, where it reaches beyond; empty for others."""
    if not reaches_beyond(xyxy, size_wh):
        return ""
    corners = ", ".join(f"{value:g}" for value in xyxy)
    return (
        f"The box ({corners}) reaches beyond the image of {size_wh[0]} x {size_wh[1]} pixels, so it was drawn on "
        "another grid: if the image was resized, give the one of full size, or scale the box to this one."
    )


def place_pixels(xyxy: Sequence[float], size_wh: SizeWH) -> Box:
    """The box of a finding, in pixels; it may reach beyond the image.

    Raises:
        UnusableRow: It has no area, is given in fractions or is centred outside the image.
    """
    try:
        check_pixels(xyxy, size_wh)
    except RegionError as error:
        raise UnusableRow("box", str(error)) from None
    return place(xyxy, size_wh)


def place_inside(xyxy: Sequence[float], size_wh: SizeWH) -> Box:
    """The box of a finding that was drawn on this very image, and so does not reach beyond it.

    Raises:
        UnusableRow: As for `place_pixels`, or it reaches beyond the image.
    """
    box = place_pixels(xyxy, size_wh)
    if reason := beyond(box.xyxy, size_wh):
        raise UnusableRow("box", reason)
    return box


def place_unseen(xyxy: Sequence[float]) -> Box:
    """The box of a finding, in pixels of an image whose size is not known.

    Raises:
        UnusableRow: It has no area, is given in fractions or lies outside any image that is read.
    """
    from vpe_core.images.limits import check_pixel_count

    corners = ", ".join(f"{value:g}" for value in xyxy)
    if are_fractions(xyxy):
        raise UnusableRow("box", f"Expected a box in pixels, but got {corners}.")
    try:
        _check_side(xyxy)
        box = Box(*xyxy)
    except RegionError as error:
        raise UnusableRow("box", str(error)) from None
    if min(box.center) < 0:
        raise UnusableRow("box", f"The box ({corners}) is centred outside any image.")
    try:
        check_pixel_count(math.ceil(box.x1), math.ceil(box.y1))
    except ImageReadError:
        raise UnusableRow("box", f"The box ({corners}) lies in no image: one that holds it is too large.") from None
    return box


def were_resized(
    rows: Iterable[SourceRow], image_column: str, read: Callable[[SourceRow], tuple[Sequence[float], SizeWH]]
) -> bool:
    """Whether the images of a set were resized and its boxes were not: in a tenth of the images a box reaches beyond.

    Boxes near the upper left corner lie inside a smaller image, too, so that each box by itself does not tell.

    Args:
        rows: With a box each.
        image_column: The column that names the image.
        read: Gives a row's box and its image's size; may raise `UnusableRow`.
    """
    fits: dict[str, bool] = {}
    for row in rows:
        try:
            inside = not reaches_beyond(*read(row))
        except UnusableRow:
            continue
        fits[row[image_column]] = fits.get(row[image_column], True) and inside
    n_beyond = sum(not inside for inside in fits.values())
    return n_beyond > 0 and n_beyond >= _TELLING_SHARE * len(fits)
