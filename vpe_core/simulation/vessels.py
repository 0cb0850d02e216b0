"""Fine pulmonary vessels: trees from the hila that taper to the pleura. The CT's 2.5 mm slices have lost them.

Most of them go down and out and up and out, few straight sideways; the left hilum stands 1 to 2 cm higher than the
right one (Felson, Chest Roentgenology, 1973). A branch that forks keeps the sum of the cubes of its widths (Murray,
J. Gen. Physiol. 9, 1926), so that a trunk goes on almost as wide and gives off thin side branches.
"""

from __future__ import annotations

import numpy as np

from vpe_core.simulation.fields import Array, Points, blur, draw_strokes, wander
from vpe_core.simulation.scene import MU_FLUID, SIDES, Scene

THINNEST_MM, SHORTEST_MM = 0.5, 3.0
STRENGTH = 2.5  # several lie behind one another
HEADINGS = ((0.95, 0.3, 6), (-0.95, 0.3, 5), (0.3, 0.35, 3), (-0.3, 0.3, 1))
"""Angle below the horizontal, its spread in radians, and how many trunks."""


def draw_vessels(scene: Scene, seed: int) -> Array:
    """Attenuation of the fine vessels, float32 (size, size)."""
    rng = np.random.default_rng([seed, 71])
    strokes: list[tuple[Points, float]] = []
    for side in SIDES:
        x0, top, x1, _ = scene.lung_box(side)
        height = scene.dome(side) - top
        share = 0.52 if side == "right" else 0.46
        depth = scene.lung_small(side)
        for middle, spread, count in HEADINGS:
            for _ in range(count):
                down = float(rng.normal(middle, spread))
                at_x = (x1 - 0.27 * (x1 - x0)) if side == "right" else (x0 + 0.28 * (x1 - x0))
                start = (at_x + float(rng.normal(0, 5)), top + share * height + 13 * down + float(rng.normal(0, 5)))
                heading = down if side == "left" else np.pi - down
                seen = float(rng.uniform(0.45, 1.0))  # the rest goes to the front or to the back
                _grow(scene, rng, strokes, depth, start, heading, 0.2 * height * seen, float(rng.uniform(2.4, 4.6)))
    thickness = draw_strokes(strokes, scene.size, scene.mm_per_px, supersample=2)
    lungs = np.clip(scene.up(scene.lung_small(SIDES[0]) + scene.lung_small(SIDES[1])) / 60, 0, 1)
    before_heart = 1 - 0.85 * np.clip(scene.up(scene.heart_small()) / 30, 0, 1)
    shadow = blur((thickness * lungs * before_heart).astype(np.float32), 0.5 / scene.mm_per_px)
    return np.asarray(STRENGTH * MU_FLUID * shadow, np.float32)


def _grow(
    scene: Scene,
    rng: np.random.Generator,
    strokes: list[tuple[Points, float]],
    depth: Array,
    start: tuple[float, float],
    heading: float,
    length_mm: float,
    width_mm: float,
) -> None:
    """One piece of a branch, how it goes on, and what it gives off."""
    if width_mm < THINNEST_MM or length_mm < SHORTEST_MM:
        return
    line = wander(rng, start, heading, length_mm, 0.1, 6)
    column, row = ((line[-1] / scene.small_mm) + scene.small / 2).astype(int)
    if not (0 <= row < scene.small and 0 <= column < scene.small) or depth[row, column] < 5:
        return
    strokes.append((line, width_mm))
    end = (float(line[-1, 0]), float(line[-1, 1]))
    forward = float(np.arctan2(*(line[-1] - line[-2])[::-1]))
    aside = float(rng.choice([-1, 1]) * rng.uniform(0.35, 0.8))
    share = float(rng.uniform(0.12, 0.45))  # of the cube of the width
    for turn, part, reach in ((-0.25 * aside, 1 - share, 0.88), (aside, share, 0.72)):
        heading = forward + turn + float(rng.normal(0, 0.1))
        longer = length_mm * reach * float(rng.uniform(0.8, 1.1))
        _grow(scene, rng, strokes, depth, end, heading, longer, width_mm * part ** (1 / 3) * 0.88)
