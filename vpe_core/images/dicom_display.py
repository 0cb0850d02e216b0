"""From stored values to grey: modality transformation (PS3.3 C.11.1), VOI transformation (C.11.2), own range.

A display attribute that is empty, malformed or shows nothing counts as absent, as in viewers: the pixels are sound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from vpe_core.images.dicom_elements import decimals, integer, items, text, words
from vpe_core.images.pixels import MOST_LEVELS, level_index, own_range, row_blocks, take_levels
from vpe_core.images.windowing import FUNCTIONS, window_of_range, windowed

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from vpe_core.images.dicom_pixels import StoredPixels
    from vpe_core.images.pixels import PixelArray

Shown = tuple["PixelArray", tuple[float, float]]
Counts: TypeAlias = "NDArray[np.int64]"
Window = tuple[float, float]
_HALF_A_LEVEL = 0.5 / 255
_LEAST_SHARE = 0.001
_ENOUGH_INNER = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Display:
    """What the transformations that a file asks for make of its values.

    Attributes:
        stored: The pixels, bright meaning dense: values, or levels of the table.
        table: The value of each level; None where `stored` are values.
        ends: The values that are shown as black and white.
        before: Makes the values before the VOI transformation, which windows speak of.
        window: (center, width) in `before`: the file's, or of what a VOI table tells apart, or of the range shown.
    """

    stored: PixelArray
    table: PixelArray | None
    ends: tuple[float, float]
    before: Callable[[], PixelArray]
    window: Window


@dataclass(frozen=True, slots=True, eq=False)
class _Displayed:
    """What becomes of each level that occurs, see `Display`."""

    values: PixelArray
    ends: tuple[float, float]
    before: PixelArray
    window: Window


def for_display(stored: StoredPixels, dataset: Dataset) -> Display:
    """Values after the transformations that the file asks for, and what they were before the last of them.

    Each is a function of the stored value, so it is worked out once a level that occurs, not once a pixel.
    """
    values = stored.values
    lowest, highest = int(values.min()), int(values.max())
    if highest - lowest >= MOST_LEVELS:
        shown = _transformed(stored, np.ones(values.shape, np.int64), dataset)
        return Display(shown.values, None, shown.ends, lambda: shown.before, shown.window)
    if values.dtype == np.uint16:  # then the values are the levels
        lowest = 0
    index = level_index(values, lowest)
    n_levels = highest - lowest + 1
    counts = np.zeros(n_levels, np.int64)
    for rows in row_blocks(index):
        counts += np.bincount(index[rows].ravel(), minlength=n_levels)
    occurs = np.flatnonzero(counts)
    place = np.zeros(n_levels, np.intp)
    place[occurs] = np.arange(len(occurs))
    levels = (occurs + lowest).astype(values.dtype)
    shown = _transformed(replace(stored, values=levels), counts[occurs], dataset)
    before = partial(take_levels, shown.before[place], index)
    return Display(index, shown.values[place], shown.ends, before, shown.window)


def _transformed(stored: StoredPixels, counts: Counts, dataset: Dataset) -> _Displayed:
    shown = _windowed(stored, counts, dataset)
    if shown is None:
        before, levels = _after_modality(stored, dataset, False)
        values, ends = _without_window(stored, before, levels, dataset)
        shown = _Displayed(values, ends, before, window_of_range(*ends))
    if stored.white_is_zero:  # PS3.3 C.7.6.3.1.2
        low, high = shown.ends
        return replace(shown, values=(low + high) - shown.values)
    return shown


def _windowed(stored: StoredPixels, counts: Counts, dataset: Dataset) -> _Displayed | None:
    """What the first VOI LUT or window makes of the values that shows something.

    Of the two things that a comma in its numbers may mean, the one that leaves more greys between black and white.
    """
    names = ("RescaleIntercept", "WindowCenter", "WindowWidth")
    readings = [[decimals(dataset, name, groups_thousands=grouped) for name in names] for grouped in (False, True)]
    best, most = None, -1.0
    for grouped in (False, True)[: 1 if readings[0] == readings[1] else 2]:
        values, _ = _after_modality(stored, dataset, grouped)
        voi = _voi(values, dataset, grouped)
        shown = next((each for each in voi if _shows_something((each.values, each.ends), values, counts)), None)
        if shown is not None:
            black, white = _at_ends(shown.values, shown.ends)
            between = _share(~black & ~white, counts)
            if between > most:
                best, most = shown, between
    return best


def _after_modality(stored: StoredPixels, dataset: Dataset, grouped: bool) -> tuple[PixelArray, PixelArray | None]:
    """The values, and for up to 8 bits what becomes of all levels."""
    values = stored.values
    levels: PixelArray | None = None
    if stored.bits <= 8:
        lowest = -(2 ** (stored.bits - 1)) if values.dtype.kind == "i" else 0
        levels = np.arange(lowest, lowest + 2**stored.bits).astype(values.dtype)
    for item in items(dataset, "ModalityLUTSequence"):
        table = _table(item, values)
        if table is not None:
            return table(values), None if levels is None else table(levels)
    slope = next(iter(decimals(dataset, "RescaleSlope")), None)
    intercept = next(iter(decimals(dataset, "RescaleIntercept", groups_thousands=grouped)), None)
    slope, intercept = slope or 1.0, intercept or 0.0
    if (slope, intercept) == (1.0, 0.0):
        return values, levels
    rescaled = values.astype(np.float64) * slope + intercept
    if not np.isfinite(rescaled).all() or (rescaled.min() == rescaled.max() and values.min() != values.max()):
        return values, levels
    return rescaled, None if levels is None else levels.astype(np.float64) * slope + intercept


def _voi(values: PixelArray, dataset: Dataset, grouped: bool) -> Iterator[_Displayed]:
    """What the VOI LUTs and windows make of the values, in their order."""
    whole = values if values.dtype.kind in "iu" else np.rint(values.clip(-(2.0**31), 2.0**31 - 1)).astype(np.int64)
    for item in items(dataset, "VOILUTSequence"):
        table = _table(item, whole)
        if table is not None:
            yield _Displayed(table(whole), (0.0, table.white), values, table.window)
    function = text(dataset, "VOILUTFunction")
    centers, widths = (decimals(dataset, name, groups_thousands=grouped) for name in ("WindowCenter", "WindowWidth"))
    for center, width in zip_longest(centers, widths):
        if center is not None and width is not None and width > 0:
            shown = windowed(values, center, width, function if function in FUNCTIONS else "LINEAR")
            yield _Displayed(shown, (0.0, 1.0), values, (center, width))


def _shows_something(shown: Shown, values: PixelArray, counts: Counts) -> bool:
    """Whether more than plain black, plain white or one grey is left of a picture that has more.

    The smallest and the largest value do not count: a border, padding or burnt-in letters against an even picture are
    nothing to look at. A few pixels beyond an end that takes all others do not count either.
    """
    lowest, highest = values.min(), values.max()
    mapped, (low, high) = shown
    if lowest == highest:
        return True
    if mapped.min() == mapped.max():
        return False
    inner = (values > lowest) & (values < highest)
    if _share(inner, counts) >= _ENOUGH_INNER:
        mapped, counts = mapped[inner], counts[inner]
    return max(_share(end, counts) for end in _at_ends(mapped, (low, high))) <= 1 - _LEAST_SHARE


def _share(chosen: NDArray[np.bool_], counts: Counts) -> float:
    """Which share of the pixels has one of the chosen levels."""
    return int(counts[chosen].sum()) / int(counts.sum())


def _at_ends(mapped: PixelArray, ends: tuple[float, float]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where a picture is black and where it is white."""
    low, high = ends
    share = (mapped - low) / (high - low)
    return share < _HALF_A_LEVEL, share > 1 - _HALF_A_LEVEL


def _without_window(stored: StoredPixels, values: PixelArray, levels: PixelArray | None, dataset: Dataset) -> Shown:
    if levels is not None:
        low, high = float(levels.min()), float(levels.max())
        if low < high:
            return values, (low, high)
    low, high = own_range(values[~_is_padding(stored, dataset)])
    return np.clip(values, low, high), (low, high)


def _is_padding(stored: StoredPixels, dataset: Dataset) -> NDArray[np.bool_]:
    """Where the picture is padded (PS3.3 C.7.5.1.1.2); nowhere if that would be everywhere."""
    nowhere = np.zeros(stored.values.shape, bool)
    ends = [integer(dataset, name) for name in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    known = [_as_stored(end, stored) for end in ends if end is not None]
    if ends[0] is None or not known:
        return nowhere
    padding = (stored.values >= min(known)) & (stored.values <= max(known))
    left = stored.values[~padding]
    return padding if left.size and left.min() < left.max() else nowhere


def _as_stored(value: int, stored: StoredPixels) -> int:
    """A padding value with the sign of the pixels: its element may have the other one."""
    bits = 8 * stored.values.dtype.itemsize
    value &= 2**bits - 1
    return value - 2**bits if stored.values.dtype.kind == "i" and value >> (bits - 1) else value


class _Table:
    """A lookup table (PS3.3 C.11.1.1.1): values below the first take its first entry, above the last its last."""

    def __init__(self, entries: NDArray[np.int64], first: int, bits: int) -> None:
        self._entries, self._first = entries, first
        largest = int(entries.max())
        # Vendors declare 16 bits for 12-bit entries: the range that the entries contradict is not believed.
        self.white = float(2**bits - 1 if 1 <= bits <= 16 and 2 ** (bits - 1) <= largest < 2**bits else largest)

    @property
    def window(self) -> Window:
        """(center, width) of the values that it tells apart."""
        return window_of_range(self._first, self._first + len(self._entries) - 1)

    def __call__(self, values: PixelArray) -> PixelArray:
        index = np.clip(values.astype(np.int64) - self._first, 0, len(self._entries) - 1)
        return np.asarray(self._entries[index].astype(np.float64))


def _table(item: Dataset, values: PixelArray) -> _Table | None:
    """The table of an item; None if it cannot be used for these values."""
    descriptor, data = words(item, "LUTDescriptor"), words(item, "LUTData")
    if len(descriptor) != 3 or not data:
        return None
    n_entries, first, bits = descriptor[0] or 2**16, descriptor[1], descriptor[2]
    if first >= 2**15 and values.min() < 0:
        first -= 2**16
    if bits <= 8 and len(data) == (n_entries + 1) // 2 and n_entries > 1:  # two entries in a word
        data = [half for word in data for half in (word & 0xFF, word >> 8)]
    entries = np.array(data[:n_entries], np.int64)
    is_short = len(entries) < n_entries and int(values.max()) - first >= len(entries)
    return None if is_short or entries.max() == 0 else _Table(entries, first, bits)
