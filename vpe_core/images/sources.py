"""Anything that may stand for an X-ray: a path, bytes, a Pillow image, an array, or pixels already read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image

from vpe_core.errors import ImageReadError
from vpe_core.images.modes import to_values
from vpe_core.images.pixels import XrayPixels, own_range
from vpe_core.images.reader import PathOrBytes, read_pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

ImageSource: TypeAlias = "PathOrBytes | Image.Image | NDArray[Any] | XrayPixels"


def as_pixels(source: ImageSource) -> XrayPixels:
    """The pixels of any image source; only paths and bytes are decoded.

    Raises:
        ImageReadError: A file that cannot be read (see `load_image`), or an array that is no image.
    """
    if isinstance(source, XrayPixels):
        return source
    if isinstance(source, Image.Image):
        return from_array(to_values(source))
    if isinstance(source, np.ndarray):
        return from_array(source)
    return read_pixels(source)


def from_array(values: NDArray[Any]) -> XrayPixels:
    """Pixels of an array: (height, width) of any real type, or (height, width, 2 to 4 channels) of uint8.

    Raises:
        ImageReadError: The array has another shape or type, or values that are not finite.
    """
    is_grey = values.ndim == 2 and values.dtype.kind in "uif"
    is_colour = values.ndim == 3 and values.shape[2] in (2, 3, 4) and values.dtype == np.uint8
    if not (is_grey or is_colour) or values.size == 0:
        raise ImageReadError(
            "Expected an array of shape (height, width), or (height, width, channels) of uint8, "
            f"but got {values.shape} of {values.dtype}."
        )
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ImageReadError("Expected finite pixel values, but the array holds NaN or infinity.")
    return XrayPixels(values, own_range(values), "memory")
