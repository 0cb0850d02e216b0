"""An X-ray with all that a reader needs to look at it: the grey levels behind the picture, and the size of a pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, isfinite
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from vpe_core.images.windowing import apply_window, window_of_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.images.pixels import PixelArray, XrayPixels

_MOST_LEVELS = 2**16
_LEAST_SPAN = 255.0
_SANE_MM = (0.001, 10.0)


@dataclass(frozen=True, slots=True)
class PixelSpacing:
    """How far apart the centres of neighbouring pixels are.

    Attributes:
        row_mm: From one row to the next.
        column_mm: From one column to the next.
        source: Who says so: "PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing" or "JSRT".
        where: What a length is measured on: "at the detector", "on the film", "calibrated", or empty if nobody says.
    """

    row_mm: float
    column_mm: float
    source: str
    where: str

    def length_mm(self, start: tuple[float, float], end: tuple[float, float]) -> float:
        """The distance of two points in image pixels, (x, y), in mm."""
        return hypot((end[0] - start[0]) * self.column_mm, (end[1] - start[1]) * self.row_mm)


def pixel_spacing(pairs: Mapping[str, Sequence[float | None]], calibration: str = "") -> PixelSpacing | None:
    """The size of a pixel, from what a DICOM file says of it (PS3.3 10.7.1.3); None if it says nothing that can be.

    Pixel Spacing that differs from the detector's was corrected for magnification; equal or alone, the detector's
    lengths are larger than the patient's.

    Args:
        pairs: (from row to row, from column to column) of "PixelSpacing", "ImagerPixelSpacing" and
            "NominalScannedPixelSpacing".
        calibration: Pixel Spacing Calibration Type (0028,0A02).
    """
    known = {name: (row, column) for name, (row, column) in _usable(pairs).items()}
    patient = known.get("PixelSpacing")
    for name, where in (("ImagerPixelSpacing", "at the detector"), ("NominalScannedPixelSpacing", "on the film")):
        if name in known and patient in (None, known[name]) and not (patient and calibration):
            return PixelSpacing(*known[name], name, where)
    if patient is None:
        return None
    is_calibrated = bool(calibration) or len(known) > 1
    return PixelSpacing(*patient, "PixelSpacing", "calibrated" if is_calibrated else "")


def _usable(pairs: Mapping[str, Sequence[float | None]]) -> dict[str, tuple[float, float]]:
    low, high = _SANE_MM
    usable = {}
    for name, values in pairs.items():
        numbers = [value for value in values if value is not None and isfinite(value) and low <= value <= high]
        if len(numbers) == len(values) == 2:
            usable[name] = (numbers[0], numbers[1])
    return usable


@dataclass(frozen=True, slots=True, eq=False)
class GreyLevels:
    """The grey of an image in full depth, in the units that windows speak of.

    Attributes:
        levels: (height, width) of uint8 or uint16.
        values: (n,) What each level means, such as the modality values of a DICOM image.
        window: (center, width) to begin with: the file's own, or else of all that is shown without one.
        white_is_zero: Whether small values are bright.
    """

    levels: NDArray[np.uint8 | np.uint16]
    values: NDArray[np.float64]
    window: tuple[float, float]
    white_is_zero: bool = False

    @property
    def value_range(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return float(self.values.min()), float(self.values.max())

    def windowed(self, center: float, width: float, invert: bool = False) -> Image.Image:
        """The picture in a window (`apply_window`), bright meaning dense unless it is inverted: mode "L"."""
        grey = apply_window(self.values, center, width, invert != self.white_is_zero)
        return Image.fromarray(grey[self.levels])


def levels_of_picture(picture: Image.Image) -> GreyLevels:
    """Grey levels of an image that has no others: its own 256 (mode "L")."""
    return GreyLevels(np.asarray(picture), np.arange(256.0), window_of_range(0, 255))


def levels_of(
    stored: PixelArray, values: PixelArray, window: tuple[float, float], *, white_is_zero: bool = False
) -> GreyLevels:
    """Grey levels of values that depend on nothing but what is stored.

    Up to 65,536 different values are kept to the last digit; more are divided into so many even steps. Values that are
    no whole numbers and lie close together, such as 0 to 1, are told in such steps as well, from 0 to 65535.

    Args:
        stored: (height, width) of any real type.
        values: The same shape; what windows speak of.
        window: (center, width) in `values`.
        white_is_zero: Whether small values are bright.
    """
    low, high = float(stored.min()), float(stored.max())
    if stored.dtype.kind in "iu" and high - low < _MOST_LEVELS:
        levels = np.subtract(stored, int(low), dtype=np.int32 if stored.dtype.itemsize <= 2 else np.int64)
        table: NDArray[np.float64] = np.zeros(int(high - low) + 1)
        is_there = np.zeros(len(table), bool)
        table[levels], is_there[levels] = values, True
        table[~is_there] = table[is_there].min()  # so that a level that does not occur does not widen the range
    else:
        low, high = float(values.min()), float(values.max())
        step = (high - low) / (_MOST_LEVELS - 1) or 1.0
        levels, table = np.rint((values - low) / step), low + step * np.arange(float(_MOST_LEVELS))
    span = float(np.ptp(table))
    if 0 < span < _LEAST_SPAN and not (table == np.rint(table)).all():
        step, first = span / (_MOST_LEVELS - 1), float(table.min())
        center, width = window
        table = (table - first) / step
        window = (center - 0.5 - first) / step + 0.5, max(1.0, (width - 1) / step + 1)
    dtype: type[np.uint8 | np.uint16] = np.uint8 if len(table) <= 2**8 else np.uint16
    return GreyLevels(np.asarray(levels, dtype), table, window, white_is_zero)


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """An X-ray for a reader.

    Attributes:
        picture: As the file says: mode "L", the picture of `load_image`.
        grey: The grey levels behind it; of pictures of 8 bits and of colours, those of the picture.
        spacing: The size of a pixel, where it is known.
    """

    picture: Image.Image
    grey: GreyLevels
    spacing: PixelSpacing | None = None


def film_of(pixels: XrayPixels) -> Film:
    """The film of an image that has been read."""
    picture, values = pixels.grey(), pixels.values
    if pixels.levels is not None:
        grey = pixels.levels()
    elif values.ndim == 2 and values.dtype != np.uint8:
        grey = levels_of(values, values, window_of_range(*pixels.display_range))
    else:
        grey = levels_of_picture(picture)
    return Film(picture, grey, pixels.spacing)
