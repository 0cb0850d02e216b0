"""Air replaced by fluid or collapse: consolidation and atelectasis."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from vpe_core.simulation.fields import Array, blur, draw_strokes, smooth_noise, wander
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
    """Plates that taper and fade at both ends in the lower half of a lung (Fleischner, 1941), with a little haze."""
    side = SIDES[int(rng.random() < 0.5)]
    cx, cy, room = _place_of_plates(scene, rng, side)
    length = min(between(35, 75, severity) * float(rng.uniform(0.9, 1.1)), room)
    tilt = float(rng.normal(0, 0.16))
    plates = np.zeros_like(scene.attenuation)
    bend_mm = float(rng.normal(0, 2.5))
    for k in range(int(rng.integers(1, 4))):
        aside = 0.0 if k == 0 else float(rng.choice((-1, 1)) * rng.uniform(0.15, 0.3)) * length
        place = (cx + aside, cy + 10 * k - 6 + float(rng.normal(0, 2)))
        reach = length * (1.0 if k == 0 else float(rng.uniform(0.45, 0.85)))
        plate = _plate(scene, rng, place, reach, tilt + float(rng.normal(0, 0.1)), bend_mm * (reach / length) ** 2)
        plates = np.maximum(plates, plate * float(rng.uniform(0.7, 1)))
    plates = plates * np.clip(0.95 + 0.2 * smooth_noise(rng, 18, scene.size), 0.5, 1.3)
    clear = scene.soft_lung(side, 45) * (1 - scene.up(np.clip(scene.heart_small() / 25, 0, 1)))
    added = blur(plates * clear, 0.5 / scene.mm_per_px) * np.float32(between(0.3, 0.55, severity))
    haze = (
        soft_region(scene, rng, cx, cy + 4, (length * 0.5, 13.0), 0.15)
        * clear
        * np.float32(between(0.06, 0.2, severity))
    )
    added = added + scene.fill(haze.astype(np.float32), side)
    scene.attenuation = scene.attenuation + added
    return Lesion(visible(added, 0.3), side, scene.zone(side, cy), length)


def _place_of_plates(scene: Scene, rng: np.random.Generator, side: str) -> tuple[float, float, float]:
    """Middle of the plates in mm and how much lung lies beside the heart at that height."""
    x, y = scene.xy_small
    top, dome = scene.lung_box(side)[1], scene.dome(side)
    free = scene.open_lung(side) & (scene.heart_small() < 5)
    low = free & (y > top + 0.5 * (dome - top)) & (y < dome + 8)
    allowed = low if low.any() else free if free.any() else scene.lung_small(side) > 0
    _, cy = scene.pick(rng, allowed.astype(np.float32))
    row = int(np.abs(y[:, 0] - cy).argmin())
    across = x[row][allowed[row]] if allowed[row].any() else x[allowed]
    left, right = float(across.min()), float(across.max())
    return (left + right) / 2 + float(rng.normal(0, 0.08)) * (right - left), cy, max(right - left, 30.0)


def _plate(
    scene: Scene, rng: np.random.Generator, place: tuple[float, float], length_mm: float, tilt: float, bend_mm: float
) -> Array:
    """A plate seen nearly edge on, 0..1: 2 to 4 mm thick in its middle, slightly bent, fading to both ends."""
    x, y = scene.xy[0] - place[0], scene.xy[1] - place[1]
    along = (x * np.cos(tilt) + y * np.sin(tilt)) / (length_mm / 2)
    across = y * np.cos(tilt) - x * np.sin(tilt)
    wave, phase = float(rng.uniform(0.2, 0.8)), float(rng.uniform(-np.pi, np.pi))
    across = across - bend_mm * along**2 - wave * np.sin(2.5 * along + phase)
    left = np.clip(1 - along**2, 0, 1)
    half_mm = float(rng.uniform(0.9, 1.8)) * (0.35 + 0.65 * left)
    return np.asarray(left**0.9 * np.exp(-(np.abs(across / half_mm) ** 2.5)), np.float32)
