"""A pacemaker: a metal case below the clavicle with one or two leads to the heart."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline
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
    header_mm = (cx - out * a * 0.35, cy - b * 1.05)
    leads = [
        (lead(scene, rng, header_mm, side, chamber), 1.4)
        for chamber in ("ventricle", "atrium")[: 1 + int(rng.random() < 0.6)]
    ]
    leads += [(path[-5:], 2.3) for path, _ in leads]  # electrodes
    wires = draw_strokes(leads, scene.size, scene.mm_per_px)
    scene.attenuation = scene.attenuation + added + blur(wires, 0.25 / scene.mm_per_px) * np.float32(0.55)
    return Lesion(mask, side, "upper", size)


def lead(scene: Scene, rng: np.random.Generator, start: tuple[float, float], side: str, chamber: str) -> Points:
    """The way of a lead in mm: subclavian and brachiocephalic vein, superior vena cava, right atrium, and there.

    The vena cava forms the right border of the upper mediastinum, which is left of the spine in the picture; a lead
    from the left side crosses the midline on its way (Aguilera et al., Insights Imaging 2, 2011).
    """
    _, top, x1, _ = scene.lung_box("right")
    border, height = mediastinal_border(scene), scene.dome("right") - top
    x0_left = scene.lung_box("left")[0]
    heart = _heart_box(scene)
    cava = border + float(rng.uniform(3, 6))
    wall = min(max(heart[0], border - 8), border + 4) + 8.0  # of the right atrium
    joint = top + 0.10 * height + float(rng.uniform(-3, 3))
    out = 1.0 if side == "left" else -1.0
    clavicle = max(x0_left, cava + 55) + 8 if side == "left" else min(x1, cava) - 30
    vein_y = min(start[1] - 14, top + 0.07 * height)
    knots = [start, (start[0] - out * 3, start[1] - 9), (0.5 * (start[0] + clavicle), vein_y + 1), (clavicle, joint)]
    if side == "left":
        knots += [(clavicle + k * (cava - clavicle), joint + fall * height) for k, fall in ((0.4, 0.04), (0.8, 0.12))]
    knots += [(cava + out, top + 0.34 * height), (cava - 1, top + 0.47 * height)]
    low = max(heart[3] - 0.1 * (heart[3] - heart[1]), top + 0.8 * height)
    drop = low - (top + 0.47 * height)
    across = heart[2] - wall
    if chamber == "ventricle":
        knots += [
            (wall, top + 0.47 * height + 0.45 * drop),
            (wall + 0.12 * across, low - 0.18 * drop),
            (wall + 0.38 * across, low - 0.02 * drop),
            (wall + float(rng.uniform(0.68, 0.78)) * across, low + 0.03 * drop),
        ]
    else:
        middle = top + 0.47 * height + 0.4 * drop
        knots += [(wall - 1, middle), (wall + 4, middle + 10), (wall + 11, middle + 12), (wall + 18, middle + 4)]
        knots.append((wall + 20, middle - 8))
    return _smooth(np.array(knots, float))


def mediastinal_border(scene: Scene) -> float:
    """X in mm of the right border of the upper mediastinum: where the right lung becomes deep, seen from the spine."""
    x, y = scene.xy_small
    depth, (_, top, _, _) = scene.lung_small("right"), scene.lung_box("right")
    level = np.abs(y - (top + 0.4 * (scene.dome("right") - top))) < 8
    seen = level & (depth > 0.5 * depth.max())
    return float(np.median(np.where(seen, x, -np.inf).max(1)[seen.any(1)])) if seen.any() else -15.0


def _heart_box(scene: Scene) -> tuple[float, float, float, float]:
    heart = scene.heart_small()
    x, y = scene.xy_small
    inside = heart > min(20.0, 0.999 * float(heart.max()))
    if not inside.any():
        return (-30.0, -10.0, 60.0, 70.0)
    return float(x[inside].min()), float(y[inside].min()), float(x[inside].max()), float(y[inside].max())


def _smooth(knots: Points, count: int = 120) -> Points:
    """A curve without kinks through the knots: a cubic spline over the length of the way."""
    way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(knots, axis=0).T))])
    return np.asarray(CubicSpline(way, knots)(np.linspace(0, way[-1], count)))
