"""The pixels of a TIFF file in full depth, of every kind of sample that is read."""

from __future__ import annotations

import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from vpe_core.errors import ImageReadError
from vpe_core.images import tiff
from vpe_core.images.codestreams import END, JPEG_START, codestream
from vpe_core.images.deep_colour import both_bytes
from vpe_core.images.ends import ENDS_EARLY, decode_whole
from vpe_core.images.limits import check_pixel_count
from vpe_core.images.modes import to_values
from vpe_core.images.orientation import upright

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.images.pixels import PixelArray

_PLAIN_COLOURS = (tiff.WHITE_IS_ZERO, tiff.BLACK_IS_ZERO, tiff.RGB)
_PLAIN_COMPRESSIONS = (1, 5, 8, 32946, 32773)  # none, LZW, deflate (two numbers), PackBits
_JPEG = 7
_MOST_SAMPLES = 4
_UNTOLD = "it does not tell which colours its samples are (PhotometricInterpretation is missing). Save it anew"
_BEYOND_PHYSICS = 1e30  # programs write the lowest number of the type where there is no value
# (bits, sample format): the sample format to declare to Pillow, and the type that the values have in truth
_GREYS = {
    (8, tiff.SIGNED): (tiff.UNSIGNED, "i1"),
    (12, tiff.UNSIGNED): (tiff.UNSIGNED, "u2"),
    (16, tiff.UNSIGNED): (tiff.UNSIGNED, "u2"),
    (16, tiff.SIGNED): (tiff.UNSIGNED, "i2"),
    (16, tiff.FLOATING): (tiff.UNSIGNED, "f2"),
    (32, tiff.UNSIGNED): (tiff.SIGNED, "u4"),
    (32, tiff.SIGNED): (tiff.SIGNED, "i4"),
    (32, tiff.FLOATING): (tiff.FLOATING, "f4"),
}


def read_tiff(data: bytes) -> PixelArray:
    """Decode the only picture of a TIFF file, upright.

    Raises:
        ImageReadError: It is too large, holds several pictures or samples of a kind that is not read. Damaged data also
            raises whatever Pillow raises.
    """
    header = tiff.read_header(BytesIO(data))
    check_pixel_count(*header.size_wh)
    if tiff.lacks_rows(header, len(data)):  # before a directory of our own stands there
        raise ImageReadError(ENDS_EARLY)
    if header.has_more:
        raise ImageReadError("it holds several pictures. Save the one that you mean as a file of its own")
    if header.samples > 6:
        raise _refused(header)
    photometric, compression = header.photometric, header.one(tiff.COMPRESSION)
    if photometric is None:
        raise ImageReadError(_UNTOLD)
    if header.samples == 1 and photometric in (tiff.WHITE_IS_ZERO, tiff.BLACK_IS_ZERO):
        kind = _GREYS.get((header.bits, header.sample_format))
        if kind:
            return upright(_grey(data, header, *kind), header.one(tiff.ORIENTATION))
    if header.bits == 16 and photometric == tiff.RGB and header.sample_format == tiff.UNSIGNED:
        return _deep_colour(data, header)
    if header.bits > 8 or header.bits == 0 or header.sample_format != tiff.UNSIGNED:
        raise _refused(header)
    if photometric not in _PLAIN_COLOURS or compression not in _PLAIN_COMPRESSIONS:
        return _as_it_stands(data, header)  # needs tags that are not in our directory
    with _opened(tiff.declared_anew(data, header, {tiff.PHOTOMETRIC: (photometric,)}), header) as picture:
        return upright(to_values(picture), header.one(tiff.ORIENTATION))


def _as_it_stands(data: bytes, header: tiff.TiffHeader) -> PixelArray:
    is_told = tiff.PHOTOMETRIC in header.tags
    if not is_told and header.samples > 1:
        raise ImageReadError(_UNTOLD)
    try:
        with _opened(data, header) as picture:
            values = to_values(picture)
    except ValueError as error:
        if "raw mode" in str(error):
            raise _refused(header) from None
        raise
    if header.one(tiff.COMPRESSION) == _JPEG:
        _require_whole_frames(data, header)
    # Where nothing is told, Pillow takes the samples for white at zero.
    return ~values if not is_told and header.photometric == tiff.BLACK_IS_ZERO else values


def _require_whole_frames(data: bytes, header: tiff.TiffHeader) -> None:
    """Refuse JPEG strips and tiles that lack pixels, which libtiff fills up without a word."""
    tables = header.jpeg_tables.removesuffix(END)
    for part in header.parts:
        frame = tables + data[part].removeprefix(JPEG_START) if tables else data[part]
        if declared := codestream(frame):
            check_pixel_count(*declared.size_wh)
            decode_whole(frame, declared, _jpeg)


def _jpeg(frame: bytes) -> tuple[PixelArray, None]:
    with JpegImageFile(BytesIO(frame)) as picture:
        return np.array(picture), None


def _refused(header: tiff.TiffHeader) -> ImageReadError:
    return ImageReadError(f"it is {header.described}, which is not read here. Save it as 16-bit grey")


def _opened(data: bytes, header: tiff.TiffHeader) -> TiffImageFile:
    try:
        return TiffImageFile(BytesIO(data))
    except SyntaxError as error:
        if "pixel mode" in str(error):
            raise _refused(header) from None
        raise


def _grey(data: bytes, header: tiff.TiffHeader, declared_format: int, dtype: str) -> PixelArray:
    changes = {
        tiff.PHOTOMETRIC: (tiff.BLACK_IS_ZERO,),
        tiff.SAMPLE_FORMAT: (declared_format,),
        tiff.BITS: (header.bits,),
        tiff.EXTRA_SAMPLES: (),
    }
    with _opened(tiff.declared_anew(data, header, changes), header) as picture:
        values = np.array(picture)
    size = values.dtype.itemsize
    values = values.astype(values.dtype.newbyteorder("="))
    if size != np.dtype(dtype).itemsize:
        raise _refused(header)
    if size == 4 and header.order == ">" and header.one(tiff.COMPRESSION) != 1 and sys.byteorder == "little":
        values = values.byteswap()  # libtiff has put them into native order, and Pillow turns them once more
    values = values.view(dtype)
    if dtype == "f2":
        values = values.astype(np.float32)
    is_void = _without_data(values, header)
    if header.photometric == tiff.WHITE_IS_ZERO:
        if values.dtype.kind == "f":
            values = values[~is_void].max() + values[~is_void].min() - values
        else:
            values = 4095 - values if header.bits == 12 else ~values
    return np.where(is_void, values[~is_void].min(), values) if is_void.any() else values


def _without_data(values: PixelArray, header: tiff.TiffHeader) -> NDArray[np.bool_]:
    """Where a pixel has no value; nowhere if that would be everywhere."""
    is_void = np.zeros(values.shape, bool)
    if values.dtype.kind == "f":
        is_void |= np.isfinite(values) & (np.abs(values) > _BEYOND_PHYSICS)
    if header.no_data is not None and header.bits > 8:  # of eight bits, all levels are shown anyway
        is_nan = np.isnan(header.no_data)
        is_void |= np.isnan(values) if is_nan else values == np.asarray(header.no_data).astype(_comparable(values))
    return np.zeros(values.shape, bool) if is_void.all() else is_void


def _comparable(values: PixelArray) -> np.dtype[Any]:
    """float64 holds all integers exactly; floats are compared in their own type, to which the tag's text is rounded."""
    return values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)


def _deep_colour(data: bytes, header: tiff.TiffHeader) -> PixelArray:
    if header.samples not in (3, _MOST_SAMPLES):
        raise _refused(header)
    extra = header.tags.get(tiff.EXTRA_SAMPLES, ())
    n_shown = 4 if header.samples == _MOST_SAMPLES and extra in ((), (2,)) else 3
    if header.one(tiff.PLANAR) == 2:
        planes = [_grey(*_plane(data, header, index), tiff.UNSIGNED, "u2") for index in range(n_shown)]
        return upright(np.stack(planes, axis=2), header.one(tiff.ORIENTATION))
    declared_extra = (2,) if n_shown == _MOST_SAMPLES else (0,) if header.samples == _MOST_SAMPLES else ()
    changes = {
        tiff.PHOTOMETRIC: (tiff.RGB,),
        tiff.EXTRA_SAMPLES: declared_extra,
        tiff.SAMPLE_FORMAT: (tiff.UNSIGNED,),
    }
    anew = tiff.declared_anew(data, header, changes)
    values = both_bytes(lambda: _opened(anew, header), lambda mode: mode, _other_byte_order)
    return upright(values, header.one(tiff.ORIENTATION))


def _other_byte_order(raw_mode: str) -> str:
    is_little = raw_mode[-1] == "L" or (raw_mode[-1] == "N" and sys.byteorder == "little")
    return raw_mode[:-1] + ("B" if is_little else "L")


def _plane(data: bytes, header: tiff.TiffHeader, index: int) -> tuple[bytes, tiff.TiffHeader]:
    """The file declared anew as one of its planes."""
    changes: dict[int, tuple[int, ...]] = {
        tiff.SAMPLES: (1,),
        tiff.BITS: (header.bits,),
        tiff.PHOTOMETRIC: (tiff.BLACK_IS_ZERO,),
        tiff.PLANAR: (1,),
        tiff.EXTRA_SAMPLES: (),
        tiff.SAMPLE_FORMAT: (header.sample_format,),
    }
    for tag in (tiff.STRIP_OFFSETS, tiff.STRIP_BYTES, tiff.TILE_OFFSETS, tiff.TILE_BYTES):
        values = header.tags.get(tag, ())
        each = len(values) // header.samples
        changes[tag] = values[index * each : (index + 1) * each]
    tags = {tag: values for tag, values in (header.tags | changes).items() if values}
    return data, tiff.TiffHeader(header.order, tags, False)
