"""Anything that may stand for an X-ray: a path, bytes, a Pillow image, an array, or pixels already read.

One image is a 2-D array of grey, or (height, width, channels). An array of three dimensions without channels at its end
is refused: it may be a stack of grey images or one with its channels first, and a guess would be wrong in silence.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from PIL import Image

from vpe_core.errors import ImageReadError
from vpe_core.images.modes import to_values
from vpe_core.images.pixels import XrayPixels, own_range, scale_to_8bit
from vpe_core.images.reader import PathOrBytes, read_pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

ImageSource: TypeAlias = "PathOrBytes | Image.Image | NDArray[Any] | XrayPixels"
ImageSources: TypeAlias = "ImageSource | Iterable[ImageSource]"
"""One image or many. An array of four dimensions is many: (n, height, width, channels)."""

_ENCODED = (str, os.PathLike, bytes, bytearray, memoryview)
_SINGLE_NDIM, _MANY_NDIM = 3, 4
_EXPECTED = (
    "Expected an array of shape (height, width), or (height, width, channels) of uint8, uint16 or, as RGB from 0 to 1, "
    "of float"
)


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
    if not isinstance(source, _ENCODED):
        raise ImageReadError(
            f"Expected one X-ray (a path, bytes, a Pillow image or a numpy array), but got {_described(source)}. "
            "Give several one at a time, and turn a tensor into an array, with its channels last."
        )
    return read_pixels(source)


def as_image(source: ImageSource) -> Image.Image:
    """The picture of any image source as people see it, and as models and markers take it: mode "L" or "RGB", 8 bit.

    Pillow images of these two modes are returned as they are, and RGB arrays keep their colours: what is drawn on an
    X-ray may be coloured. Everything else becomes grey as in `load_image`: values deeper than 8 bit are mapped from the
    window that the file names, or else from their own range.

    Raises:
        ImageReadError: See `as_pixels`.
    """
    if isinstance(source, Image.Image) and source.mode in ("L", "RGB") and 0 not in source.size:
        return source
    pixels = as_pixels(source)
    if isinstance(source, np.ndarray) and pixels.values.ndim == _SINGLE_NDIM and pixels.values.shape[2] == 3:
        return Image.fromarray(scale_to_8bit(np.ascontiguousarray(pixels.values), *pixels.display_range))
    return pixels.grey()


def as_images(sources: ImageSources) -> Sequence[ImageSource] | NDArray[Any]:
    """One image source or many, as a sequence that can be cut into batches; nothing is decoded.

    Args:
        sources: As for `as_pixels`, or any number of these: a list, a generator, an array (n, height, width, channels).

    Raises:
        ImageReadError: It is neither.
    """
    if isinstance(sources, np.ndarray):
        if sources.dtype == object:
            return list(sources)
        if sources.ndim == _MANY_NDIM and sources.shape[3] in (1, 2, 3, 4):
            return sources
        return [from_array(sources).values]
    if isinstance(sources, (*_ENCODED, Image.Image, XrayPixels)):
        return [cast("ImageSource", sources)]
    if not _is_several(sources):
        raise ImageReadError(
            "Expected one X-ray (a path, bytes, a Pillow image or a numpy array) or a list of them, but got "
            f"{_described(sources)}. Turn a tensor into an array, with its channels last."
        )
    return list(sources)


def _is_several(sources: object) -> bool:
    return isinstance(sources, Iterable) and not isinstance(sources, Mapping) and not hasattr(sources, "detach")


def _described(source: object) -> str:
    return type(source).__name__ + (f" of {len(source)}" if isinstance(source, Sized) else "")


def from_array(values: NDArray[Any]) -> XrayPixels:
    """Pixels of an array.

    Args:
        values: (height, width), perhaps with a third dimension of 1, of any real type; (height, width, 2 to 4 channels)
            of uint8 or uint16; or RGB of float, whose values lie from 0 to 1.

    Raises:
        ImageReadError: The array has another shape or type, or values that are not finite or, of RGB, out of range.
    """
    if values.ndim == _SINGLE_NDIM and values.shape[2] == 1:
        values = values[:, :, 0]
    is_float = values.dtype.kind == "f"
    is_grey = values.ndim == 2 and values.dtype.kind in "uif"
    channels = (3,) if is_float else (2, 3, 4) if values.dtype in (np.uint8, np.uint16) else ()
    is_colour = values.ndim == _SINGLE_NDIM and values.shape[2] in channels
    if not (is_grey or is_colour) or values.size == 0:
        raise ImageReadError(f"{_EXPECTED}, but got {values.shape} of {values.dtype}.{_remedy(values)}")
    if is_float and not np.isfinite(values).all():
        raise ImageReadError("Expected finite pixel values, but the array holds NaN or infinity.")
    if not (is_float and is_colour):
        return XrayPixels(values, own_range(values), "memory")
    if values.min() < 0 or values.max() > 1:
        raise ImageReadError(
            f"Expected RGB of {values.dtype} from 0 to 1, but got values from {values.min():g} to {values.max():g}. "
            "Scale them, or give uint8."
        )
    return XrayPixels(values, (0.0, 1.0), "memory")


def _remedy(values: NDArray[Any]) -> str:
    if values.ndim == _SINGLE_NDIM and values.shape[2] not in (2, 3, 4):
        return (
            " Of a stack of grey images give list(stack) where several are taken, or one at a time; "
            "move channels that come first to the end: numpy.moveaxis(array, 0, -1)."
        )
    if values.ndim >= _MANY_NDIM:
        return " Give one image at a time, or, where several are taken, (n, height, width, channels)."
    return ""
