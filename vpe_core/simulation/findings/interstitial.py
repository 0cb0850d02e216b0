"""Interstitial opacities: fine lines and light haze within the lung, denser towards base and rim.

"A collection of innumerable small linear opacities that, by summation, produce an appearance resembling a net", ground
glass, and septal lines, short and level at the lateral base (Hansell et al., Glossary of terms for thoracic imaging,
Radiology 246, 2008). Three layers of lines lie on top of one another, as in the depth of a lung; none of them closes
meshes that could be counted: honeycombs are another disease.
"""

from __future__ import annotations

import numpy as np

from vpe_core.simulation.fields import Array, Points, blur, draw_strokes, smooth_noise
from vpe_core.simulation.findings.airspace import soft_region
from vpe_core.simulation.findings.base import FINDINGS, Lesion, between, visible
from vpe_core.simulation.scene import SIDES, Scene

WIDTHS_MM = (0.4, 0.6, 0.9)
MM2_A_LINE, STEPS = 26.0, 4
BOTH_LUNGS = 0.3  # share of cases


@FINDINGS.register("interstitial opacities")
def interstitial(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """A reticular pattern over part of one lung or of both, mostly its base and periphery."""
    side = scene.dry(SIDES[int(rng.random() < 0.5)])
    x, y = scene.pick(rng, _likely(scene, side))
    radius = between(36, 62, severity)
    radii = (radius * float(rng.uniform(0.75, 1.0)), radius * float(rng.uniform(0.95, 1.25)))
    cloud = soft_region(scene, rng, x, y, radii, 0.25) * _deep(scene, side)
    both = bool(rng.random() < BOTH_LUNGS)
    other, mirrored = SIDES[side == "right"], 2 * scene.midline() - x
    if both:
        cloud = cloud + soft_region(scene, rng, mirrored, y, radii, 0.25) * _deep(scene, other)
    sides = (side, other) if both else (side,)
    faded = np.clip(cloud, 0, 1)
    haze = scene.fill(faded * _patchy(rng, scene, 20, 0.7) * between(0.14, 0.3, severity), *sides)
    places = [(x, y), (mirrored, y)][: 1 + both]
    lines = np.zeros_like(scene.attenuation)
    for width_mm in WIDTHS_MM:
        walks = [walk for place in places for walk in crossing_lines(rng, place, radii, width_mm)]
        lines += draw_strokes(walks, scene.size, scene.mm_per_px, 2) * _patchy(rng, scene, 18, 0.5)
    strength = between(0.12, 0.17, severity) * float(rng.uniform(0.9, 1.1))
    scene.vessels = scene.vessels * (1 + between(0.4, 1.0, severity) * faded)  # their sheaths are thickened, too
    septa = draw_strokes(
        [line for at in sides for line in septal_lines(rng, scene, at)], scene.size, scene.mm_per_px, 2
    )
    septal = blur(septa, 0.25 / scene.mm_per_px) * np.clip(1.5 * faded, 0, 1) * between(0.08, 0.15, severity)
    lines = blur(lines, 0.4 / scene.mm_per_px)
    added = (faded * strength * lines + septal + haze).astype(np.float32)
    scene.attenuation = scene.attenuation + added
    mask = visible(blur(added, 3 / scene.mm_per_px), 0.4)
    return Lesion(mask, "" if both else side, scene.zone(side, y), 2 * radius)


def crossing_lines(
    rng: np.random.Generator, center: tuple[float, float], radii: tuple[float, float], width_mm: float
) -> list[tuple[Points, float]]:
    """Thin lines that bend a little at every few millimetres and cross one another, as strokes in mm."""
    reach = 1.35 * np.asarray(radii)
    count = int(4 * reach.prod() / MM2_A_LINE)
    start = np.asarray(center) + rng.uniform(-1, 1, (count, 1, 2)) * reach
    turns = rng.normal(0, 0.4, (count, STEPS))
    heading = rng.uniform(0, 2 * np.pi, (count, 1)) + turns.cumsum(1)
    step = rng.uniform(1.0, 4.0, (count, STEPS, 1)) * np.stack([np.cos(heading), np.sin(heading)], -1)
    walks = np.concatenate([start, start + step.cumsum(1)], 1)
    return [(walk, width_mm) for walk in walks]


def septal_lines(rng: np.random.Generator, scene: Scene, side: str) -> list[tuple[Points, float]]:
    """Kerley's B lines as strokes in mm: short, level, from the chest wall inwards, above the costophrenic angle."""
    inwards = -1.0 if side == "left" else 1.0
    rows, wall = scene.xy_small[1][:, 0], scene.wall(side)
    y, strokes = scene.dome(side) + float(rng.uniform(-4, 8)), []
    for _ in range(int(rng.integers(4, 9))):
        start = float(np.interp(y, rows, wall)) + inwards * float(rng.uniform(1, 4))
        length, fall = float(rng.uniform(8, 17)), float(rng.normal(0, 0.08))
        along = np.linspace(0, length, 4)
        bend = rng.normal(0, 0.25, 4)
        strokes.append((np.stack([start + inwards * along, y + fall * along + bend], 1), float(rng.choice((0.6, 0.8)))))
        y -= float(rng.uniform(4, 9))
    return strokes


def _patchy(rng: np.random.Generator, scene: Scene, spacing_mm: float, depth: float) -> Array:
    """About 1, with bumps of that size that reach from 1 - `depth` upwards."""
    noise = smooth_noise(rng, round(scene.size * scene.mm_per_px / spacing_mm), scene.size)
    return np.asarray(np.clip(1 + 0.6 * noise, 1 - depth, 1.8), np.float32)


def _deep(scene: Scene, side: str) -> Array:
    """0..1: 1 where that lung is deep, so that nothing lies over liver, stomach or chest wall."""
    depth = scene.lung_small(side)
    share = np.clip((depth / max(float(depth.max()), 1) - 0.2) / 0.3, 0, 1)
    share = share * np.clip((scene.unobstructed(side) - 0.45) / 0.3, 0, 1)
    share = share * np.clip((scene.fluid[side] - scene.xy_small[1]) / 10, 0, 1)
    return scene.up((share * share * (3 - 2 * share)).astype(np.float32))


def _likely(scene: Scene, side: str) -> Array:
    """How often the pattern's middle lies at each place, (small, small): more towards base and periphery."""
    x, y = scene.xy_small
    x0, top, x1, _ = scene.lung_box(side)
    low = np.clip((y - top) / max(scene.dome(side) - top, 1), 0, 1)
    out = np.clip((x - x0 if side == "left" else x1 - x) / max(x1 - x0, 1), 0, 1)
    likely = np.asarray(scene.open_lung(side) * (0.06 + low**4) * (0.3 + out), np.float32)
    return likely if likely.any() else scene.lung_small(side) + np.float32(1e-6)
