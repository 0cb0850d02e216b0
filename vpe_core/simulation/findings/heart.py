"""Cardiomegaly: the heart grows to both sides at the lungs' expense; the chest wall stays where it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vpe_core.simulation.fields import Array, blur
from vpe_core.simulation.findings.base import FINDINGS, Lesion, between
from vpe_core.simulation.scene import MU_FLUID, SIDES, Scene

HEART_MM = 12.0  # path through the heart from which on it is seen
ROOM_MM = 18.0  # lung that stays between the heart and the chest wall
SPINE_MM = 18.0  # from its middle to its edge: what lies there stays
BEHIND_MM = 40.0  # lung that stays behind the right atrium


@FINDINGS.register("cardiomegaly")
def cardiomegaly(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """A cardiothoracic ratio of 0.52 to 0.63 (over 0.5 is enlarged: Danzer, Am. J. Med. Sci. 157, 1919).

    The left border is pushed out with all that lies at it, so that the heart keeps its own edge and texture; on the
    right, where the spine covers the heart's border, an atrium grows into the lung.
    """
    x0, _, x1, _ = heart_box(scene)
    chest = scene.lung_box("left")[2] - scene.lung_box("right")[0]
    target = between(0.52, 0.63, severity) * float(rng.uniform(0.98, 1.02)) * chest
    growth = max(target - (x1 - x0), between(8, 26, severity))
    share = float(rng.uniform(0.62, 0.74))
    push_border(scene, "left", share * growth)
    deeper = np.minimum(0.25 * scene.up(scene.heart_small()), 0.8 * scene.air["left"])
    _displace(scene, blur(deeper, 2 / scene.mm_per_px), "left")
    atrium = _atrium(scene, x0 - (1 - share) * growth)
    _displace(scene, atrium, "right")
    mask = (scene.up(scene.heart_small()) > HEART_MM) | (atrium > HEART_MM)
    for side in SIDES:  # the muscle covers the lung's vessels before and behind it only in part
        scene.vessels = scene.vessels * (1 - 0.6 * mask * (scene.air[side] < 25))
    return Lesion(mask, "", "", float(np.ptp(scene.xy[0][mask])) if mask.any() else 0.0)


def heart_box(scene: Scene) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 in mm of the heart's shadow."""
    heart = scene.heart_small()
    x, y = scene.xy_small
    inside = heart > min(HEART_MM, 0.999 * float(heart.max()))
    if not inside.any():
        return (-30.0, -10.0, 60.0, 70.0)
    return float(x[inside].min()), float(y[inside].min()), float(x[inside].max()), float(y[inside].max())


def push_border(scene: Scene, side: str, by_mm: float) -> None:
    """Moves one border of the heart outwards, most in its middle; lung is squeezed, spine and chest wall stay."""
    out = 1.0 if side == "left" else -1.0
    _, top, _, bottom = heart_box(scene)
    rows, spine, wall = scene.xy_small[1][:, 0], scene.spine(), scene.wall(side)
    start = spine + out * SPINE_MM
    old = np.maximum(out * (_border(scene, side) - start), 8)
    end = np.maximum(out * (wall - start), old + ROOM_MM)
    height = (rows - top) / max(bottom - top, 1)
    push = by_mm * np.exp(-(np.abs((height - 0.62) / np.where(height < 0.62, 0.36, 0.5)) ** 2.5))
    push = ndimage.gaussian_filter1d(np.minimum(push, end - old - ROOM_MM), 4.0, mode="nearest")

    def source(x: Array, y: Array) -> tuple[Array, Array]:
        begin, by, new, stop = (
            np.interp(y[:, 0], rows, line)[:, None].astype(np.float32) for line in (start, push, old + push, end)
        )
        place = out * (x - begin)
        rise = np.sin(np.pi / 2 * np.clip(place / new, 0, 1))
        fall = np.cos(np.pi / 2 * np.clip((place - new) / np.clip(stop - new, 1, None), 0, 1)) ** 2
        return x - out * by * np.where(place < new, rise, fall), y

    scene.warp(source)


def _border(scene: Scene, side: str) -> NDArray[np.float64]:
    """X in mm of the heart's border in every row of the small maps, (small,), smoothed."""
    x, _ = scene.xy_small
    inside = scene.heart_small() > HEART_MM
    known = np.flatnonzero(inside.any(1))
    if not known.size:
        return np.full(scene.small, scene.midline() + (40.0 if side == "left" else -25.0))
    edge = np.where(inside, x, -np.inf).max(1) if side == "left" else np.where(inside, x, np.inf).min(1)
    line = np.interp(np.arange(scene.small), known, edge[known])
    return np.asarray(ndimage.gaussian_filter1d(line, 3.0, mode="nearest"))


def _atrium(scene: Scene, border_mm: float) -> Array:
    """Path in mm through a right atrium that reaches out to `border_mm`: an ellipsoid before the lung behind it."""
    _, top, _, bottom = heart_box(scene)
    x, y = scene.xy
    low = min(bottom, scene.dome("right") + 10)
    half = 0.5 * (low - top)
    middle = float(np.interp((top + low) / 2, scene.xy_small[1][:, 0], scene.spine()))
    reach = max(middle - border_mm, 15.0)
    radius = np.hypot((x - middle) / reach, (y - (low - 0.9 * half)) / half)
    path = 75 * np.sqrt(np.clip(1 - radius**2, 0, None)) * np.clip((middle - x) / 12, 0, 1)
    soft = blur(path.astype(np.float32), 0.8 / scene.mm_per_px)
    return np.asarray(np.minimum(soft, np.clip(scene.air["right"] - BEHIND_MM, 0, None)), np.float32)


def _displace(scene: Scene, path_mm: Array, side: str) -> None:
    """Puts that much heart in the place of that lung's air."""
    scene.attenuation = scene.attenuation + path_mm * np.float32(MU_FLUID)
    scene.air[side] = np.clip(scene.air[side] - path_mm, 0, None)
