"""DICOM radiographs through pydicom, without ever reading who the patient is.

Only the elements listed here are parsed; names, dates and numbers of the patient are skipped unread, so nothing about
the person can be shown, logged or stored.
"""

from __future__ import annotations

from collections.abc import MutableSequence
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from pydicom import dcmread
from pydicom.encaps import generate_frames
from pydicom.filereader import read_dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi
from pydicom.pixels.utils import pixel_array
from pydicom.uid import DeflatedExplicitVRLittleEndian

from vpe_core.errors import ImageReadError
from vpe_core.images.codestreams import declared_size_wh
from vpe_core.images.limits import check_pixel_count
from vpe_core.images.pixels import XrayPixels, own_range
from vpe_core.images.windowing import apply_window

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from vpe_core.images.pixels import PixelArray

PREAMBLE_BYTES = 128
MAGIC = b"DICM"
_FILE_META_GROUP = 0x0002
_ELEMENTS = [
    "TransferSyntaxUID", "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames",
    "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue",
    "ModalityLUTSequence", "RescaleSlope", "RescaleIntercept",
    "VOILUTSequence", "WindowCenter", "WindowWidth", "VOILUTFunction",
    "ExtendedOffsetTable", "ExtendedOffsetTableLengths", "PixelData",
]  # fmt: skip


def is_dicom(data: bytes) -> bool:
    return data[PREAMBLE_BYTES : PREAMBLE_BYTES + len(MAGIC)] == MAGIC


def read_dicom(data: bytes) -> XrayPixels:
    """Decode a single-frame DICOM image, of any transfer syntax that the installed plug-ins know, ready for display.

    The modality LUT or rescale is applied, then the first VOI LUT or window (PS3.3 C.11.1 and C.11.2); MONOCHROME1 is
    turned over. Without a window, 8-bit images show all their levels and deeper ones their own range, padding left out.

    Raises:
        ImageReadError: It holds no image, several frames or too many pixels. Damaged data also raises whatever pydicom
            and its plug-ins raise.
    """
    _refuse_deflated(data)
    dataset = dcmread(BytesIO(data), specific_tags=list(_ELEMENTS))
    _check_declared(dataset)
    stored = pixel_array(dataset)
    photometric = str(dataset.PhotometricInterpretation)
    if stored.ndim == 3:
        return XrayPixels(stored, own_range(stored), "DICOM")
    if photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise ImageReadError(f"its colours are {photometric}; only grey and RGB images are read")
    values, display_range = _for_display(stored, dataset)
    if photometric == "MONOCHROME1":  # PS3.3 C.7.6.3.1.2: the smallest value is white
        values = sum(display_range) - values
    return XrayPixels(values, display_range, "DICOM")


def _refuse_deflated(data: bytes) -> None:
    # pydicom inflates the whole file without a limit: 30 MB may become 30 GB.
    stream = BytesIO(data)
    stream.seek(PREAMBLE_BYTES + len(MAGIC))
    meta = read_dataset(stream, False, True, stop_when=lambda tag, *_: tag.group != _FILE_META_GROUP)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        raise ImageReadError("it is a deflated DICOM file. Save it with another transfer syntax")


def _check_declared(dataset: Dataset) -> None:
    if "PixelData" not in dataset or "Rows" not in dataset or "Columns" not in dataset:
        raise ImageReadError("it is a DICOM file without an image")
    check_pixel_count(dataset.Columns, dataset.Rows)
    n_frames = int(dataset.get("NumberOfFrames") or 1)
    if n_frames > 1:
        raise ImageReadError(f"it holds {n_frames} frames. Save the one that you mean as a file of its own")
    if dataset.get("SamplesPerPixel", 1) == 3 and dataset.BitsAllocated != 8:
        raise ImageReadError(f"it is a colour image of {dataset.BitsAllocated} bits; only 8-bit colour is read")
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        # The compressed frame declares a size of its own, and that is what a decoder allocates.
        declared = declared_size_wh(next(generate_frames(dataset.PixelData, number_of_frames=1)))
        if declared not in (None, (dataset.Columns, dataset.Rows)):
            raise ImageReadError(f"its header says {dataset.Columns} x {dataset.Rows} pixels, its frame {declared}")


def _for_display(stored: PixelArray, dataset: Dataset) -> tuple[PixelArray, tuple[float, float]]:
    """Values after the modality and VOI transformations, and the range from black to white."""
    values = apply_modality_lut(stored, dataset)
    if dataset.get("VOILUTSequence"):
        descriptor = dataset.VOILUTSequence[0].LUTDescriptor
        white = 2.0 ** int(descriptor[2]) - 1
        descriptor[2] = 16  # pydicom keeps its index in this many bits, and 8 cannot hold a 12-bit value
        return apply_voi(np.rint(values).astype(np.int32), dataset).astype(np.float64), (0.0, white)
    if dataset.get("WindowWidth") is not None and dataset.get("WindowCenter") is not None:
        center, width = _first(dataset.WindowCenter), _first(dataset.WindowWidth)
        return apply_window(values, center, width, str(dataset.get("VOILUTFunction") or "LINEAR").upper()), (0.0, 1.0)
    if stored.dtype == np.uint8:
        ends = apply_modality_lut(np.array([0, 255], np.uint8), dataset)
        return values, own_range(ends.astype(np.float64))
    shown = values[stored != dataset.PixelPaddingValue] if "PixelPaddingValue" in dataset else values
    low, high = own_range(shown if shown.size else values)
    return np.clip(values, low, high), (low, high)


def _first(value: object) -> float:
    """The first of one or several numbers."""
    return float(value[0] if isinstance(value, MutableSequence) else value)  # type: ignore[arg-type]
