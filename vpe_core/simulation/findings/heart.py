"""Cardiomegaly: the heart grows to both sides at the lungs' expense; the chest wall stays where it is."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from vpe_core.simulation.fields import Array, blur, smooth_noise
from vpe_core.simulation.findings.base import FINDINGS, Lesion, between
from vpe_core.simulation.scene import MU_FLUID, SIDES, Scene


@FINDINGS.register("cardiomegaly")
def cardiomegaly(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """A shadow as dense as the heart and up to 1.5 times its outline's axes, a finger away from the chest wall."""
    cx, cy, along, across, tilt = _axes(scene)
    growth = between(1.16, 1.48, severity) * float(rng.uniform(0.97, 1.03))
    x, y = scene.xy
    u = (x - cx + 3) * np.cos(tilt) + (y - cy - 6) * np.sin(tilt)
    v = (y - cy - 6) * np.cos(tilt) - (x - cx + 3) * np.sin(tilt)
    radius = np.hypot(u / (along * growth), v / (across * growth * 0.88)) + 0.03 * smooth_noise(rng, 5, scene.size)
    wall = scene.lung_box("left")[2] - 12
    shadow = expit((1 - radius) * 16) * expit((wall - x) / 3)
    air = np.add(*(scene.air[side] for side in SIDES))
    room = np.clip(air, 0, None) * np.float32(MU_FLUID)
    heart = scene.up(scene.heart_small())
    target = float(np.median(scene.attenuation[heart > 0.5 * heart.max()])) if heart.max() > 0 else 4.0
    missing = np.clip(target - blur(scene.attenuation, 3 / scene.mm_per_px), 0, 0.95 * room)
    added = (missing * shadow).astype(np.float32)
    for side in SIDES:
        scene.air[side] = scene.air[side] * (1 - np.clip(added / np.clip(room, 1e-3, None), 0, 1))
    scene.attenuation = scene.attenuation + added
    mask = shadow > 0.5
    return Lesion(mask, "", "", float(np.ptp(x[mask])) if mask.any() else 0.0)


def _axes(scene: Scene) -> tuple[float, float, float, float, float]:
    """Centre, semi-axes (long, short) in mm and tilt in radians of the heart's shadow, from its second moments."""
    heart: Array = scene.heart_small()
    x, y = scene.xy_small
    weight = (heart > 15).astype(np.float64)
    weight /= max(float(weight.sum()), 1e-6)
    cx, cy = float((x * weight).sum()), float((y * weight).sum())
    dx, dy = x - cx, y - cy
    covariance = [[(weight * a * b).sum() for a in (dx, dy)] for b in (dx, dy)]
    variance, axes = np.linalg.eigh(np.array(covariance) + 1e-6 * np.eye(2))
    tilt = float(np.arctan2(axes[1, 1], axes[0, 1]))
    tilt = (tilt + np.pi / 2) % np.pi - np.pi / 2  # an axis has no direction
    return cx, cy, 2 * float(np.sqrt(variance[1])), 2 * float(np.sqrt(variance[0])), tilt
