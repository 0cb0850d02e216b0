"""Reading an X-ray from a path or from bytes: whatever is wrong with it, the error is an `ImageReadError`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from vpe_core.errors import ImageReadError, VPEError
from vpe_core.images import jsrt
from vpe_core.images.limits import check_byte_count

if TYPE_CHECKING:
    from PIL import Image

    from vpe_core.images.pixels import XrayPixels

PathOrBytes: TypeAlias = str | os.PathLike[str] | bytes

READABLE = "PNG, JPEG, TIFF, WebP, DICOM and JSRT .IMG"
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"II+\x00": "TIFF",  # BigTIFF
    b"MM\x00+": "TIFF",
}


def load_image(source: PathOrBytes) -> Image.Image:
    """Read an X-ray as people see it.

    Args:
        source: A path, or the bytes of a file: PNG, JPEG, TIFF, WebP, DICOM or JSRT .IMG, told by content.

    Returns:
        A Pillow image of mode "L" (8-bit grey) in full resolution, upright. Eight-bit images keep their values; deeper
        ones are mapped from the window that the file names, or else from their own range.

    Raises:
        ImageReadError: The image is missing, damaged, of another format or larger than the settings allow.

    Example:
        >>> load_image("chest.dcm").size  # doctest: +SKIP
        (1024, 1024)
    """
    return read_pixels(source).grey()


def read_pixels(source: PathOrBytes) -> XrayPixels:
    """Read an X-ray in its full bit depth, as the paper's protocol needs it. Arguments and errors: `load_image`."""
    name = "the image" if isinstance(source, bytes | bytearray | memoryview) else _shown(source)
    try:
        return _decode(_load(source))
    except ImageReadError as error:
        raise ImageReadError(f"Cannot read {name}: {error}.") from None
    except VPEError:  # of the settings, say: nothing is wrong with the image
        raise
    except Exception as error:  # on damaged data, decoders raise nearly everything there is
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise ImageReadError(f"Cannot read {name}: the data is damaged or of a rare kind ({reason}).") from error


def _shown(source: object) -> str:
    return repr(Path(source).name[:100]) if isinstance(source, str | os.PathLike) else "the image"


def _load(source: object) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
        check_byte_count(len(data))
        return data
    if not isinstance(source, str | os.PathLike):
        raise ImageReadError(f"expected a path or bytes, but got {type(source).__name__}")
    path = Path(source)
    if path.is_dir():
        raise ImageReadError("it is a folder, not a file")
    if not path.is_file():
        raise ImageReadError("there is no such file")
    check_byte_count(path.stat().st_size)
    return path.read_bytes()


def _decode(data: bytes) -> XrayPixels:
    # Decoders are imported when they are needed: pydicom alone takes a quarter of a second.
    from vpe_core.images.dicom import is_dicom, read_dicom
    from vpe_core.images.raster import read_raster

    if is_dicom(data):  # first: its free preamble may hold a TIFF header
        return read_dicom(data)
    for signature, source_format in _SIGNATURES.items():
        if data.startswith(signature):
            return read_raster(data, source_format)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return read_raster(data, "WebP")
    if len(data) == jsrt.N_BYTES:
        return jsrt.read_jsrt(data)
    raise ImageReadError(f"it is in no format that is read here. Use {READABLE}")
