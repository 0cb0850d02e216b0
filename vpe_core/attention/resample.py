"""From the model's patch grid to image pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vpe_core.geometry import SizeWH, View


def grid_to_image(grid: NDArray[np.float32], view: View, image_wh: SizeWH) -> NDArray[np.float32]:
    """Spread one value a patch over the image that the model saw through `view`.

    Bilinear between the centres of the patches, constant beyond the outermost centres, and 0 where the model's crop
    left the image out. Interpolation is separable, so the map is `rows @ grid @ columns.T` with two small matrices.

    Args:
        grid: (rows, columns), one value a patch.
        view: How the model sees the image.
        image_wh: Size of the image in pixels.

    Returns:
        float32, (height, width).
    """
    rows = _weights(image_wh[1], grid.shape[0], view.scale_y, view.offset_y, view.size_wh[1])
    columns = _weights(image_wh[0], grid.shape[1], view.scale_x, view.offset_x, view.size_wh[0])
    spread: NDArray[np.float32] = rows @ grid.astype(np.float32) @ columns.T
    return spread


def image_to_grid(values: NDArray[np.float32], view: View, grid_hw: tuple[int, int]) -> NDArray[np.float32]:
    """What each patch has to do with an image: `(grid_to_image(grid, …) * values).sum()` is `(grid * this).sum()`.

    Args:
        values: In pixels of the image, (height, width).
        view: How the model sees the image.
        grid_hw: Rows and columns of patches.

    Returns:
        float32, (rows, columns).
    """
    rows = _weights(values.shape[0], grid_hw[0], view.scale_y, view.offset_y, view.size_wh[1])
    columns = _weights(values.shape[1], grid_hw[1], view.scale_x, view.offset_x, view.size_wh[0])
    gathered: NDArray[np.float32] = rows.T @ values.astype(np.float32) @ columns
    return gathered


def patch_edges(n_pixels: int, n_patches: int) -> NDArray[np.intp]:
    """Where the patches of one axis begin and end, (n_patches + 1): patch i covers the pixels from edge i to i + 1."""
    return np.linspace(0, n_pixels, n_patches + 1).round().astype(np.intp)


def _weights(n_pixels: int, n_patches: int, scale: float, offset: float, view_px: int) -> NDArray[np.float32]:
    """(n_pixels, n_patches): what each patch contributes to each pixel along one axis."""
    in_view = (np.arange(n_pixels) + 0.5) * scale + offset
    position = np.clip(in_view * n_patches / view_px - 0.5, 0, n_patches - 1)
    distance = np.abs(position[:, None] - np.arange(n_patches))
    weights = np.clip(1 - distance, 0, None)
    weights[(in_view < 0) | (in_view > view_px)] = 0
    return np.asarray(weights, dtype=np.float32)
