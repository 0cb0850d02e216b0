"""What else is on a radiograph: side letters, collimation, wires, tubes and electrodes, buttons and clasps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.interpolate import make_interp_spline

from vpe_core.simulation.fields import Points, blur, draw_strokes
from vpe_core.simulation.scene import SIDES, Scene

Picture = NDArray[np.uint8]


Strokes = list[tuple[Points, float]]
Place = tuple[float, float]
MU_METAL, MU_PLASTIC = 0.28, 0.12  # per mm of a wire or tube as drawn


def draw_lines_and_tubes(scene: Scene, rng: np.random.Generator) -> None:
    """A portable picture's: electrodes with wires, a central line in most and a breathing tube in half of them."""
    _electrodes(scene, rng, int(rng.integers(3, 6)))
    if rng.random() < 0.6:
        _central_line(scene, rng)
    if rng.random() < 0.5:
        _breathing_tube(scene, rng)
    if rng.random() < 0.25:
        _feeding_tube(scene, rng)


def draw_distractors(scene: Scene, rng: np.random.Generator) -> None:
    """What a minority of other pictures shows and no reader reports; never depends on a finding."""
    if rng.random() < 0.08:
        _electrodes(scene, rng, int(rng.integers(2, 5)))
    for often, draw in _HARMLESS:
        if rng.random() < often:
            draw(scene, rng)


def _electrodes(scene: Scene, rng: np.random.Generator, count: int) -> None:
    """Snaps with a ring of gel on shoulders and flanks, and wires that leave over an edge of the picture."""
    x, y = scene.xy
    half = scene.size * scene.mm_per_px / 2
    places = [(-0.5, -0.5), (0.5, -0.5), (-0.55, 0.45), (0.55, 0.45), (0.1, 0.1)]
    snaps, wires = np.zeros_like(scene.attenuation), []
    for k in rng.permutation(len(places))[:count]:
        cx, cy = (half * (share + float(rng.normal(0, 0.07))) for share in places[k])
        away, radius = np.hypot(x - cx, y - cy), float(rng.uniform(3.5, 5))
        snaps += 0.5 * (away < 0.45 * radius) + 0.22 * (away < radius) + 0.05 * (away < 2.6 * radius)
        end = (float(rng.uniform(-0.6, 0.6)) * half, 1.05 * half * (1 if rng.random() < 0.7 else -1))
        wires.append((_curve(rng, [(cx, cy), end], 0.16), float(rng.uniform(0.8, 1.2))))
    _add(scene, wires, MU_METAL)
    scene.attenuation = scene.attenuation + blur(snaps.astype(np.float32), 0.5 / scene.mm_per_px)


def _central_line(scene: Scene, rng: np.random.Generator) -> None:
    """From the right neck or below the clavicle through the vena cava to the right atrium's entry."""
    _, top, x1, bottom = scene.lung_box("right")
    height = bottom - top
    start = (x1 - 8, top - 40) if rng.random() < 0.6 else (x1 - 62, top + 0.12 * height)
    cava = (x1 - 3, top + 0.16 * height)
    tip = (x1 - 2, top + float(rng.uniform(0.36, 0.5)) * height)
    _add(scene, [(_curve(rng, [start, cava, tip], 0.03), 1.5)], MU_METAL * 0.8)


def _breathing_tube(scene: Scene, rng: np.random.Generator) -> None:
    middle, top, height = _midline(scene)
    start, tip = (
        (middle + float(rng.normal(0, 4)), top - 60),
        (middle - 1, top + float(rng.uniform(0.12, 0.24)) * height),
    )
    wall = _curve(rng, [start, tip], 0.02)
    _add(scene, [(wall, 1.0), (wall + np.array([8.5, 0]), 0.9), (wall + np.array([3.5, 0]), 0.7)], MU_METAL * 0.7)


def _feeding_tube(scene: Scene, rng: np.random.Generator) -> None:
    middle, top, height = _midline(scene)
    hiatus = (middle + 8, top + 0.93 * height)
    tip = (middle + float(rng.uniform(35, 70)), top + float(rng.uniform(1.05, 1.2)) * height)
    _add(scene, [(_curve(rng, [(middle + 2, top - 60), hiatus, tip], 0.02), 1.9)], MU_PLASTIC * 1.5)


def _buttons(scene: Scene, rng: np.random.Generator) -> None:
    """A row of shirt buttons down the middle, each a disc with a rim."""
    x, y = scene.xy
    middle, top, height = _midline(scene)
    radius, gap = float(rng.uniform(4, 6)), float(rng.uniform(60, 90))
    cx, cy = middle + float(rng.normal(0, 12)), top + float(rng.uniform(0, 0.3)) * height
    added = np.zeros_like(scene.attenuation)
    for _ in range(int(rng.integers(1, 4))):
        away = np.hypot(x - cx, y - cy)
        added += 0.1 * (away < radius) + 0.08 * (np.abs(away - radius) < 0.8)
        cx, cy = cx + float(rng.normal(0, 3)), cy + gap
    scene.attenuation = scene.attenuation + blur(added, 0.4 / scene.mm_per_px)


def _hooks(scene: Scene, rng: np.random.Generator) -> None:
    """Hooks and eyes of a clasp in the middle, or the two sliders of its straps."""
    middle, top, height = _midline(scene)
    strokes: Strokes = []
    if rng.random() < 0.5:
        at = (middle + float(rng.normal(0, 6)), top + float(rng.uniform(0.55, 0.75)) * height)
        places = [(at[0], at[1] + 9 * k) for k in range(int(rng.integers(2, 4)))]
    else:
        out, level = float(rng.uniform(70, 95)), top + float(rng.uniform(-0.02, 0.12)) * height
        places = [(middle - out, level), (middle + out, level + float(rng.normal(0, 6)))]
    turn = np.linspace(0, 1.7 * np.pi, 20)
    for cx, cy in places:
        strokes.append((np.stack([cx + 2.6 * np.cos(turn), cy + 2.0 * np.sin(turn)], 1), 1.1))
        strokes.append((np.array([[cx + 2, cy], [cx + 7, cy]]), 1.1))
    _add(scene, strokes, 2 * MU_METAL)


def _necklace(scene: Scene, rng: np.random.Generator) -> None:
    middle, top, height = _midline(scene)
    low, wide = top + float(rng.uniform(0.02, 0.2)) * height, float(rng.uniform(38, 62))
    t = np.linspace(-1, 1, 60)
    depth = float(rng.uniform(40, 80))
    chain = np.stack([middle + wide * t + float(rng.normal(0, 4)), low - depth * np.abs(t) ** 2.2], 1)
    beads = [(chain[k : k + 2], 1.6 if k % 2 else 0.9) for k in range(len(chain) - 1)]
    _add(scene, beads, MU_METAL)


_HARMLESS = ((0.06, _central_line), (0.03, _feeding_tube), (0.07, _buttons), (0.05, _hooks), (0.05, _necklace))


def _midline(scene: Scene) -> tuple[float, float, float]:
    """X between the lungs, Y of the apices and the height of the lungs, in mm."""
    right, left = scene.lung_box("right"), scene.lung_box("left")
    top = min(right[1], left[1])
    return (right[2] + left[0]) / 2, top, max(right[3], left[3]) - top


def _add(scene: Scene, strokes: Strokes, mu: float) -> None:
    drawn = blur(draw_strokes(strokes, scene.size, scene.mm_per_px), 0.25 / scene.mm_per_px)
    scene.attenuation = scene.attenuation + np.float32(mu) * drawn


def _curve(rng: np.random.Generator, knots: list[Place], sag: float) -> Points:
    """A smooth line through the knots that swings aside by about `sag` of its length between them."""
    dense: list[Place] = [knots[0]]
    for start, end in pairwise(knots):
        along = np.subtract(end, start)
        aside = np.array([-along[1], along[0]]) * float(rng.normal(0, sag))
        dense += [tuple(np.asarray(start) + 0.5 * along + aside), end]
    at = np.asarray(dense, float)
    return np.asarray(make_interp_spline(np.arange(len(at)), at, k=2)(np.linspace(0, len(at) - 1, 60)))


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
