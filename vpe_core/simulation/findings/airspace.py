"""Air replaced by fluid or collapse: consolidation and atelectasis."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from vpe_core.simulation.fields import Array, Points, blur, draw_strokes, smooth_noise, wander
from vpe_core.simulation.findings.base import FINDINGS, Lesion, between, visible
from vpe_core.simulation.organs import LEFT_LOBES, RIGHT_LOBES
from vpe_core.simulation.scene import MU_FLUID, SIDES, Scene


def soft_region(
    scene: Scene, rng: np.random.Generator, x_mm: float, y_mm: float, radius_mm: tuple[float, float], ragged: float
) -> Array:
    """A cloud (0..1) with a ragged edge around a place, radii along x and y."""
    x, y = scene.xy
    distance = np.hypot((x - x_mm) / radius_mm[0], (y - y_mm) / radius_mm[1])
    edge = distance + ragged * smooth_noise(rng, 9, scene.size) + 0.4 * ragged * smooth_noise(rng, 24, scene.size)
    cloud: Array = expit((1 - edge) * 6).astype(np.float32)
    return cloud


def lobe_mask(scene: Scene, side: str, x_mm: float, y_mm: float) -> Array:
    """Soft mask (0..1) of the lobe with the longest path at a place: airspace disease stops at fissures."""
    column = int(np.clip(x_mm / scene.small_mm + scene.small / 2, 0, scene.small - 1))
    row = int(np.clip(y_mm / scene.small_mm + scene.small / 2, 0, scene.small - 1))
    lobes = LEFT_LOBES if side == "left" else RIGHT_LOBES
    path = scene.organs[max(lobes, key=lambda lobe: float(scene.organs[lobe, row, column]))]
    return scene.up(np.clip(path / np.clip(scene.lung_small(side), 8, None), 0, 1))


@FINDINGS.register("consolidation")
def consolidation(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """Patchy filling of a part of one lobe, with air bronchograms that stay dark in it."""
    side, x, y = scene.pick_in_lung(rng, margin_mm=12)
    radius = between(22, 46, severity)
    radii = (radius * float(rng.uniform(0.8, 1.2)), radius * float(rng.uniform(0.75, 1.1)))
    cloud = soft_region(scene, rng, x, y, radii, 0.22) * lobe_mask(scene, side, x, y)
    mottle = np.clip(0.9 + 0.2 * smooth_noise(rng, 14, scene.size) + 0.1 * smooth_noise(rng, 45, scene.size), 0.4, 1.3)
    strength = between(0.42, 0.75, severity) * float(rng.uniform(0.85, 1.15))
    added = scene.fill(strength * cloud * mottle, side)
    inward = np.arctan2(-y, -x if abs(x) > 1 else 1.0)
    bronchi = [
        (wander(rng, (x + float(rng.normal(0, 6)), y + float(rng.normal(0, 6))), inward + np.pi + a, radius, 0.08), 2.2)
        for a in rng.normal(0, 0.7, int(rng.integers(2, 5)))
    ]
    air = blur(draw_strokes(bronchi, scene.size, scene.mm_per_px), 0.5 / scene.mm_per_px)
    added = np.clip(added - air * cloud * MU_FLUID * 1.2, 0, None)
    scene.attenuation = scene.attenuation + added
    return Lesion(visible(added, 0.35), side, scene.zone(side, y), 2 * radius)


@FINDINGS.register("atelectasis")
def atelectasis(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """Plate-like bands in the lower half of a lung, in the severe third with a wedge of collapse under them."""
    side = SIDES[int(rng.random() < 0.5)]
    _, top, _, bottom = scene.lung_box(side)
    _, y = scene.xy_small
    path = scene.lung_small(side)
    low = scene.open_lung(side) & (y > top + 0.45 * (bottom - top))
    cx, cy = scene.pick(rng, np.where(low if low.any() else path > 15, 1.0, 0.0))
    length = between(35, 75, severity) * float(rng.uniform(0.9, 1.1))
    tilt = float(rng.normal(0, 0.22))
    bands: list[tuple[Points, float]] = []
    for k in range(int(rng.integers(1, 4))):
        start = (cx - length / 2 + float(rng.normal(0, 8)), cy + 9 * k - 6 + float(rng.normal(0, 3)))
        reach = length * float(rng.uniform(0.6, 1))
        bands.append(
            (wander(rng, start, tilt + float(rng.normal(0, 0.14)), reach, 0.035), float(rng.uniform(1.8, 3.6)))
        )
    plates = draw_strokes(bands, scene.size, scene.mm_per_px)
    plates = blur((plates > 0.5).astype(np.float32), 1.1 / scene.mm_per_px)
    plates = plates * np.clip(0.9 + 0.35 * smooth_noise(rng, 12, scene.size), 0.25, 1.3)
    inside = np.clip(scene.air[side] / 25, 0, 1)
    added = plates * inside * np.float32(between(0.4, 0.75, severity))
    haze = soft_region(scene, rng, cx, cy + 4, (length * 0.5, 13.0), 0.15)
    added = added + scene.fill(haze * between(0.06, 0.2, severity), side)
    scene.attenuation = scene.attenuation + added
    return Lesion(visible(added, 0.3), side, scene.zone(side, cy), length)
