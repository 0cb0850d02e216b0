"""A heatmap in colour on the image it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vpe_core.attention.colormaps import table
from vpe_core.errors import AttentionError
from vpe_core.images import as_image

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    from vpe_core.images import ImageSource
    from vpe_core.types import Heatmap


def overlay(
    image: ImageSource, heatmap: Heatmap, *, opacity: float = 0.6, colormap: str = "inferno", peak: float | None = None
) -> Image:
    """The heatmap on the image: the stronger the attention, the more colour and the less image.

    Args:
        image: A Pillow image, array, path or bytes, of the heatmap's size.
        heatmap: What to show.
        opacity: How much the strongest value covers the image, 0 to 1; weaker values cover in proportion.
        colormap: "inferno", "magma", "viridis" or "cividis".
        peak: The value shown at full strength; None takes the heatmap's own maximum. Give two heatmaps the same one to
            compare them.

    Returns:
        A new RGB image of the same size.

    Raises:
        ImageReadError: The image cannot be read, or is none.
        AttentionError: Sizes differ, the opacity is outside 0 to 1, or there is no such colour map.
    """
    from PIL import Image as PILImage

    picture = as_image(image)
    if picture.size != heatmap.size_wh:
        raise AttentionError(f"Expected an image of the heatmap's size {heatmap.size_wh}, but got {picture.size}.")
    if not 0 <= opacity <= 1:
        raise AttentionError(f"Expected an opacity from 0 to 1, but got {opacity}.")
    levels = _levels(heatmap.values, peak).astype(np.uint16) << 8
    rgb = np.asarray(picture.convert("RGB"))
    blend = _blend_table(opacity, colormap)
    channels = [blend[channel].take(levels | rgb[..., channel]) for channel in range(3)]
    return PILImage.fromarray(np.stack(channels, axis=-1))


MORE, LESS = (86, 180, 233), (232, 135, 90)
"""Where a map has become stronger and weaker: blue and vermilion of Okabe and Ito, as on black in all charts."""


def overlay_change(image: ImageSource, change: NDArray[np.float32], *, peak: float, opacity: float = 0.8) -> Image:
    """The difference of two heatmaps on the image: blue where there is more, vermilion where there is less.

    Args:
        image: A Pillow image, array, path or bytes.
        change: (height, width) in pixels of the image, of either sign.
        peak: The change of either sign that is shown at full strength, such as that of the maps' own overlays.
        opacity: How much that covers the image, 0 to 1; smaller changes cover in proportion.

    Returns:
        A new RGB image of the same size.

    Raises:
        ImageReadError: The image cannot be read, or is none.
        AttentionError: Sizes differ, or the opacity is outside 0 to 1.
    """
    from PIL import Image as PILImage

    picture = as_image(image)
    if change.shape != picture.size[::-1]:
        raise AttentionError(f"Expected a change of {picture.size[::-1]} values, but got {change.shape}.")
    if not 0 <= opacity <= 1:
        raise AttentionError(f"Expected an opacity from 0 to 1, but got {opacity}.")
    rgb = np.asarray(picture.convert("RGB"), np.float32)
    strength = np.clip(np.abs(change) / peak, 0, 1) if peak > 0 else np.zeros(change.shape)
    colors = np.where((change > 0)[..., None], np.array(MORE, np.float32), np.array(LESS, np.float32))
    blended = rgb + opacity * strength[..., None] * (colors - rgb)
    return PILImage.fromarray(np.rint(blended).astype(np.uint8))


def _blend_table(opacity: float, colormap: str) -> NDArray[np.uint8]:
    """For each channel, the result for every level of attention and every value of the image: (3, 256 * 256)."""
    alpha = (opacity * np.arange(256) / 255)[:, None]
    image_values = np.arange(256)
    colors = table(colormap).T[:, :, None].astype(float)
    blended = image_values + alpha * (colors - image_values)
    return np.rint(blended).astype(np.uint8).reshape(3, -1)


def colorize(heatmap: Heatmap, *, colormap: str = "inferno", peak: float | None = None) -> Image:
    """The heatmap alone, in colour.

    Args:
        heatmap: What to show.
        colormap: As in `overlay`.
        peak: As in `overlay`.

    Returns:
        An RGB image of the heatmap's size.

    Raises:
        AttentionError: There is no such colour map.
    """
    from PIL import Image as PILImage

    return PILImage.fromarray(table(colormap)[_levels(heatmap.values, peak)])


def _levels(values: NDArray[np.float32], peak: float | None) -> NDArray[np.uint8]:
    """Values as indices 0 to 255; all 0 if there is nothing to see."""
    top = float(values.max()) if peak is None else peak
    if not top > 0:
        return np.zeros(values.shape, np.uint8)
    scaled: NDArray[np.float32] = np.clip(values / np.float32(top), 0, 1)
    return np.rint(scaled * 255).astype(np.uint8)
