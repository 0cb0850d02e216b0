"""Reading an X-ray from a path or from bytes: whatever is wrong with it, the error is an `ImageReadError`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np

from vpe_core.errors import ImageReadError, VPEError
from vpe_core.images import jsrt
from vpe_core.images.film import Film, film_of
from vpe_core.images.formats import HEAD_BYTES, READABLE, refusal, told_format
from vpe_core.images.limits import check_byte_count, check_pixel_count
from vpe_core.images.quiet import without_warnings

if TYPE_CHECKING:
    from PIL import Image

    from vpe_core.images.pixels import XrayPixels

__all__ = ["READABLE", "PathOrBytes", "load_image", "read_film", "read_pixels"]

PathOrBytes: TypeAlias = str | os.PathLike[str] | bytes
_T = TypeVar("_T")
_SHOWN_CHARACTERS = 300


def load_image(source: PathOrBytes) -> Image.Image:
    """Read an X-ray as people see it.

    Args:
        source: A path ("~" is the home folder), or the bytes of a file: PNG, JPEG, TIFF, WebP, DICOM or JSRT .IMG, told
            by content.

    Returns:
        A Pillow image of mode "L" (8-bit grey) in full resolution, upright. Eight-bit images keep their values; deeper
        ones are mapped from the window that the file names, or else from their own range.

    Raises:
        ImageReadError: The image is missing, damaged, of another format or larger than the settings allow.

    Example:
        >>> load_image("chest.dcm").size  # doctest: +SKIP
        (1024, 1024)
    """
    return _guarded(source, lambda pixels: pixels.grey())


def read_pixels(source: PathOrBytes) -> XrayPixels:
    """Read an X-ray in its full bit depth, as the paper's protocol needs it. Arguments and errors: `load_image`."""
    return _guarded(source, lambda pixels: pixels)


def read_film(source: PathOrBytes) -> Film:
    """Read an X-ray with the grey levels behind its picture, for a reader who chooses windows and measures.

    Arguments and errors: `load_image`, whose picture is the film's.

    Example:
        >>> film = read_film("chest.dcm")  # doctest: +SKIP
        >>> film.grey.windowed(center=2048, width=1500)  # doctest: +SKIP
    """
    return _guarded(source, film_of)


def _guarded(source: object, finish: Callable[[XrayPixels], _T]) -> _T:
    """Everything between the bytes and the result, with the one place that turns errors into `ImageReadError`."""
    try:
        data = _load(source)
        with without_warnings():
            pixels = _decode(data)
            _check_decoded(pixels)
            return finish(pixels)
    except ImageReadError as error:
        raise ImageReadError(f"Cannot read {_name(source)}: {error}.") from None
    except VPEError:  # of the settings, say: nothing is wrong with the image
        raise
    except Exception as error:  # on damaged data, decoders raise nearly everything there is
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise ImageReadError(
            f"Cannot read {_name(source)}: the data is damaged or of a rare kind ({reason})."
        ) from error


def _name(source: object) -> str:
    return repr(Path(source).name[:100]) if isinstance(source, str | os.PathLike) else "the image"


def _load(source: object) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
        check_byte_count(len(data))
        return data
    if not isinstance(source, str | os.PathLike):
        raise ImageReadError(f"expected a path or bytes, but got {type(source).__name__}")
    path = _expanded(Path(source))
    try:
        if path.is_dir():
            raise ImageReadError("it is a folder, not a file")
        if not path.is_file():
            raise ImageReadError(f"there is no such file: {str(path)[:_SHOWN_CHARACTERS]}")
        check_byte_count(path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise ImageReadError(f"it cannot be opened ({error.strerror or type(error).__name__})") from error


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:  # nobody of that name: a file may well be called so
        return path


def _decode(data: bytes) -> XrayPixels:
    head = data[:HEAD_BYTES]
    source_format = told_format(head, len(data))
    if source_format is None:
        raise ImageReadError(refusal(head))
    # Decoders are imported when they are needed: pydicom alone takes a quarter of a second.
    if source_format == "DICOM":
        from vpe_core.images.dicom import read_dicom

        return read_dicom(data)
    if source_format == "JSRT":
        return jsrt.read_jsrt(data)
    from vpe_core.images.raster import read_raster

    return read_raster(data, source_format)


def _check_decoded(pixels: XrayPixels) -> None:
    """Whether the decoder has kept to what `XrayPixels` promises, so that nothing after it can fail."""
    shape, (low, high) = pixels.stored.shape, pixels.display_range
    values = pixels.stored if pixels.table is None else pixels.table
    is_grey = len(shape) == 2 and values.dtype.kind in "uif"
    is_colour = len(shape) == 3 and shape[2] in (2, 3, 4) and values.dtype in (np.uint8, np.uint16)
    if not (is_grey or is_colour):
        raise ImageReadError(f"its pixels are {shape} of {values.dtype}, which is no picture")
    check_pixel_count(*pixels.size_wh)
    is_finite = values.dtype.kind != "f" or bool(np.isfinite(values).all())
    if not (is_finite and np.isfinite(low) and np.isfinite(high)):
        raise ImageReadError("its pixels are not all finite numbers")
