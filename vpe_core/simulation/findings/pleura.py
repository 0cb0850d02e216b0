"""Pleural effusion (fluid in the place of the lower lung) and pneumothorax (air outside a fine pleural line)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import expit

from vpe_core.simulation.fields import Array, blur, smooth_noise
from vpe_core.simulation.findings.base import FINDINGS, Lesion, between, visible
from vpe_core.simulation.findings.heart import push_border
from vpe_core.simulation.scene import MU_LUNG, SIDES, Scene


@FINDINGS.register("pleural effusion")
def effusion(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """Fluid around the base of the lung, higher at the chest wall than towards the mediastinum.

    It first blunts the costophrenic angle (from about 175 ml: Collins et al., Radiology 105, 1972), then hides the
    diaphragm beneath a meniscus, and pushes the heart away only when it is large (Light, Pleural diseases).
    """
    side = SIDES[int(rng.random() < 0.5)]
    if severity > 0.75:
        push_border(scene, SIDES[side == "right"], 36 * (severity - 0.75))
    out = np.clip(scene.outwards(side), 0, 1)
    top, base = scene.lung_box(side)[1], _angle(scene, side)
    rise = between(30, 0.66 * (base - top), severity) * float(rng.uniform(0.92, 1.08))
    beneath = rise - (base - scene.dome(side)) - 6  # the drop to the mediastinum that just hides the dome
    hides = np.clip((severity - 0.2) / 0.25, 0, 1)
    drop = float((1 - hides) * 50 + hides * np.clip(beneath, 20, 32)) * float(rng.uniform(0.9, 1.0))
    scene.fluid[side] = base - rise + 0.5 * drop
    wavy = 1.5 * smooth_noise(rng, 5, scene.size)
    depth = scene.xy[1] - (base - rise + drop * (1 - out**2.3) - 0.3 * drop * np.clip(1 - 2 * out, 0, 1) ** 2 + wavy)
    soft_mm = between(5, 8, severity)
    share = 1 - np.exp(-np.logaddexp(0, depth / soft_mm))
    shown = (scene.soft_lung(side, 60) > 0.5) | ((out > 0.7) & (scene.xy[1] < base + 2))  # not behind the liver
    chest = np.clip(scene.up(scene.lung_small(side)) / 10, 0, 1)
    border = blur(np.hypot(*np.gradient(scene.air[side])) / scene.mm_per_px, 3 / scene.mm_per_px)
    added = scene.fill(share.astype(np.float32), side)
    scene.attenuation = scene.attenuation + added
    covered = np.clip((depth + 0.3 * soft_mm) / (2 * soft_mm), 0, 1) * chest
    scene.efface(covered * np.clip(0.4 + border / 4, 0, 0.97), 8)
    scene.vessels = scene.vessels * (1 - share * chest)
    return Lesion(visible(added * shown, 0.25), side, "lower", float(rise))


def _angle(scene: Scene, side: str) -> float:
    """Y in mm of the costophrenic angle: how far down the lung at the chest wall reaches."""
    _, y = scene.xy_small
    _, _, _, bottom = scene.lung_box(side)
    at_wall = (scene.lung_small(side) > 20) & (np.abs(scene.xy_small[0] - scene.wall(side)[:, None]) < 22)
    return float(np.quantile(y[at_wall], 0.985)) if at_wall.any() else bottom


@FINDINGS.register("pneumothorax")
def pneumothorax(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """Air without vessels beyond a fine pleural line, widest at the apex; the lung behind it shrinks and gets denser.

    Its vessels end at the line, because they move with the lung (O'Connor and Morgan, BMJ 330, 2005).
    """
    side = SIDES[int(rng.random() < 0.5)]
    x0, top, x1, bottom = scene.lung_box(side)
    hub = (x1 - 0.12 * (x1 - x0) if side == "right" else x0 + 0.12 * (x1 - x0), top + 0.5 * (bottom - top))
    wall, angles = _wall(scene, scene.lung_small(side), hub)
    peak = float(np.deg2rad(rng.uniform(-75, -55)))  # towards the apex and outwards, y down
    peak = np.pi - peak if side == "right" else peak
    away = np.angle(np.exp(1j * (angles - peak)))
    spread = between(0.75, 1.35, severity) * float(rng.uniform(0.9, 1.1))
    wave = 1 + 0.06 * np.cos(3 * away + float(rng.uniform(0, 6)))
    above = np.clip((0.8 - np.sin(angles)) / 0.4, 0, 1)  # it ends where the dome begins
    depth = between(0.09, 0.46, severity) * np.exp(-((away / spread) ** 2)) * wave * above
    x, y = scene.xy
    distance, angle = np.hypot(x - hub[0], y - hub[1]), np.arctan2(y - hub[1], x - hub[0])
    wall_at, depth_at = (
        np.interp(angle.ravel(), angles, values, period=2 * np.pi).reshape(angle.shape) for values in (wall, depth)
    )
    beyond = distance - wall_at * (1 - depth_at)  # mm outside the pleural line
    beside = np.clip((scene.outwards(side) - 0.12) / 0.12, 0, 1)  # not over the spine
    inside = np.clip(scene.air[side] / 10, 0, 1) * scene.soft_lung(side, 40) * beside
    gap = np.clip((wall_at * depth_at - 2.5) / 4, 0, 1) * inside
    outside = (expit(beyond / max(0.4, 0.4 * scene.mm_per_px)) * gap).astype(np.float32)
    width_mm = max(0.45, 0.5 * scene.mm_per_px)  # never below what a pixel can show
    pleura = np.exp(-((beyond / width_mm) ** 2)) * gap * (0.45 / width_mm) ** 0.5
    _shrink(scene, hub, distance, angle, np.clip(depth_at, 0, 0.6), scene.air[side] > 4)
    removed = 0.7 * MU_LUNG * outside * scene.air[side]
    squeezed = MU_LUNG * scene.air[side] * np.clip(2.2 * depth_at, 0, 0.5) * (1 - expit(beyond / 2)) * inside
    closer = np.clip(distance / np.clip(wall_at, 1, None), 0, 1) ** 2
    change = -removed + 0.3 * squeezed * closer + 0.2 * pleura
    scene.attenuation = scene.attenuation + change.astype(np.float32)
    scene.vessels = scene.vessels * (1 - outside)
    scene.air[side] = scene.air[side] * (1 - 0.6 * outside)
    mask = outside > 0.5
    if not mask.any():
        mask = outside >= outside.max()
    return Lesion(mask, side, "upper", float((wall * depth).max()))


def _shrink(
    scene: Scene, hub: tuple[float, float], distance: Array, angle: Array, depth: Array, lung: NDArray[np.bool_]
) -> None:
    """Draws the lung's fine vessels towards the hilum, so that they end where the lung now ends."""
    reach = distance / np.clip(1 - depth, 0.3, 1)
    at = [
        (center + reach * turn(angle)) / scene.mm_per_px + (scene.size - 1) / 2
        for center, turn in ((hub[1], np.sin), (hub[0], np.cos))
    ]
    moved = ndimage.map_coordinates(scene.vessels, at, order=1, mode="nearest", output=np.float32)
    scene.vessels = np.where(lung, moved, scene.vessels)


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
