"""How much of the attention lies in a region. Everything here works on plain arrays, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vpe_core.errors import AttentionError
from vpe_core.types import Heatmap, Polygon, as_region

if TYPE_CHECKING:
    from vpe_core.geometry import SizeWH
    from vpe_core.types import AnyRegion


@dataclass(frozen=True, slots=True)
class RegionAttention:
    """Attention inside a region.

    Attributes:
        share: Share of the total attention that lies inside, 0 to 1; nan if there is no attention at all.
        area: Share of the map's area that the region covers, 0 to 1: what `share` is for even attention.
        hit: Whether the strongest value lies inside (the pointing game).
    """

    share: float
    area: float
    hit: bool

    @property
    def ratio(self) -> float:
        """`share / area`: 1 for even attention, more if the region draws attention."""
        return self.share / self.area


def attention_inside(
    heatmap: Heatmap | NDArray[np.floating], region: AnyRegion | NDArray[np.bool_] | NDArray[np.floating]
) -> RegionAttention:
    """Measure the attention inside a region.

    Args:
        heatmap: A heatmap, or its values (height, width), not negative.
        region: In the pixels of the map: a box (parts of pixels count in part) or its (x0, y0, x1, y1), a contour, an
            arrow (its box), or a mask of the map's size, which may say how much of each pixel counts, 0 to 1. What a
            circle encloses is such a mask: `vpe_core.markers.marks.marked_area`. For a patch grid, scale the region
            with `scaled(columns / width, rows / height)`.

    Raises:
        AttentionError: The mask has another size, or the region covers nothing of the map.
        RegionError: It is no region.
    """
    values = heatmap.values if isinstance(heatmap, Heatmap) else heatmap
    cover = coverage(region, (values.shape[1], values.shape[0]))
    area = float(cover.mean())
    if area == 0:
        raise AttentionError("The region covers nothing of the heatmap. Choose a region inside the image.")
    total = float(values.sum(dtype=np.float64))
    share = float((values * cover).sum(dtype=np.float64)) / total if total > 0 else float("nan")
    peak = np.unravel_index(int(values.argmax()), values.shape)
    return RegionAttention(share, area, bool(cover[peak] > 0) and total > 0)


def coverage(region: AnyRegion | NDArray[np.bool_] | NDArray[np.floating], size_wh: SizeWH) -> NDArray[np.float32]:
    """How much of each pixel the region covers, (height, width), 0 to 1.

    Raises:
        AttentionError: The region is a mask of another size.
    """
    width, height = size_wh
    if isinstance(region, np.ndarray) and (region.ndim > 1 or region.dtype == bool):
        if region.shape != (height, width):
            raise AttentionError(f"Expected a mask of the shape {(height, width)}, but got {region.shape}.")
        return region.astype(np.float32)
    known = as_region(region)  # type: ignore[arg-type]  # a mask has been dealt with
    if isinstance(known, Polygon):
        return _polygon_coverage(known, size_wh)
    box = known.box
    cover: NDArray[np.float32] = _overlap(box.y0, box.y1, height)[:, None] * _overlap(box.x0, box.x1, width)
    return cover


def _overlap(low: float, high: float, n_pixels: int) -> NDArray[np.float32]:
    """Length of [low, high) in each of the pixels [i, i + 1)."""
    left = np.arange(n_pixels)
    length = np.clip(np.minimum(left + 1, high) - np.maximum(left, low), 0, 1)
    return np.asarray(length, dtype=np.float32)


def _polygon_coverage(polygon: Polygon, size_wh: SizeWH) -> NDArray[np.float32]:
    from PIL import Image, ImageDraw

    mask = Image.new("L", size_wh)
    corners = [(x - 0.5, y - 0.5) for x, y in polygon.points]  # PIL counts from the centre of the first pixel
    ImageDraw.Draw(mask).polygon(corners, fill=1)
    return np.asarray(mask, dtype=np.float32)
