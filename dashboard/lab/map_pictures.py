"""Maps as pictures: on the X-ray without and with the marker, their difference, and many small ones in one image."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from dashboard.lab.show import jpeg_text
from vpe_core.attention import overlay, overlay_change
from vpe_core.attention.colormaps import table
from vpe_core.attention.overlay import LESS, MORE
from vpe_core.attention.resample import grid_to_image
from vpe_core.types import Heatmap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.geometry import View
    from vpe_core.lab.before_after import BeforeAfter
    from vpe_core.types import Floats

    Pixels = NDArray[np.uint8]

_OPACITY = 0.65
_SEAM = (91, 102, 115)
_MOST_PX = 900
"""About how wide an image of many small maps may be."""


@dataclass(frozen=True, slots=True)
class MapPicture:
    """A map on a picture, as pages embed it.

    Attributes:
        jpeg: The file, in base64.
        size_wh: In pixels.
        title: What it is, in a few words: "no marker".
    """

    jpeg: str
    size_wh: tuple[int, int]
    title: str


def three_pictures(
    pictures: tuple[Image.Image, Image.Image], compared: BeforeAfter, grids: Floats, peak: float, longest_px: int
) -> tuple[MapPicture, ...]:
    """A map on the X-ray without and with the marker, on one scale, and what the marker adds and takes away.

    Args:
        pictures: The X-ray, and the marked one.
        compared: What is known of both.
        grids: (2, rows, columns).
        peak: The value that is shown at full strength in all three.
        longest_px: The longer side of what is made.
    """
    titles = ("no marker", "with the marker")
    made = [
        _on(picture, view, grid, peak, longest_px, title)
        for picture, view, grid, title in zip(pictures, compared.views, grids, titles, strict=True)
    ]
    if not compared.crops:
        small = shrunk(pictures[0], longest_px)
        change = _spread(grids[1] - grids[0], compared.views[0], pictures[0].size, small.size)
        made.append(_picture(overlay_change(small, change, peak=peak), "difference"))
    return tuple(made)


def one_picture(picture: Image.Image, view: View, grid: Floats, peak: float, longest_px: int, title: str) -> MapPicture:
    """A map on its picture; arguments as for `three_pictures`."""
    return _on(picture, view, grid, peak, longest_px, title)


def shrunk(image: Image.Image, longest_px: int) -> Image.Image:
    """The image in RGB, no longer than that."""
    small = image.convert("RGB")
    small.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    return small


def sprite(grids: Floats, peaks: Floats) -> str:
    """Many small maps in one image: columns are layers, rows are heads; a PNG file in base64.

    Args:
        grids: (layers, heads, rows, columns); negative values are shown in orange, positive ones in blue, unless
            there are none below 0, which are shown as maps are.
        peaks: What is shown at full strength, (layers, heads).
    """
    scaled = np.clip(grids / np.where(peaks > 0, peaks, 1)[..., None, None], -1, 1).astype(np.float32)
    colors = _changes(scaled) if scaled.min() < 0 else table("inferno")[np.rint(scaled * 255).astype(np.uint8)]
    framed = np.empty((*colors.shape[:2], colors.shape[2] + 1, colors.shape[3] + 1, 3), np.uint8)
    framed[:] = _SEAM
    framed[:, :, :-1, :-1] = colors
    n_layers, n_heads, rows, columns, _ = framed.shape
    pixels = framed.transpose(1, 2, 0, 3, 4).reshape(n_heads * rows, n_layers * columns, 3)[:-1, :-1]
    times = max(1, min(6, _MOST_PX // pixels.shape[1]))
    file = BytesIO()
    Image.fromarray(pixels.repeat(times, axis=0).repeat(times, axis=1)).save(file, "PNG")
    return b64encode(file.getvalue()).decode("ascii")


def _changes(scaled: Floats) -> Pixels:
    ends = np.where((scaled > 0)[..., None], np.array(MORE, np.float32), np.array(LESS, np.float32))
    return np.asarray(np.rint(np.abs(scaled)[..., None] * ends), np.uint8)


def _on(picture: Image.Image, view: View, grid: Floats, peak: float, longest_px: int, title: str) -> MapPicture:
    small = shrunk(picture, longest_px)
    heat = Heatmap(_spread(grid, view, picture.size, small.size), title)
    return _picture(overlay(small, heat, opacity=_OPACITY, peak=peak), title)


def _spread(grid: Floats, view: View, size_wh: tuple[int, int], small_wh: tuple[int, int]) -> Floats:
    """The map in pixels of a smaller picture of the same."""
    sx, sy = (whole / part for whole, part in zip(size_wh, small_wh, strict=True))
    return grid_to_image(grid, replace(view, scale_x=view.scale_x * sx, scale_y=view.scale_y * sy), small_wh)


def _picture(image: Image.Image, title: str) -> MapPicture:
    return MapPicture(jpeg_text(image, 82), image.size, title)
