"""What else is on a radiograph: side letters, collimation, and on portable images wires, tubes and electrodes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vpe_core.simulation.fields import Points, blur, draw_strokes, wander
from vpe_core.simulation.scene import SIDES, Scene

Picture = NDArray[np.uint8]


def draw_lines_and_tubes(scene: Scene, rng: np.random.Generator) -> None:
    """Electrode wires, a central line and, in half of the images, a breathing tube, added to the attenuation."""
    strokes: list[tuple[Points, float]] = []
    discs = np.zeros_like(scene.attenuation)
    x, y = scene.xy
    half = scene.size * scene.mm_per_px / 2
    for _ in range(int(rng.integers(2, 5))):
        cx, cy = float(rng.uniform(-0.7, 0.7)) * half, float(rng.uniform(-0.5, 0.6)) * half
        discs += 0.28 * (np.hypot(x - cx, y - cy) < float(rng.uniform(4, 6)))
        strokes.append((wander(rng, (cx, cy), float(rng.uniform(0.2, 2.9)), 1.4 * half, 0.12, 24), 0.9))
    _, top, x1, bottom = scene.lung_box("right")
    if rng.random() < 0.6:
        line = [(x1 - 40, top - 12), (x1 - 22, top + 4), (x1 - 2, top + 30), (x1 + 4, top + 0.42 * (bottom - top))]
        strokes.append((_bend(rng, line), 1.3))
    if rng.random() < 0.5:
        middle = (x1 + scene.lung_box("left")[0]) / 2
        tube = [(middle + float(rng.normal(0, 4)), -half), (middle, top), (middle - 1, top + 0.2 * (bottom - top))]
        strokes.append((_bend(rng, tube), 1.2))
        strokes.append((_bend(rng, [(a + 7, b) for a, b in tube]), 1.0))
    wires = blur(draw_strokes(strokes, scene.size, scene.mm_per_px), 0.25 / scene.mm_per_px)
    scene.attenuation = scene.attenuation + 0.28 * wires + blur(discs.astype(np.float32), 0.5 / scene.mm_per_px)


def _bend(rng: np.random.Generator, points: list[tuple[float, float]]) -> Points:
    knots = np.asarray(points, float)
    t, fine = np.arange(len(knots)), np.linspace(0, len(knots) - 1, 40)
    curve = np.stack([np.interp(fine, t, knots[:, k]) for k in (0, 1)], 1)
    return np.asarray(curve + np.cumsum(rng.normal(0, 0.25, curve.shape), 0))


def stamp_letter(picture: Picture, rng: np.random.Generator) -> Picture:
    """A burnt-in L or R on its proper side of the picture."""
    size = picture.shape[0]
    side = SIDES[int(rng.random() < 0.5)]
    height = size * float(rng.uniform(0.035, 0.06))
    margin = float(rng.uniform(0.03, 0.09)) * size
    x = margin if side == "right" else size - margin - 0.8 * height
    y = float(rng.uniform(0.03, 0.16)) * size
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).text(
        (x, y), side[0].upper(), fill=int(rng.integers(215, 256)), font=ImageFont.load_default(size=height)
    )
    return np.asarray(image)


def collimate(picture: Picture, rng: np.random.Generator) -> Picture:
    """Black borders where the shutters of the beam were closed (up to 5% an edge, softly)."""
    size = picture.shape[0]
    left, right, bottom = (rng.uniform(0, 0.05, 3) * (rng.random(3) < 0.4) * size).astype(int)
    shutter = np.full(picture.shape, 0.03, np.float32)
    shutter[: size - bottom, left : size - right] = 1
    return np.asarray(picture * blur(shutter, size / 400), np.uint8)
