"""A pacemaker: a metal case below the clavicle with one or two leads to the heart."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import expit

from vpe_core.simulation.fields import Array, Points, blur, draw_strokes
from vpe_core.simulation.findings.base import FINDINGS, Lesion, between, window
from vpe_core.simulation.findings.heart import heart_box
from vpe_core.simulation.scene import Scene

CASE, RIM, BATTERY, BOARD, PART, EPOXY, METAL = 1.5, 0.3, 0.8, 0.3, 0.4, 0.4, 0.9
"""Attenuation through the case's two walls, its rim, battery, circuit board, each part on it, header and connector."""


@FINDINGS.register("pacemaker")
def pacemaker(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """Case of 38 to 52 mm over the upper outer lung, leads through the subclavian vein to atrium and ventricle.

    A can of titanium with battery and circuit in it, and a header of epoxy in which the leads' connectors shine; makers
    are told apart by these on X-rays (Jacob et al., Heart Rhythm 8, 2011).
    """
    side = "left" if rng.random() < 0.75 else "right"
    out = 1.0 if side == "left" else -1.0
    x0, top, x1, bottom = scene.lung_box(side)
    size = between(38, 50, severity)
    cx = (x1 if side == "left" else x0) - out * float(rng.uniform(16, 34))
    cx = out * min(out * cx, scene.size * scene.mm_per_px / 2 - 0.62 * size)
    cy = top + float(rng.uniform(0.14, 0.30)) * (bottom - top)
    at = window(scene, cx, cy, 0.8 * size)
    x, y = (axis[at] for axis in scene.xy)
    tilt = out * float(rng.uniform(-0.3, 0.3))
    u, v = (x - cx) * np.cos(tilt) + (y - cy) * np.sin(tilt), (y - cy) * np.cos(tilt) - (x - cx) * np.sin(tilt)
    u = u * out  # the connectors point to the midline
    ports = ("ventricle", "atrium")[: 1 + int(rng.random() < 0.6)]
    added, shape = np.zeros_like(scene.attenuation), np.zeros_like(scene.attenuation)
    added[at], shape[at] = _can(rng, scene, u, v, size, len(ports))
    start = (cx - out * size * 0.3 * np.cos(tilt) + size * 0.44 * np.sin(tilt), cy - size * 0.44 * np.cos(tilt))
    leads = [(lead(scene, rng, start, side, chamber), 1.3) for chamber in ports]
    tips = [(path[-4:], 2.4) for path, _ in leads] + [(path[-13:-10], 2.2) for path, _ in leads]  # electrode and ring
    wires = draw_strokes([*leads, *tips], scene.size, scene.mm_per_px)
    scene.attenuation = scene.attenuation + added + blur(wires, 0.25 / scene.mm_per_px) * np.float32(0.5)
    return Lesion(shape > 0.5, side, "upper", size)


def _can(rng: np.random.Generator, scene: Scene, u: Array, v: Array, size: float, ports: int) -> tuple[Array, Array]:
    """Attenuation of the case and its shape (0..1); u towards the shoulder, v down, in mm from its middle."""
    a, b = size / 2, size / 2 * 0.84
    edge = 0.45 + 0.3 * scene.mm_per_px
    squeeze = np.where(v > 0, 2.3, 3.6)  # rounder below than at the header
    level = np.power((np.abs(u) / a) ** squeeze + (np.abs(v) / b) ** squeeze, 1 / squeeze)
    inside = (1 - level) * b  # mm from the rim
    case = expit(inside / edge) * expit((v + 0.62 * b) / edge)
    rim = np.exp(-(((inside - 0.8) / 1.0) ** 2)) * case
    battery = _block(u, v, (-0.30 * a, 0.22 * b), (0.48 * a, 0.58 * b), 3.0, edge)
    board = _block(u, v, (0.50 * a, 0.12 * b), (0.27 * a, 0.56 * b), 1.5, edge)
    parts = np.zeros_like(u)
    for _ in range(int(rng.integers(5, 9))):
        at = (float(rng.uniform(0.3, 0.7)) * a, float(rng.uniform(-0.35, 0.6)) * b)
        parts = np.maximum(parts, _block(u, v, at, tuple(rng.uniform(0.8, 3.0, 2)), 0.4, edge))
    header = expit(inside / edge) * expit((-0.62 * b - v) / edge)
    metal = np.zeros_like(u)
    for k in range(ports):
        for along in (-0.35, 0.02):
            metal = np.maximum(metal, _block(u, v, (along * a, (-0.73 - 0.11 * k) * b), (0.08 * a, 0.9), 0.5, edge))
        metal = np.maximum(metal, 0.6 * _block(u, v, (-0.2 * a, (-0.73 - 0.11 * k) * b), (0.42 * a, 0.6), 0.5, edge))
    added = case * (CASE + BATTERY * battery + BOARD * board + PART * parts) + RIM * rim
    added = added + header * (EPOXY + METAL * metal)
    return added.astype(np.float32), np.maximum(case, header).astype(np.float32)


def _block(
    u: Array, v: Array, center: tuple[float, float], half: tuple[float, ...], round_mm: float, edge: float
) -> Array:
    """A rectangle with rounded corners, 0..1 (signed distance, in mm)."""
    qu, qv = np.abs(u - center[0]) - half[0] + round_mm, np.abs(v - center[1]) - half[1] + round_mm
    outside = np.hypot(np.clip(qu, 0, None), np.clip(qv, 0, None)) + np.minimum(np.maximum(qu, qv), 0) - round_mm
    return np.asarray(expit(-outside / (0.5 * edge)), np.float32)


def lead(scene: Scene, rng: np.random.Generator, start: tuple[float, float], side: str, chamber: str) -> Points:
    """The way of a lead in mm: subclavian and brachiocephalic vein, superior vena cava, right atrium, and there.

    The vena cava forms the right border of the upper mediastinum, which is left of the spine in the picture; a lead
    from the left side crosses the midline on its way (Aguilera et al., Insights Imaging 2, 2011).
    """
    _, top, x1, _ = scene.lung_box("right")
    border, height = mediastinal_border(scene), scene.dome("right") - top
    x0_left = scene.lung_box("left")[0]
    heart = heart_box(scene)
    cava = border + float(rng.uniform(3, 6))
    wall = min(max(heart[0], border - 8), border + 4) + 8.0  # of the right atrium
    joint = top + 0.10 * height + float(rng.uniform(-3, 3))
    out = 1.0 if side == "left" else -1.0
    clavicle = max(x0_left, cava + 55) + 8 if side == "left" else min(x1, cava) - 30
    clavicle = min(clavicle, start[0] - 26) if side == "left" else max(clavicle, start[0] + 26)
    vein_y = max(min(start[1] - 14, top + 0.07 * height), start[1] - 14 - 0.3 * abs(start[0] - clavicle))
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


def _smooth(knots: Points, count: int = 120) -> Points:
    """A curve without kinks through the knots: a cubic spline over the length of the way."""
    way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(knots, axis=0).T))])
    return np.asarray(CubicSpline(way, knots)(np.linspace(0, way[-1], count)))
