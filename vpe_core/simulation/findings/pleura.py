"""Pleural effusion (fluid in the place of the lower lung) and pneumothorax (air outside a fine pleural line)."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from vpe_core.simulation.fields import Array, blur, smooth_noise
from vpe_core.simulation.findings.base import FINDINGS, Lesion, between, visible
from vpe_core.simulation.scene import MU_LUNG, SIDES, Scene


@FINDINGS.register("pleural effusion")
def effusion(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """Fluid that rises towards the chest wall (meniscus) and blots out the diaphragm."""
    side = SIDES[int(rng.random() < 0.5)]
    x0, top, x1, bottom = scene.lung_box(side)
    x, y = scene.xy
    bottom = scene.diaphragm(side)
    height = between(0.14, 0.5, severity) * (bottom - top) * float(rng.uniform(0.9, 1.1))
    lateral = np.clip((x1 - x) / (x1 - x0) if side == "right" else (x - x0) / (x1 - x0), 0, 1)
    bumps = smooth_noise(rng, 6, scene.size) * 2.5
    level = bottom + 0.25 * height - height - 0.55 * height * (lateral**2.4) + 0.35 * height * (1 - lateral) + bumps
    edge_mm = between(4, 7, severity)
    fraction = expit((y - level) / edge_mm)
    added = scene.fill((fraction * between(0.7, 0.97, severity)).astype(np.float32), side)
    chest = blur((scene.up(scene.lung_small(side)) > 2).astype(np.float32), 4 / scene.mm_per_px)
    below = np.clip((y - level) / (height + 1), 0, 1) * chest
    added = added + 0.12 * below.astype(np.float32)  # fluid behind the dome of the diaphragm
    scene.attenuation = scene.attenuation + added
    mask = visible(added, 0.3)
    return Lesion(mask, side, "lower", float(height))


@FINDINGS.register("pneumothorax")
def pneumothorax(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """Air without vessels between chest wall and a pleural line that closes smoothly towards hilum and base."""
    side = SIDES[int(rng.random() < 0.5)]
    lung = scene.lung_small(side)
    x0, top, x1, bottom = scene.lung_box(side)
    hub = (x1 - 0.12 * (x1 - x0) if side == "right" else x0 + 0.12 * (x1 - x0), top + 0.5 * (bottom - top))
    wall, angles = _wall(scene, lung, hub)
    peak = float(np.deg2rad(rng.uniform(-70, -40)))  # towards the apex and outwards, y down
    peak = np.pi - peak if side == "right" else peak
    spread = float(rng.uniform(0.75, 1.05))
    away = np.angle(np.exp(1j * (angles - peak)))
    depth = (
        between(0.10, 0.34, severity)
        * np.exp(-((away / spread) ** 2))
        * (1 + 0.08 * np.cos(3 * away + float(rng.uniform(0, 6))))
    )
    line = wall * (1 - depth)
    x, y = scene.xy
    distance, angle = np.hypot(x - hub[0], y - hub[1]), np.arctan2(y - hub[1], x - hub[0])
    line_at = np.interp(angle.ravel(), angles, line, period=2 * np.pi).reshape(angle.shape)
    gap_at = np.interp(angle.ravel(), angles, wall * depth, period=2 * np.pi).reshape(angle.shape)
    inside = np.clip(scene.air[side] / 10, 0, 1)
    open_gap = np.clip((gap_at - 2.5) / 4, 0, 1)
    outside = (expit((distance - line_at) / 0.35) * inside * open_gap).astype(np.float32)
    pleura = np.exp(-(((distance - line_at) / 0.55) ** 2)) * inside * open_gap
    removed = outside * scene.air[side] * np.float32(0.62 * MU_LUNG)
    fine = scene.attenuation - blur(scene.attenuation, 2.0 / scene.mm_per_px)
    smooth = np.clip(scene.attenuation - 0.6 * fine, 0, None)
    scene.attenuation = (
        scene.attenuation * (1 - outside) + smooth * outside - removed + (0.085 * pleura).astype(np.float32)
    )
    scene.vessels = scene.vessels * (1 - outside)
    scene.air[side] = scene.air[side] * (1 - 0.6 * outside)
    mask = outside > 0.5
    if not mask.any():
        mask = outside >= outside.max()
    return Lesion(mask, side, "upper", float((wall * depth).max()))


def _wall(scene: Scene, lung: Array, hub: tuple[float, float]) -> tuple[Array, Array]:
    """Distance in mm from the hilum to the lung's outline at each angle, smoothed."""
    angles = np.linspace(-np.pi, np.pi, 180, endpoint=False).astype(np.float32)
    radii = np.arange(0, 240, 1.0)
    px = (hub[0] + np.cos(angles)[:, None] * radii) / scene.small_mm + scene.small / 2
    py = (hub[1] + np.sin(angles)[:, None] * radii) / scene.small_mm + scene.small / 2
    inside = (px >= 0) & (py >= 0) & (px < scene.small) & (py < scene.small)
    hit = inside & (lung[py.clip(0, scene.small - 1).astype(int), px.clip(0, scene.small - 1).astype(int)] > 8)
    reach = np.where(hit, radii, 0).max(1)
    kernel = np.hanning(13) / np.hanning(13).sum()
    padded = np.concatenate([reach[-6:], reach, reach[:6]])
    return np.convolve(padded, kernel, mode="valid").astype(np.float32), angles
