"""The orientation that an Exif or TIFF tag asks for (TIFF 6.0, tag 274)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

    from vpe_core.images.pixels import PixelArray

TAG = 0x0112
TURNED = (5, 6, 7, 8)
"""Orientations in which width and height change places."""


def orientation_of(picture: Image.Image) -> int:
    """1 to 8; 1 (upright) where there is none, or none that can be read."""
    try:
        value = picture.getexif().get(TAG, 1)
    except Exception:  # a damaged Exif block says nothing about the pixels
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def upright(values: PixelArray, orientation: int) -> PixelArray:
    """The pixels as they are meant to be looked at."""
    if orientation in TURNED:
        values = values.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    return np.ascontiguousarray(values)
