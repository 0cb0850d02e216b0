"""Decoded pixels of any format, and the two ways in which they become 8-bit pictures.

For people and for the `native` protocol: `XrayPixels.grey`, which follows the display range that the file asks for.
For the `paper` protocol: `XrayPixels.min_max`, which stretches whatever range the values have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from vpe_core.images.film import GreyLevels, PixelSpacing

PixelArray: TypeAlias = "NDArray[Any]"
"""Values of any real type: (height, width), or (height, width, channels) with 2 (grey, alpha), 3 or 4 channels."""

MOST_LEVELS = 2**16
"""Integers over a range of so many levels are mapped level by level."""
_BLOCK_VALUES = 2**17
_CHANNELS_TO_MODE = {2: "LA", 3: "RGB", 4: "RGBA"}
_LUMA = (19595, 38470, 7471)
"""ITU-R 601 in 1/65536, as Pillow has it: equal channels keep their value exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class XrayPixels:
    """An image as it was stored: upright, with bright meaning dense, in its full bit depth.

    Attributes:
        stored: The pixels, finite. Only uint8 and uint16 images have channels, and RGB of float, from 0 to 1.
        display_range: (low, high) values that are shown as black and white.
        source_format: "PNG", "JPEG", "TIFF", "WebP", "DICOM", "JSRT" or "memory".
        levels: Makes the grey levels in full depth, where `values` are in a window of the file's already.
        spacing: The size of a pixel, where the file says it.
        table: The value of each level, where `stored` are levels (uint16); pictures are made of it without the values
            of all pixels, which take four times the memory.
    """

    stored: PixelArray
    display_range: tuple[float, float]
    source_format: str
    levels: Callable[[], GreyLevels] | None = None
    spacing: PixelSpacing | None = None
    table: PixelArray | None = None

    @property
    def values(self) -> PixelArray:
        """The value of each pixel."""
        return self.stored if self.table is None else take_levels(self.table, self.stored)

    @property
    def size_wh(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.stored.shape[:2]
        return width, height

    def grey(self) -> Image.Image:
        """The picture as people see it: mode "L", 8 bit, full resolution.

        Colour is reduced to ITU-R 601 luma and transparency is laid over black; the same transparency all over, which
        hides nothing or everything, is dropped. Eight-bit values are kept as they are; deeper ones are mapped from the
        display range and rounded.
        """
        if self.table is not None:
            return Image.fromarray(take_levels(scale_to_8bit(self.table, *self.display_range), self.stored))
        values = _without_constant_alpha(self.stored)
        if values.ndim == 3 and (values.dtype != np.uint8 or self.display_range != (0, 255)):
            return Image.fromarray(_deep_luma_8bit(values, *self.display_range))
        if values.ndim == 2:
            return Image.fromarray(scale_to_8bit(values, *self.display_range))
        picture = Image.fromarray(values, _CHANNELS_TO_MODE[values.shape[2]])
        if picture.mode in ("LA", "RGBA"):
            picture = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "black"), picture)
        return picture.convert("L")

    def min_max(self) -> Image.Image:
        """The picture as the paper's protocol makes it: mode "L" or "RGB", 8 bit, full resolution.

        The values are stretched over their own range, all channels together, and truncated; transparency is dropped.
        """
        if self.table is not None:
            return Image.fromarray(take_levels(min_max_8bit(self.table), self.stored))
        values = self.stored
        if values.ndim == 3 and values.dtype != np.uint8:
            values = colours(values)
        stretched = min_max_8bit(values)
        if stretched.ndim == 2:
            return Image.fromarray(stretched)
        return Image.fromarray(stretched, _CHANNELS_TO_MODE[stretched.shape[2]]).convert("RGB")


def own_range(values: PixelArray) -> tuple[float, float]:
    """The display range of values that come without one: all levels of 8-bit values, else smallest to largest."""
    if values.dtype in (np.uint8, np.int8):
        levels = np.iinfo(values.dtype)
        return float(levels.min), float(levels.max)
    shown = colours(values)
    return float(shown.min()), float(shown.max())


def colours(values: PixelArray) -> PixelArray:
    """The values without alpha: (height, width) or (height, width, 3)."""
    if values.ndim != 3:
        return values
    return values[:, :, 0] if values.shape[2] == 2 else values[:, :, :3]


def _without_constant_alpha(values: PixelArray) -> PixelArray:
    if values.ndim == 2 or values.shape[2] == 3:
        return values
    alpha = values[:, :, -1]
    return np.ascontiguousarray(colours(values)) if alpha.min() == alpha.max() else values


def _deep_luma_8bit(values: PixelArray, low: float, high: float) -> NDArray[np.uint8]:
    luma = colours(values)
    if luma.ndim == 3:
        if luma.dtype.kind == "f":
            luma = luma.astype(np.float64) @ np.divide(_LUMA, 2**16)
        else:
            weighted = sum(luma[:, :, i].astype(np.int64) * weight for i, weight in enumerate(_LUMA))
            luma = np.asarray((weighted + 0x8000) >> 16)
    shown = scale_to_8bit(luma, low, high)
    if values.shape[2] == 3:
        return shown
    opacity = values[:, :, -1] / np.iinfo(values.dtype).max
    return np.asarray(np.rint(shown * opacity).astype(np.uint8))


def scale_to_8bit(values: PixelArray, low: float, high: float) -> NDArray[np.uint8]:
    """Map `low`..`high` to 0..255 with rounding; values beyond are clipped, an empty range gives black."""
    if values.dtype == np.uint8 and (low, high) == (0, 255):
        return values
    if high <= low:
        return np.zeros(values.shape, np.uint8)

    def scale(levels: PixelArray) -> NDArray[np.uint8]:
        share = (levels.astype(np.float64) - low) / (high - low)
        return np.asarray(np.rint(share.clip(0, 1) * 255).astype(np.uint8))

    return _map_levels(values, scale)


def min_max_8bit(values: PixelArray) -> NDArray[np.uint8]:
    """Stretch the values to 0..255 over their own range, truncating, as the official implementation does.

    Constant values, which that implementation cannot stretch, become black.
    """
    low, high = values.min(), values.max()
    if low == high:
        return np.zeros(values.shape, np.uint8)
    if values.dtype.kind in "iu":  # plain integers do not overflow
        low, high = int(low), int(high)

    def stretch(levels: PixelArray) -> NDArray[np.uint8]:
        return np.asarray(((levels - low) / (high - low) * 255).astype(np.uint8))

    return _map_levels(values, stretch)


def _map_levels(values: PixelArray, convert: Callable[[PixelArray], NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Apply an element-wise function; for integers once a level rather than once a pixel."""
    if values.dtype.kind in "iu":
        lowest, highest = int(values.min()), int(values.max())
        if highest - lowest < MOST_LEVELS:
            return take_levels(convert(np.arange(lowest, highest + 1)), level_index(values, lowest))
    mapped = np.empty(values.shape, np.uint8)
    for rows in row_blocks(values):
        block = values[rows]
        mapped[rows] = convert(block.astype(np.int64) if block.dtype.kind in "iu" else block)
    return mapped


def level_index(values: PixelArray, lowest: int) -> NDArray[np.uint16]:
    """How far integers lie above the lowest of them: less than `MOST_LEVELS`."""
    if values.dtype.itemsize != 2:
        return np.subtract(values, lowest, dtype=np.int64).astype(np.uint16)
    unsigned = values.view(np.uint16)  # of signed values, differences are the same modulo 2 ** 16
    return unsigned - np.uint16(lowest % MOST_LEVELS) if lowest else unsigned


def take_levels(table: PixelArray, index: NDArray[np.uint16]) -> PixelArray:
    """What a table says of each pixel's level, in the shape of the index."""
    taken = np.empty(index.shape, table.dtype)
    for rows in row_blocks(index):
        np.take(table, index[rows], out=taken[rows], mode="clip")
    return taken


def row_blocks(values: PixelArray) -> Iterator[slice]:
    """All rows in blocks that stay in a processor's cache: of large pictures, intermediate arrays cost most."""
    n_rows = max(1, _BLOCK_VALUES * len(values) // values.size)
    return (slice(start, start + n_rows) for start in range(0, len(values), n_rows))
