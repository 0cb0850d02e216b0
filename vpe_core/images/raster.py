"""PNG, JPEG, TIFF and WebP through Pillow, in full bit depth."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps
from PIL.TiffImagePlugin import TiffImageFile

from vpe_core.errors import ImageReadError
from vpe_core.images.limits import check_pixel_count
from vpe_core.images.pixels import XrayPixels, own_range

if TYPE_CHECKING:
    from vpe_core.images.pixels import PixelArray

_KEEP = {"L", "LA", "RGB", "RGBA", "I", "F"}  # further 16-bit modes begin with "I;16"
_PHOTOMETRIC_TAG, _WHITE_IS_ZERO = 262, 0


def read_raster(data: bytes, source_format: str) -> XrayPixels:
    """Decode one still picture.

    Args:
        data: The whole file.
        source_format: "PNG", "JPEG", "TIFF" or "WebP".

    Raises:
        ImageReadError: It is too large, holds several pictures or values that are not finite. Damaged data also raises
            whatever Pillow raises.
    """
    with Image.open(BytesIO(data), formats=[source_format.upper()]) as picture:
        check_pixel_count(*picture.size)
        if _holds_several(picture):
            raise ImageReadError("it holds several pictures. Save the one that you mean as a file of its own")
        white_is_zero = isinstance(picture, TiffImageFile) and picture.tag_v2.get(_PHOTOMETRIC_TAG) == _WHITE_IS_ZERO
        values = to_values(ImageOps.exif_transpose(picture))
    if white_is_zero and values.dtype != np.uint8:  # Pillow turns 8-bit values over, but no deeper ones
        values = _turned_over(values)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ImageReadError("it holds values that are not finite. Replace NaN and infinity before saving it")
    return XrayPixels(values, own_range(values), source_format)


def to_values(picture: Image.Image) -> PixelArray:
    """The pixels of a Pillow picture of any mode, deep greys kept deep, palettes looked up."""
    if picture.mode not in _KEEP and not picture.mode.startswith("I;16"):
        keeps_alpha = picture.mode in ("PA", "La", "RGBa") or "transparency" in picture.info
        picture = picture.convert("L" if picture.mode == "1" else "RGBA" if keeps_alpha else "RGB")
    return np.array(picture)


def _holds_several(picture: Image.Image) -> bool:
    if not isinstance(picture, TiffImageFile):
        # Phones hide a second picture behind a JPEG (MPO); the first is the photograph.
        return picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1
    try:
        picture.seek(1)  # counting all pages of a hostile file would take minutes
    except EOFError:
        return False
    return True


def _turned_over(values: PixelArray) -> PixelArray:
    if values.dtype.kind == "f":
        return np.asarray(values.max() + values.min() - values)
    return np.asarray(np.iinfo(values.dtype).max - values)
