"""DICOM radiographs through pydicom, without ever reading who the patient is: file, pixels, display."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

from vpe_core.images.dicom_display import for_display
from vpe_core.images.dicom_elements import decimals, text
from vpe_core.images.dicom_file import read_elements
from vpe_core.images.dicom_pixels import read_stored
from vpe_core.images.film import levels_of, pixel_spacing
from vpe_core.images.pixels import XrayPixels

if TYPE_CHECKING:
    from vpe_core.images.dicom_display import Display
    from vpe_core.images.dicom_pixels import StoredPixels
    from vpe_core.images.film import GreyLevels

_ELEMENTS = [
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames",
    "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
    "PixelPaddingValue", "PixelPaddingRangeLimit", "ModalityLUTSequence", "RescaleSlope", "RescaleIntercept",
    "VOILUTSequence", "WindowCenter", "WindowWidth", "VOILUTFunction",
    "PixelSpacingCalibrationType", "FloatPixelData", "DoubleFloatPixelData", "PixelData",
]  # fmt: skip
_SPACINGS = ["PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"]


def read_dicom(data: bytes) -> XrayPixels:
    """Decode the first frame of a DICOM image, of any transfer syntax that the plug-ins know, ready for display.

    The modality LUT or rescale is applied, then the first VOI LUT or window that can be used (PS3.3 C.11.1 and C.11.2);
    MONOCHROME1 is turned over. Without one, images of up to 8 bits show all their levels and deeper ones their own
    range, padding left out. docs/images.md says what is done where the standard leaves it open.

    Raises:
        ImageReadError: It holds no image, several frames or too many pixels. Damaged data also raises whatever pydicom
            and its plug-ins raise.
    """
    dataset, syntax = read_elements(BytesIO(data), _ELEMENTS + _SPACINGS, with_pixels=True)
    stored = read_stored(dataset, syntax)
    pairs = {name: decimals(dataset, name) for name in _SPACINGS}
    spacing = pixel_spacing(pairs, text(dataset, "PixelSpacingCalibrationType"))
    if stored.values.ndim == 3:
        return XrayPixels(stored.values, (0.0, 2.0**stored.bits - 1), "DICOM", spacing=spacing)
    display = for_display(stored, dataset)
    levels = partial(_levels, stored, display)
    return XrayPixels(display.stored, display.ends, "DICOM", levels, spacing, display.table)


def _levels(stored: StoredPixels, display: Display) -> GreyLevels:
    return levels_of(stored.values, display.before(), display.window, white_is_zero=stored.white_is_zero)
