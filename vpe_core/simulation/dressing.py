"""What one projection of a body with raised arms lacks: shoulders, clavicles, breasts, and gas below the diaphragm.

Everything is a path length in mm through its tissue, added or taken away, so that it obeys the same physics as the
CT. The clavicles cross the lungs 2 to 4 cm below the apices on an erect film; a gastric bubble is seen below the left
dome in about two of three (Felson, Chest Roentgenology, 1973; Meholic et al., Fundamentals of Chest Radiology, 1996).
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from vpe_core.simulation.fields import Array, blur, smooth_noise
from vpe_core.simulation.scene import SIDES, Scene

MU_TISSUE, MU_FAT = 0.02, 0.0185  # per mm
MU_CORTEX, MU_SPONGE = 0.026, 0.006  # per mm on top of soft tissue
MOST_GAS = 0.4  # share of the attenuation of a ray that gas may take away


def dress(scene: Scene, seed: int, anterior_source: bool) -> None:
    """Adds to the attenuation of `scene` what belongs to patient `seed`."""
    rng = np.random.default_rng([seed, 73])
    _shoulders(scene, rng)
    _scapulae(scene, rng, anterior_source)
    _clavicles(scene, rng, anterior_source)
    if rng.random() < 0.5:
        _breasts(scene, rng, anterior_source)
    if rng.random() < 0.65:
        _gastric_bubble(scene, rng, anterior_source)
    for side, often in (("left", 0.4), ("right", 0.12)):
        if rng.random() < often:
            _colon(scene, rng, side)
    if rng.random() < (0.12 if anterior_source else 0.03):
        _skin_fold(scene, rng)


def _apex(scene: Scene) -> float:
    return min(scene.lung_box(side)[1] for side in SIDES)


def _diaphragm_at(scene: Scene, side: str, x_mm: float) -> float:
    """Y in mm at which that lung ends to be deep in the column at `x_mm`."""
    x, y = scene.xy_small
    depth = scene.lung_small(side)
    column = np.abs(x[0] - x_mm).argmin()
    deep = depth[:, column] > 0.4 * max(float(depth[:, column].max()), 1)
    return float(y[deep, column].max()) if deep.any() else scene.lung_box(side)[3]


def _shoulders(scene: Scene, rng: np.random.Generator) -> None:
    """Air above the slope from neck to shoulder, and arms beside the chest; what the CT has there are raised arms."""
    x, y = scene.xy
    middle, apex = scene.midline(), _apex(scene)
    for sign in (-1, 1):
        out = sign * (x - middle)
        neck = float(rng.uniform(48, 62))
        line = apex - float(rng.uniform(16, 34)) + float(rng.uniform(0.2, 0.5)) * np.clip(out - neck, -30, 130)
        under = np.clip((y - line) / float(rng.uniform(28, 45)), 0, 1)
        there = expit((out - neck) / 5)
        scene.attenuation = (scene.attenuation * (1 - there * (1 - np.sqrt(under)))).astype(np.float32)

        wall = scene.lung_box("left" if sign > 0 else "right")[2 if sign > 0 else 0]
        beside = float(rng.uniform(6, 24)) + float(rng.uniform(0.03, 0.35)) * np.clip(y - apex - 30, 0, None)
        arm = expit((sign * (x - wall) - beside) / 4) * np.sqrt(under) * (rng.random() < 0.95)
        thin = np.clip(float(rng.uniform(2.4, 3.3)) - scene.attenuation, 0, None)
        scene.attenuation = (scene.attenuation + thin * arm).astype(np.float32)
    above = np.clip((apex + 12 - y) / 50, 0, 1)
    scene.attenuation = scene.attenuation * (1 - float(rng.uniform(0.15, 0.35)) * above).astype(np.float32)


def _scapulae(scene: Scene, rng: np.random.Generator, anterior_source: bool) -> None:
    """Blades beside the lungs or, on AP films, over their outer rims: thin plates with dense borders and spines."""
    x, y = scene.xy
    apex = _apex(scene)
    for side in SIDES:
        x0, top, x1, bottom = scene.lung_box(side)
        sign = 1 if side == "left" else -1
        wall = x1 if side == "left" else x0
        height = (bottom - top) * float(rng.uniform(0.5, 0.62))
        over = float(rng.uniform(-2, 22) if anterior_source else rng.uniform(-22, 4))
        upper, lower = apex + float(rng.uniform(2, 16)), apex + height
        t = (y - upper) / (lower - upper)
        inner = wall - sign * over + sign * (6 * (2 * t - 1) ** 2 + float(rng.uniform(-8, 8)) * (1 - t))
        outer = inner + sign * (8 + 46 * np.clip(1 - t, 0, 1) ** 0.8)
        between = np.minimum(sign * (x - inner), sign * (outer - x))
        ends = expit(t / 0.02) * expit((1 - t) / 0.015)
        plate = 1.5 * expit(between / 0.8) + 3.2 * np.exp(-((between / 1.5) ** 2))
        ridge = upper + 0.16 * height - 0.42 * sign * (x - inner)
        plate = plate + 3.5 * np.exp(-(((y - ridge) / 3.2) ** 2)) * expit(sign * (x - inner) / 4)
        head = np.hypot(x - (wall + sign * (52 - over)), y - (upper + 0.14 * height))
        radius = float(rng.uniform(20, 24))
        ball = (MU_CORTEX * (_chord(radius + 0 * x, head) - _chord(radius - 1.2 + 0 * x, head))).astype(np.float32)
        ball = 0.5 * ball + 0.5 * MU_SPONGE * _chord(radius + 0 * x, head)
        added = MU_CORTEX * plate * ends * float(rng.uniform(0.8, 1.4)) + ball
        scene.attenuation = scene.attenuation + blur(added.astype(np.float32), 0.6 / scene.mm_per_px)


def _clavicles(scene: Scene, rng: np.random.Generator, anterior_source: bool) -> None:
    middle, apex = scene.midline(), _apex(scene)
    x, y = scene.xy
    low = float(rng.uniform(12, 30) if anterior_source else rng.uniform(20, 42))
    rise = float(rng.uniform(2, 26))
    radius, strength = float(rng.uniform(5.5, 7.5)), float(rng.uniform(0.9, 1.5))
    for sign in (-1, 1):
        t = (sign * (x - middle) - 14) / float(rng.uniform(118, 140))
        bow = float(rng.uniform(5, 9)) * np.sin(2 * np.pi * np.clip(t, 0, 1) * 0.95)
        line = apex + low + float(rng.normal(0, 3)) - rise * np.clip(t, 0, 1.2) + bow
        slope = np.gradient(line, axis=1) / scene.mm_per_px
        across = np.abs(y - line) / np.sqrt(1 + slope**2)
        wide = radius * (1 + 0.45 * np.exp(-np.clip(t, 0, 1) / 0.09) - 0.12 * np.clip(t, 0, 1))
        ends = expit((t + 0.01) / 0.012) * expit((1.0 - t) / 0.02)
        tube = MU_CORTEX * (_chord(wide, across) - _chord(wide - 1.6, across)) + MU_SPONGE * _chord(wide - 1.6, across)
        scene.attenuation = scene.attenuation + blur((strength * ends * tube).astype(np.float32), 0.5 / scene.mm_per_px)


def _chord(radius: Array, distance: Array) -> Array:
    return np.asarray(2 * np.sqrt(np.clip(np.clip(radius, 0, None) ** 2 - distance**2, 0, None)), np.float32)


def _breasts(scene: Scene, rng: np.random.Generator, anterior_source: bool) -> None:
    """Two soft shapes with a sharper lower edge, which sag to the sides on a supine film."""
    x, y = scene.xy
    middle = scene.midline()
    across = float(rng.uniform(46, 70))
    thick = across * float(rng.uniform(0.45, 1.0))
    half = (scene.lung_box("left")[2] - scene.lung_box("right")[0]) / 2
    apart = half * float(rng.uniform(0.55, 0.72)) * (1.12 if anterior_source else 1)
    level = float(np.mean([scene.dome(side) for side in SIDES])) + float(rng.normal(-20, 14))
    for sign in (-1, 1):
        u = (sign * (x - middle) - apart + float(rng.normal(0, 3))) / (across * float(rng.uniform(0.95, 1.05)))
        down = y - level - float(rng.normal(0, 4))
        v = np.where(down > 0, down / (0.8 * across), down / (2.0 * across))
        ball = np.clip(1 - u**2 - v**2, 0, None)
        path = thick * np.where(down > 0, ball**0.55, ball ** (0.55 + 1.0 * np.clip(-v, 0, 1)))
        scene.attenuation = scene.attenuation + MU_FAT * blur(path.astype(np.float32), 1.2 / scene.mm_per_px)


def _gastric_bubble(scene: Scene, rng: np.random.Generator, anterior_source: bool) -> None:
    """Gas in the fundus; on an erect film it may lie on a level of fluid."""
    x, y = scene.xy
    x0, _, x1, _ = scene.lung_box("left")
    cx = x0 + (x1 - x0) * float(rng.uniform(0.38, 0.75))
    wide = float(rng.uniform(12, 28))
    high = wide * float(rng.uniform(0.45, 0.9))
    cy = _diaphragm_at(scene, "left", cx) + high + float(rng.uniform(5, 14))
    lean = float(rng.normal(0, 0.2))
    u, v = (x - cx) / wide, (y - cy - lean * (x - cx)) / high
    ball = np.clip(1 - (u**2 + v**2) * (1 + 0.18 * smooth_noise(rng, 9, scene.size)), 0, None)
    path = min(wide, 28) * float(rng.uniform(0.7, 1.6)) * np.sqrt(ball)
    if not anterior_source and rng.random() < 0.5:
        path = path * expit((cy + high * float(rng.uniform(-0.1, 0.6)) - y) / 0.6)
    _take_gas(scene, path.astype(np.float32))


def _colon(scene: Scene, rng: np.random.Generator, side: str) -> None:
    """A few haustra below that half of the diaphragm."""
    x, y = scene.xy
    x0, _, x1, _ = scene.lung_box(side)
    share = float(rng.uniform(0.55, 0.92))
    cx = x0 + (x1 - x0) * share if side == "left" else x1 - (x1 - x0) * share
    cy = _diaphragm_at(scene, side, cx) + float(rng.uniform(20, 60))
    heading = float(rng.uniform(0, np.pi))
    path = np.zeros_like(x)
    for _ in range(int(rng.integers(2, 6))):
        radius = float(rng.uniform(6, 14))
        squeeze = float(rng.uniform(0.7, 1.3))
        ball = np.clip(1 - ((x - cx) / radius / squeeze) ** 2 - ((y - cy) * squeeze / radius) ** 2, 0, None)
        path = np.maximum(path, 1.6 * radius * np.sqrt(ball))
        heading += float(rng.normal(0, 0.6))
        cx, cy = cx + 1.4 * radius * np.cos(heading), cy + 1.4 * radius * abs(np.sin(heading))
    mottle = np.clip(0.8 + 0.3 * smooth_noise(rng, 24, scene.size), 0.2, 1)
    _take_gas(scene, (path * mottle).astype(np.float32))


def _take_gas(scene: Scene, path_mm: Array) -> None:
    taken = MU_TISSUE * blur(path_mm, 0.9 / scene.mm_per_px)
    scene.attenuation = scene.attenuation - np.minimum(taken, MOST_GAS * scene.attenuation).astype(np.float32)


def _skin_fold(scene: Scene, rng: np.random.Generator) -> None:
    """An edge of doubled skin that fades towards the middle and crosses the rim of a lung."""
    x, y = scene.xy
    side = SIDES[int(rng.random() < 0.5)]
    sign = 1 if side == "left" else -1
    x0, top, x1, bottom = scene.lung_box(side)
    wall = x1 if side == "left" else x0
    along = np.clip((y - top) / max(bottom - top, 1), 0, 1)
    line = wall - sign * (float(rng.uniform(18, 40)) + 25 * (along - 0.5) * float(rng.normal(0, 1)) - 20 * along**2)
    inside = sign * (line - x)
    fold = np.where(inside > 0, np.exp(-inside / 16), 0) * np.sin(np.pi * np.clip((along - 0.25) / 0.7, 0, 1))
    scene.attenuation = scene.attenuation + blur((0.07 * fold).astype(np.float32), 0.5 / scene.mm_per_px)
