"""PNG, JPEG, TIFF and WebP through Pillow, in full bit depth."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from vpe_core.errors import ImageReadError
from vpe_core.images import codestreams, png, tiff
from vpe_core.images.deep_colour import both_bytes, decoded_as
from vpe_core.images.ends import ENDS_EARLY, decode_whole
from vpe_core.images.limits import check_pixel_count
from vpe_core.images.modes import to_values
from vpe_core.images.orientation import TURNED, orientation_of, upright
from vpe_core.images.pixels import XrayPixels, own_range
from vpe_core.images.tiff_pixels import read_tiff

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

    from vpe_core.images.pixels import PixelArray

_LOSSLESS = {0xC3, 0xC7, 0xCB, 0xCF, 0xF7}
_DEEP_COLOURS = {2: ("RGB;16B", "RGB;16L"), 6: ("RGBA;16B", "RGBA;16L")}
_GREY_ALPHA = 4
_IS_CUT = {"WebP": codestreams.webp_is_cut, "TIFF": tiff.is_cut}
_WEBP_HEAD_BYTES = 30


def read_raster(data: bytes, source_format: str) -> XrayPixels:
    """Decode one still picture.

    The size that it declares is checked before Pillow sees it. Pillow's own limit, which would come first, is passed
    by: `Image.open` is not used.

    Args:
        data: The whole file.
        source_format: "PNG", "JPEG", "TIFF" or "WebP".

    Raises:
        ImageReadError: It is too large, holds several pictures or values that are not finite. Damaged data also raises
            whatever Pillow raises.
    """
    readers = {"PNG": _read_png, "JPEG": _read_jpeg, "WebP": _read_webp, "TIFF": read_tiff}
    try:
        values = readers[source_format](data)
    except OSError as error:
        if "truncated" in str(error).lower() or (source_format in _IS_CUT and _IS_CUT[source_format](data)):
            raise ImageReadError(ENDS_EARLY) from None
        if "decoder error" in str(error):  # of libtiff, whatever it was
            raise ImageReadError("its compressed pixels are damaged. Copy it anew from where it comes") from None
        raise
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ImageReadError("it holds values that are not finite. Replace NaN and infinity before saving it")
    return XrayPixels(values, own_range(values), source_format)


def declared_size_wh(file: BinaryIO, source_format: str) -> tuple[int, int]:
    """(width, height) in pixels as the picture is shown, without decoding it.

    Args:
        file: At its beginning.
        source_format: "PNG", "JPEG", "TIFF" or "WebP".
    """
    if source_format == "TIFF":
        header = tiff.read_header(file)
        (width, height), orientation = header.size_wh, header.one(tiff.ORIENTATION)
    elif source_format == "WebP":
        declared = codestreams.webp_size_wh(file.read(_WEBP_HEAD_BYTES))
        check_pixel_count(*(declared or (0, 0)))
        file.seek(0)
        with WebPImageFile(file) as picture:
            (width, height), orientation = picture.size, orientation_of(picture)
    elif source_format == "PNG":
        with PngImageFile(BytesIO(png.essential(file, with_pixels=False))) as picture:
            # Without "exif" in info, Pillow would decode the picture to look for it behind the pixels.
            (width, height), orientation = picture.size, orientation_of(picture) if "exif" in picture.info else 1
    else:
        with JpegImageFile(file) as picture:
            (width, height), orientation = picture.size, orientation_of(picture)
    return (height, width) if orientation in TURNED else (width, height)


def _read_png(data: bytes) -> PixelArray:
    if len(data) < png.HEADER_BYTES:
        raise ImageReadError("it is damaged: it ends within its header")
    check_pixel_count(*png.size_wh(data))
    kept = png.essential(BytesIO(data))
    with PngImageFile(BytesIO(kept)) as picture:
        _check_opened(picture)
        depth, colour = png.depth_and_colour(kept)
        orientation = orientation_of(picture) if "exif" in picture.info else 1
        if depth != 16 or colour == 0:
            return upright(to_values(picture), orientation)

    def opened() -> PngImageFile:
        return PngImageFile(BytesIO(kept))

    if colour == _GREY_ALPHA:  # four bytes a pixel: taken for RGBA, nothing is lost
        four = decoded_as(opened, lambda _: "RGBA").astype(np.uint16)
        return upright(four[:, :, 0::2] << 8 | four[:, :, 1::2], orientation)
    upper, lower = _DEEP_COLOURS[colour]
    return upright(both_bytes(opened, lambda _: upper, lambda _: lower), orientation)


def _read_jpeg(data: bytes) -> PixelArray:
    header = codestreams.codestream(data)
    if header:
        check_pixel_count(*header.size_wh)
        if header.process in _LOSSLESS or header.precision != 8:
            kind = "lossless" if header.process in _LOSSLESS else f"{header.precision}-bit"
            raise ImageReadError(f"it is a {kind} JPEG file, which is read inside DICOM files only. Save it as PNG")
    return upright(*(decode_whole(data, header, _jpeg) if header else _jpeg(data)))


def _jpeg(data: bytes) -> tuple[PixelArray, int]:
    with JpegImageFile(BytesIO(data)) as picture:  # phones hide a second picture behind a JPEG; the first is meant
        _check_opened(picture)
        return to_values(picture), orientation_of(picture)


def _read_webp(data: bytes) -> PixelArray:
    declared = codestreams.webp_size_wh(data)
    if declared:
        check_pixel_count(*declared)
    with WebPImageFile(BytesIO(data)) as picture:
        _check_opened(picture)
        return upright(to_values(picture), orientation_of(picture))


def _check_opened(picture: ImageFile) -> None:
    check_pixel_count(*picture.size)
    if getattr(picture, "n_frames", 1) > 1:
        raise ImageReadError("it holds several pictures. Save the one that you mean as a file of its own")
