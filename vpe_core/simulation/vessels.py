"""Fine pulmonary vessels: trees that fan out from the hila and taper. The CT's 2.5 mm slices have lost them."""

from __future__ import annotations

import numpy as np

from vpe_core.simulation.fields import Array, Points, blur, draw_strokes, wander
from vpe_core.simulation.scene import MU_FLUID, SIDES, Scene

TRUNKS, SHRINK, THINNEST_MM = 9, 0.74, 0.7


def draw_vessels(scene: Scene, seed: int) -> Array:
    """Attenuation of the fine vessels, float32 (size, size)."""
    rng = np.random.default_rng([seed, 71])
    strokes: list[tuple[Points, float]] = []
    for side in SIDES:
        x0, top, x1, bottom = scene.lung_box(side)
        outward = np.pi if side == "right" else 0.0
        hilum = (x1 - 0.1 * (x1 - x0) if side == "right" else x0 + 0.16 * (x1 - x0), top + 0.47 * (bottom - top))
        depth = scene.lung_small(side)
        for trunk in np.linspace(-1.25, 1.35, TRUNKS):
            heading = outward + (trunk if side == "left" else -trunk) + float(rng.normal(0, 0.08))
            reach = (bottom - top) * float(rng.uniform(0.16, 0.24))
            _grow(scene, rng, strokes, depth, hilum, heading, reach, 3.4)
    thickness = draw_strokes(strokes, scene.size, scene.mm_per_px, supersample=2)
    lungs = np.clip(scene.up(scene.lung_small(SIDES[0]) + scene.lung_small(SIDES[1])) / 50, 0, 1)
    return blur((thickness * lungs).astype(np.float32), 0.3 / scene.mm_per_px) * np.float32(0.75 * MU_FLUID)


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
    """One branch and, at its end, its two or three children."""
    if width_mm < THINNEST_MM or length_mm < 4:
        return
    line = wander(rng, start, heading, length_mm, 0.07, 7)
    column, row = ((line[-1] / scene.small_mm) + scene.small / 2).astype(int)
    if not (0 <= row < scene.small and 0 <= column < scene.small) or depth[row, column] < 6:
        return
    strokes.append((line, width_mm * float(rng.uniform(0.85, 1.1))))
    end = (float(line[-1, 0]), float(line[-1, 1]))
    forward = float(np.arctan2(*(line[-1] - line[-2])[::-1]))
    for turn in rng.permutation([-0.45, 0.4, 0.05])[: 2 + int(rng.random() < 0.35)]:
        child = SHRINK * float(rng.uniform(0.85, 1.1))
        _grow(
            scene,
            rng,
            strokes,
            depth,
            end,
            forward + float(turn + rng.normal(0, 0.15)),
            length_mm * child,
            width_mm * child,
        )
