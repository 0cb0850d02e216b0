"""How well a map finds a place: its peak, and its bright part against a box. Plain arrays, no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.attention.localization import coverage
from vpe_core.attention.resample import grid_to_image
from vpe_core.geometry import SizeWH, View
from vpe_core.lab.scene import FRAME_PX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.types import Box, Floats, Point

_LEVELS = 256


@dataclass(frozen=True, slots=True)
class Found:
    """How well a map finds a box.

    Attributes:
        peak: Its largest value, in pixels of the image.
        hit: Whether that lies in the box (the pointing game).
        iou: Intersection over union of the box with the part of the map above Otsu's threshold.
        area: The share of the picture that this part covers.
        chance_hit: How often a peak anywhere would hit: the share of the picture that the box covers.
        chance_iou: The mean of `iou` over all places that the same part could be shifted to, around the edges.
    """

    peak: Point
    hit: bool
    iou: float
    area: float
    chance_hit: float
    chance_iou: float


def otsu(values: NDArray[np.floating]) -> float:
    """Otsu's threshold: what lies above it is one class, and the variance between both classes is largest.

    Of a histogram of 256 bins: N. Otsu, A threshold selection method from gray-level
    histograms, IEEE Trans. Syst. Man Cybern. 9 (1979). Of equal values it is that value.
    """
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return low
    counts, edges = np.histogram(values, _LEVELS, (low, high))
    middles = (edges[:-1] + edges[1:]) / 2
    below, above = np.cumsum(counts), np.cumsum(counts[::-1])[::-1]
    sums = counts * middles
    mean_below = np.cumsum(sums) / np.maximum(below, 1)
    mean_above = np.cumsum(sums[::-1])[::-1] / np.maximum(above, 1)
    between = below[:-1] * above[1:] * (mean_below[:-1] - mean_above[1:]) ** 2
    return float(edges[1:-1][np.argmax(between)])


def spread_grid(grid: Floats) -> Floats:
    """One value a place, spread bilinearly over a frame of 256 x 256."""
    frame = (FRAME_PX, FRAME_PX)
    return grid_to_image(grid, View.squash(frame, frame), frame)


def spread_patches(grid: Floats, view: View, image_wh: SizeWH) -> Floats:
    """A model's patches, spread over the same frame; 0 where the model does not see the image."""
    sx, sy = (side / FRAME_PX for side in image_wh)
    in_frame = View(view.scale_x * sx, view.scale_y * sy, view.offset_x, view.offset_y, view.size_wh)
    return grid_to_image(grid, in_frame, (FRAME_PX, FRAME_PX))


def find(values: Floats, box: Box, image_wh: SizeWH) -> Found:
    """Measure a map of 256 x 256 against a box, given in pixels of the image."""
    width, height = image_wh
    in_frame = box.scaled(FRAME_PX / width, FRAME_PX / height)
    inside = coverage(in_frame, (FRAME_PX, FRAME_PX)) >= 0.5
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    above = values > otsu(values)
    shared, either = int((above & inside).sum()), int((above | inside).sum())
    return Found(
        peak=((int(column) + 0.5) * width / FRAME_PX, (int(row) + 0.5) * height / FRAME_PX),
        hit=bool(inside[row, column]),
        iou=shared / either if either else 0.0,
        area=float(above.mean()),
        chance_hit=float(inside.mean()),
        chance_iou=_mean_over_shifts(above, inside),
    )


def _mean_over_shifts(above: NDArray[np.bool_], inside: NDArray[np.bool_]) -> float:
    spectrum = np.fft.rfft2(above) * np.conj(np.fft.rfft2(inside))
    shared = np.rint(np.fft.irfft2(spectrum, above.shape))
    either = above.sum() + inside.sum() - shared
    return float(np.mean(shared / np.maximum(either, 1)))
