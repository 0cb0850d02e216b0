"""A pacemaker: a metal case below the clavicle with one or two leads to the heart."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from vpe_core.simulation.fields import Points, blur, draw_strokes
from vpe_core.simulation.findings.base import FINDINGS, Lesion, between
from vpe_core.simulation.scene import Scene

MU_TITANIUM_CASE = 2.2  # attenuation through the whole case: the display saturates


@FINDINGS.register("pacemaker")
def pacemaker(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """Case of 38 to 52 mm over the upper outer lung, leads through the subclavian vein to atrium and ventricle."""
    side = "left" if rng.random() < 0.75 else "right"
    out = 1.0 if side == "left" else -1.0
    x0, top, x1, bottom = scene.lung_box(side)
    size = between(38, 50, severity)
    cx = (x1 if side == "left" else x0) - out * float(rng.uniform(16, 34))
    cy = top + float(rng.uniform(0.14, 0.30)) * (bottom - top)
    x, y = scene.xy
    tilt = out * float(rng.uniform(-0.3, 0.3))
    u, v = (x - cx) * np.cos(tilt) + (y - cy) * np.sin(tilt), (y - cy) * np.cos(tilt) - (x - cx) * np.sin(tilt)
    a, b = size / 2, size / 2 * 0.86
    case = expit((1 - (np.abs(u) / a) ** 3.2 - (np.abs(v) / b) ** 3.2) * 16)
    header = expit((1 - np.maximum(np.abs(u) / (a * 0.6), np.abs(v + b * 0.92) / (b * 0.22))) * 14)
    inner = np.exp(-((np.abs(u + a * 0.2) / (a * 0.45)) ** 6) - (np.abs(v - b * 0.15) / (b * 0.5)) ** 6)
    added = (MU_TITANIUM_CASE * (case * (0.72 + 0.28 * inner)) + 0.5 * header * (1 - case)).astype(np.float32)
    mask = (case > 0.5) | (header > 0.5)
    leads = [
        (_lead(scene, rng, (cx - out * a * 0.2, cy - b), out, to), 1.4)
        for to in ("ventricle", "atrium")[: 1 + int(rng.random() < 0.6)]
    ]
    wires = draw_strokes(leads, scene.size, scene.mm_per_px)
    scene.attenuation = scene.attenuation + added + blur(wires, 0.25 / scene.mm_per_px) * np.float32(0.55)
    return Lesion(mask, side, "upper", size)


def _lead(scene: Scene, rng: np.random.Generator, start: tuple[float, float], out: float, to: str) -> Points:
    """A smooth path from the case over the superior vena cava into a chamber of the heart."""
    heart = scene.heart_small()
    x, y = scene.xy_small
    inside = heart > 20
    if not inside.any():
        inside = heart >= heart.max()
    left, right, top, low = x[inside].min(), x[inside].max(), y[inside].min(), y[inside].max()
    cava = (left + 0.12 * (right - left), top - 12.0)
    atrium = (left + 0.16 * (right - left), top + 0.55 * (low - top))
    tip = (
        (left + 0.78 * (right - left), low - 0.10 * (low - top))
        if to == "ventricle"
        else (atrium[0] + 9, atrium[1] - 14)
    )
    over = (start[0] * 0.55 + cava[0] * 0.45, min(start[1], cava[1]) - float(rng.uniform(14, 24)))
    knots = np.array([start, (start[0] - out * 8, start[1] - 10), over, cava, atrium, tip], float)
    return _smooth(knots)


def _smooth(knots: Points, per_segment: int = 14) -> Points:
    """Catmull-Rom curve through the knots."""
    padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    t = np.linspace(0, 1, per_segment, endpoint=False)[:, None]
    parts = []
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        parts.append(
            0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
        )
    return np.vstack([*parts, knots[-1:]])
