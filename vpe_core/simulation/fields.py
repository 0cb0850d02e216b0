"""Random textures and strokes in millimetres: the same seed draws the same thing at every image size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

Array = NDArray[np.float32]
Points = NDArray[np.float64]  # (n, 2): x, y in mm


def resize(field: NDArray[np.floating], size: int, resample: Image.Resampling = Image.Resampling.BICUBIC) -> Array:
    """A square float field at another resolution."""
    if field.shape[0] == size:
        return field.astype(np.float32)
    image = Image.fromarray(np.ascontiguousarray(field, dtype=np.float32))
    return np.asarray(image.resize((size, size), resample), dtype=np.float32)


def smooth_noise(rng: np.random.Generator, cells: int, size: int) -> Array:
    """Unit-variance smooth noise with about `cells` bumps along an edge, float32 (size, size)."""
    coarse = rng.standard_normal((cells + 2, cells + 2))
    return resize(coarse, size) * np.float32(1.3)


def blur(field: Array, sigma_px: float) -> Array:
    """Gaussian blur; wide kernels run on a reduced copy."""
    if sigma_px < 0.2:
        return field
    reduce = int(sigma_px // 3)
    if reduce < 2:
        return np.asarray(ndimage.gaussian_filter(field, sigma_px, mode="nearest", truncate=3.0), np.float32)
    small_size = max(field.shape[0] // reduce, 8)
    small = resize(field, small_size, Image.Resampling.BOX)
    small = ndimage.gaussian_filter(small, sigma_px * small_size / field.shape[0], mode="nearest", truncate=3.0)
    return resize(small, field.shape[0], Image.Resampling.BICUBIC)


def draw_strokes(strokes: Sequence[tuple[Points, float]], size: int, mm_per_px: float, supersample: int = 3) -> Array:
    """Path length in mm through round tubes, float32 (size, size).

    Args:
        strokes: polylines in mm from the picture's centre with a diameter in mm each.
        size: edge length of the picture in px.
        mm_per_px: of the picture.
        supersample: drawn this many times larger, then averaged.
    """
    scale = supersample / mm_per_px
    center = size * supersample / 2
    canvas = np.zeros((size, size), np.float32)
    for width_mm in sorted({round(w, 1) for _, w in strokes}):
        layer = Image.new("L", (size * supersample, size * supersample))
        pen = ImageDraw.Draw(layer)
        width_px = max(width_mm * scale, 1.0)
        for points, w in strokes:
            if round(w, 1) == width_mm:
                line = [(float(x) * scale + center, float(y) * scale + center) for x, y in points]
                pen.line(line, fill=255, width=round(width_px), joint="curve")
        tube = np.asarray(layer.reduce(supersample), np.float32) / 255
        thin = min(width_mm * scale, 1.0) if width_mm * scale < 1 else 1.0
        canvas = np.maximum(canvas, tube * width_mm * 0.8 * thin)
    return canvas


def wander(
    rng: np.random.Generator, start: tuple[float, float], angle: float, length_mm: float, wiggle: float, steps: int = 12
) -> Points:
    """A gently bent polyline (n, 2) in mm that starts at `start` towards `angle` (radians, y down)."""
    turns = angle + np.cumsum(rng.normal(0, wiggle, steps))
    step = length_mm / steps * np.stack([np.cos(turns), np.sin(turns)], 1)
    return np.vstack([[start], np.asarray(start) + np.cumsum(step, 0)])
