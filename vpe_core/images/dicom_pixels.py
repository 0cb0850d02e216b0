"""The first frame of a DICOM image as stored values, whatever its header and its compressed frame disagree about."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vpe_core.errors import ImageReadError
from vpe_core.images import codestreams
from vpe_core.images.codestreams import Codestream, begins_frame, codestream
from vpe_core.images.dicom_elements import integer, text
from vpe_core.images.ends import ENDS_EARLY, decode_whole
from vpe_core.images.limits import check_pixel_count
from vpe_core.images.rle import without_excess

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.uid import UID

    from vpe_core.images.pixels import PixelArray

_COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "YBR_PARTIAL_420", "YBR_PARTIAL_422")
_GREYS = ("MONOCHROME1", "MONOCHROME2")
_RLE_TOO_SHORT = ("amount of decoded RLE segment data", "RLE header can only be")  # words of pydicom
_UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, eq=False)
class StoredPixels:
    """The stored values of one frame, bits beside them cleared.

    Attributes:
        values: (rows, columns) for grey, (rows, columns, 3) of uint8 for colour.
        bits: Bits Stored (0028,0101), or what is known instead.
        white_is_zero: Whether the smallest value is white (MONOCHROME1).
    """

    values: PixelArray
    bits: int
    white_is_zero: bool


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the decoder is told; `bits` None where the header gives no usable number."""

    rows: int
    columns: int
    samples: int
    photometric: str
    allocated: int | None
    bits: int | None
    is_signed: bool
    n_frames: int


def read_stored(dataset: Dataset, syntax: str) -> StoredPixels:
    """Decode the first frame.

    Raises:
        ImageReadError: There are no pixels, several frames, or a kind that is not read. Damaged data also raises
            whatever pydicom and its plug-ins raise.
    """
    layout = _layout(dataset)
    element = dataset.get_item("PixelData")
    data = bytes(element.value or b"")  # as it stands in the file: pydicom would convert it after a wrong VR
    decode = _decode_compressed if getattr(element, "length", 0) == _UNDEFINED else _decode_native
    values, photometric, allocated = decode(dataset, data, syntax, layout)
    grey = (layout.rows, layout.columns)
    if values.shape not in (grey, (*grey, 3)):
        raise ImageReadError(f"its header says {layout.columns} x {layout.rows} pixels, its data {values.shape}")
    if values.ndim == 3 and photometric != "RGB":
        raise ImageReadError(f"its colours are {photometric}; only grey and RGB images are read")
    bits = min(layout.bits or allocated, allocated)
    if values.dtype.byteorder == ">":
        values = values.astype(values.dtype.newbyteorder("="))
    clean = _without_other_bits(values, bits, integer(dataset, "HighBit"))
    if _is_folded(values, clean, bits):
        clean, bits = values, 8 * values.dtype.itemsize
    return StoredPixels(clean, bits, photometric == _GREYS[0])


def _layout(dataset: Dataset) -> _Layout:
    rows, columns = integer(dataset, "Rows"), integer(dataset, "Columns")
    if "PixelData" not in dataset or rows is None or columns is None:
        if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset:
            raise ImageReadError("its pixels are floating-point numbers; only whole numbers are read from DICOM files")
        raise ImageReadError("it is a DICOM file without an image")
    check_pixel_count(columns, rows)
    photometric, samples = text(dataset, "PhotometricInterpretation"), integer(dataset, "SamplesPerPixel")
    if photometric.startswith("PALETTE"):
        raise ImageReadError(f"its colours are {photometric}; only grey and RGB images are read")
    if samples not in (1, 3) and (not samples or photometric in (*_GREYS, *_COLOURS)):
        samples = 3 if photometric in _COLOURS else 1
    if samples not in (1, 3):
        raise ImageReadError(f"its pixels have {samples} samples each; only grey and RGB images are read")
    allocated, bits = integer(dataset, "BitsAllocated"), integer(dataset, "BitsStored")
    n_frames = integer(dataset, "NumberOfFrames") or 1
    is_signed = integer(dataset, "PixelRepresentation") == 1
    return _Layout(
        rows, columns, samples, photometric, allocated or None, bits if bits and bits > 0 else None, is_signed, n_frames
    )


def _decode_native(dataset: Dataset, data: bytes, syntax: str, layout: _Layout) -> tuple[PixelArray, str, int]:
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

    n_pixels, samples = layout.rows * layout.columns, layout.samples
    if samples == 3 and layout.photometric in _GREYS and len(data) < 3 * n_pixels:
        samples = 1
    allocated = layout.allocated or 0
    if allocated not in (1, 8, 16, 32):  # the length tells, if it fits
        n_values = n_pixels * samples
        fitting = (8 * n for n in (1, 2, 4) if 0 <= len(data) - n * n_values <= 1)
        allocated = next(fitting, allocated)
    if allocated not in (1, 8, 16, 32):
        raise ImageReadError(f"its pixels have {allocated} bits allocated; only 1, 8, 16 and 32 are read")
    _check_colour_bits(samples, allocated)
    photometric = _photometric(layout.photometric, samples)
    n_bytes = math.ceil(n_pixels * samples * allocated / 8)
    if photometric == "YBR_FULL_422":
        if len(data) >= n_bytes:  # as many programs write that have the name wrong
            photometric = "YBR_FULL"
        else:
            n_bytes = n_bytes // 3 * 2
    if len(data) < n_bytes:
        raise ImageReadError(f"its pixel data end early: {len(data)} of {n_bytes} bytes are there")
    if layout.n_frames > 1 and len(data) >= 2 * n_bytes:
        raise _several(layout.n_frames)
    frame = data[: n_bytes + n_bytes % 2].ljust(n_bytes + n_bytes % 2, b"\0")
    if syntax != ExplicitVRBigEndian:  # pixels that are not in frames are not compressed, whatever is declared
        syntax = ExplicitVRLittleEndian
    return (*_decoded(dataset, syntax, frame, layout, samples, photometric, allocated), allocated)


def _decode_compressed(dataset: Dataset, data: bytes, syntax: str, layout: _Layout) -> tuple[PixelArray, str, int]:
    from pydicom import uid as syntaxes
    from pydicom.encaps import encapsulate

    frame, n_frames = _first_frame(data)
    if layout.n_frames > 1 and n_frames > 1:
        raise _several(layout.n_frames)
    header = codestream(frame)
    samples, allocated = layout.samples, layout.allocated or (8 if (layout.bits or 8) <= 8 else 16)
    if header:
        # The compressed frame declares a size of its own, and that is what a decoder allocates.
        if header.size_wh != (layout.columns, layout.rows):
            said = f"{layout.columns} x {layout.rows}"
            raise ImageReadError(f"its header says {said} pixels, its frame {header.size_wh}")
        if header.components not in (1, 3) or not 1 <= header.precision <= 32:
            raise ImageReadError(f"its pixels have {header.components} samples of {header.precision} bits each")
        samples = header.components
        allocated = 8 if header.precision <= 8 else 16 if header.precision <= 16 else 32
    if header is None and allocated % 8 == 0 and len(frame) >= 4:  # RLE has a segment for each byte of a pixel
        n_samples = int.from_bytes(frame[:4], "little") * 8 // allocated
        samples = n_samples if n_samples in (1, 3) else samples
        frame = without_excess(frame, layout.rows * layout.columns)
    _check_colour_bits(samples, allocated)
    uid = _syntax_of(frame, header, syntax)
    is_ycc = uid in (syntaxes.JPEGBaseline8Bit, syntaxes.JPEGExtended12Bit)
    photometric = _photometric(layout.photometric, samples, "YBR_FULL" if is_ycc else "RGB")

    def decode(whole: bytes) -> tuple[PixelArray, str]:
        data = encapsulate([whole], has_bot=False)
        return _decoded(dataset, uid, data, layout, samples, photometric, allocated)

    try:
        values, shown_as = decode_whole(frame, header, decode) if header else decode(frame)
    except RuntimeError as error:
        if any(words in str(error) for words in _RLE_TOO_SHORT):
            raise ImageReadError(ENDS_EARLY) from None
        raise
    return values, shown_as, min(header.precision, allocated) if header else allocated


def _check_colour_bits(samples: int, allocated: int) -> None:
    if samples == 3 and allocated != 8:
        raise ImageReadError(f"it is a colour image of {allocated} bits; only 8-bit colour is read")


def _decoded(
    dataset: Dataset, syntax: str, data: bytes, layout: _Layout, samples: int, photometric: str, allocated: int
) -> tuple[PixelArray, str]:
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID as Syntax

    options: dict[str, Any] = {
        "rows": layout.rows,
        "columns": layout.columns,
        "samples_per_pixel": samples,
        "photometric_interpretation": photometric,
        "planar_configuration": 1 if integer(dataset, "PlanarConfiguration") == 1 else 0,
        "bits_allocated": allocated,
        "bits_stored": allocated,  # bits beside the stored ones are cleared afterwards, for all syntaxes alike
        "pixel_representation": int(layout.is_signed and samples == 1),
        "number_of_frames": 1,
        "pixel_keyword": "PixelData",
        "pixel_vr": str(getattr(dataset.get_item("PixelData"), "VR", None) or "OW"),
    }
    values, properties = get_decoder(Syntax(syntax)).as_array(data, index=0, **options)
    return np.asarray(values), str(properties["photometric_interpretation"])


def _photometric(declared: str, samples: int, colour: str = "RGB") -> str:
    """What is declared, if it goes with the number of samples; else the commonest that does."""
    if samples == 1:
        return declared if declared in _GREYS else "MONOCHROME2"
    return declared if declared in _COLOURS else colour


def _first_frame(data: bytes) -> tuple[bytes, int]:
    """The first compressed frame, and how many frames there are."""
    from pydicom.encaps import generate_fragments, parse_basic_offsets

    offsets = parse_basic_offsets(data)
    fragments = list(generate_fragments(data[8 + 4 * len(offsets) :]))
    if not fragments:
        raise ImageReadError("it holds no frame")
    starts = [i for i, fragment in enumerate(fragments) if begins_frame(fragment)]
    if starts[:1] != [0]:  # RLE keeps each frame in one fragment
        return fragments[0], len(fragments)
    return b"".join(fragments[: starts[1]] if len(starts) > 1 else fragments), len(starts)


def _syntax_of(frame: bytes, header: Codestream | None, declared: str) -> UID:
    """The transfer syntax that the frame is in: the declared one is missing or wrong in some files."""
    from pydicom import uid

    if header is None:
        if not 1 <= int.from_bytes(frame[:4], "little") <= 15 or int.from_bytes(frame[4:8], "little") != 64:
            raise ImageReadError(f"its pixels are compressed as {uid.UID(declared).name}, which is not read")
        return uid.RLELossless
    if header.process == codestreams.JPEG_2000:
        is_known = declared in uid.JPEG2000TransferSyntaxes
        return uid.UID(declared) if is_known else uid.JPEG2000
    if header.process == codestreams.JPEG_LS:
        return uid.JPEGLSLossless
    if header.process == codestreams.JPEG_LOSSLESS:
        return uid.JPEGLosslessSV1
    return uid.JPEGBaseline8Bit if header.precision <= 8 else uid.JPEGExtended12Bit


def _several(n_frames: int) -> ImageReadError:
    return ImageReadError(f"it holds {n_frames} frames. Save the one that you mean as a file of its own")


def _without_other_bits(values: PixelArray, bits: int, high_bit: int | None) -> PixelArray:
    """Only the stored bits, signs extended (PS3.5 8.1.1): overlays and other things may stand beside them."""
    container = 8 * values.dtype.itemsize
    spare = container - bits
    largest = int(values.view(f"u{values.dtype.itemsize}").max())
    if spare <= 0 or largest < 2 ** (bits - (values.dtype.kind == "i")):  # nothing stands beside, no sign to extend
        return values
    above = spare
    if high_bit is not None and bits <= high_bit < container and largest >> bits:
        above = container - 1 - high_bit  # left-aligned, as files of before 1998 may be
    return np.asarray(np.right_shift(np.left_shift(values, above), spare))


def _is_folded(values: PixelArray, clean: PixelArray, bits: int) -> bool:
    """Whether the bits that were cleared belong to the values: the header names fewer bits than are used.

    Then neighbours that are close become far apart where the values pass a multiple of 2 ** bits. What stands beside
    the values, such as an overlay, does the opposite at its edges.
    """
    if clean is values or values.ndim != 2 or np.array_equal(values, clean):
        return False
    half = 2 ** (bits - 1)
    far_before, far_after = (np.abs(np.diff(each.astype(np.int64), axis=1)) > half for each in (values, clean))
    return int((far_after & ~far_before).sum()) > int((far_before & ~far_after).sum())
