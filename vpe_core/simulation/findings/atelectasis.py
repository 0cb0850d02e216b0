"""Atelectasis: plates where little has collapsed, and the collapse of a lobe, with loss of volume, where much has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from vpe_core.simulation.fields import Array, blur, smooth_noise
from vpe_core.simulation.findings.airspace import soft_region
from vpe_core.simulation.findings.base import FINDINGS, Lesion, between, visible
from vpe_core.simulation.findings.heart import push_border
from vpe_core.simulation.scene import SIDES, Scene


@FINDINGS.register("atelectasis")
def atelectasis(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """Plates up to a middle severity, more and more often a collapsed lobe above it."""
    collapsed = bool(rng.random() < np.clip((severity - 0.4) / 0.35, 0, 0.85))
    side = scene.dry(SIDES[int(rng.random() < 0.5)])
    if collapsed and np.isfinite(scene.fluid[side]):  # it would be lost in the fluid
        side = SIDES[side == "right"]
    if not collapsed or np.isfinite(scene.fluid[side]):
        return plates(scene, rng, side, severity)
    upper = side == "right" and bool(rng.random() < 0.5)
    return (upper_lobe if upper else lower_lobe)(scene, rng, side, severity)


def lower_lobe(scene: Scene, rng: np.random.Generator, side: str, severity: float) -> Lesion:
    """A triangle beside the spine from the hilum to the dome, which is raised; the heart moves towards it.

    The lobe folds up medially and behind the heart (Proto and Tocino, Semin. Roentgenol. 15, 1980; Woodring and Reed,
    J. Thorac. Imaging 11, 1996).
    """
    lost = between(0.5, 1, severity)
    raise_dome(scene, side, 18 * lost)
    push_border(scene, SIDES[side == "left"], -5 * lost)
    out, y = scene.outwards(side), scene.xy[1]
    top, dome = scene.lung_box(side)[1], scene.dome(side)
    hilum = top + (0.48 + 0.06 * lost) * (dome - top)
    down = (y - hilum) / max(dome + 12 - hilum, 1)
    reach = float(rng.uniform(0.46, 0.58))  # of the half chest, at the dome
    edge = 0.14 + (reach - 0.14) * np.clip(down, 0, 1) ** float(rng.uniform(0.75, 1.0))
    edge = edge + 0.006 * smooth_noise(rng, 6, scene.size)
    half_mm = 0.5 * (scene.lung_box("left")[2] - scene.lung_box("right")[0])
    shape = expit((edge - out) * half_mm / 1.6) * expit((y - hilum) / 5) * expit((dome + 20 - y) / 6) * (out > -0.3)
    return _collapse(scene, rng, side, shape, severity, "lower")


def upper_lobe(scene: Scene, rng: np.random.Generator, side: str, severity: float) -> Lesion:
    """The right upper lobe: a wedge between apex and mediastinum, below it the minor fissure, risen and bent."""
    lost = between(0.5, 1, severity)
    raise_dome(scene, side, 10 * lost)
    out, y = scene.outwards(side), scene.xy[1]
    top, dome = scene.lung_box(side)[1], scene.dome(side)
    hilum = top + between(0.38, 0.30, severity) * (dome - top)
    lateral = top + between(0.28, 0.16, severity) * (dome - top)
    t = np.clip((out - 0.2) / 0.75, 0, 1)
    fissure = hilum + (lateral - hilum) * t - 0.1 * (dome - top) * np.sin(np.pi * t) * 0.7
    fissure = fissure + 0.8 * smooth_noise(rng, 5, scene.size)
    shape = expit((fissure - y) / 1.6)
    return _collapse(scene, rng, side, shape, severity, "upper")


def _collapse(scene: Scene, rng: np.random.Generator, side: str, shape: Array, severity: float, zone: str) -> Lesion:
    """Fills `shape` (0..1) of that lung nearly evenly and hides the borders within it."""
    even = np.clip(0.92 + 0.08 * smooth_noise(rng, 9, scene.size), 0, 1)
    share = shape * even * between(0.45, 0.85, severity)
    border = blur(np.hypot(*np.gradient(scene.air[side])) / scene.mm_per_px, 3 / scene.mm_per_px)
    added = scene.fill(share.astype(np.float32), side)
    scene.attenuation = scene.attenuation + added
    scene.efface(np.clip(1.4 * share - 0.4, 0, 1) * np.clip(border / 5, 0, 0.8))
    scene.vessels = scene.vessels * (1 - np.clip(share, 0, 1))
    mask = visible(added, 0.3)
    return Lesion(mask, side, zone, _extent(scene, mask))


def raise_dome(scene: Scene, side: str, by_mm: float) -> None:
    """Lifts that half of the diaphragm; what lies above is squeezed as far as the middle of the lung."""
    top, dome, low = scene.lung_box(side)[1], scene.dome(side), scene.diaphragm(side)
    upper = 0.5 * (top + dome)

    def source(x: Array, y: Array) -> tuple[Array, Array]:
        out = (x - scene.midline()) * (1 if side == "left" else -1)
        beside = np.clip((out - 8) / 30, 0, 1)
        rise = np.clip((y - upper) / max(dome - by_mm - upper, 1), 0, 1)
        fall = np.clip(1 - (y - low) / 70, 0, 1)
        share = np.sin(np.pi / 2 * rise) ** 2 * np.sin(np.pi / 2 * fall) ** 2 * beside * beside * (3 - 2 * beside)
        return x, np.asarray(y + by_mm * share, np.float32)

    scene.warp(source)


def plates(scene: Scene, rng: np.random.Generator, side: str, severity: float) -> Lesion:
    """Plates that taper and fade at both ends in the lower half of a lung (Fleischner, 1941), with a little haze."""
    raise_dome(scene, side, 7 * severity)
    cx, cy, room = _place_of_plates(scene, rng, side)
    length = min(between(35, 75, severity) * float(rng.uniform(0.9, 1.1)), room)
    tilt = float(rng.normal(0, 0.2))
    lines = np.zeros_like(scene.attenuation)
    bend_mm = float(rng.normal(0, 3.5))
    for k in range(int(rng.choice((1, 2, 3), p=(0.5, 0.35, 0.15)))):
        aside = 0.0 if k == 0 else float(rng.choice((-1, 1)) * rng.uniform(0.15, 0.35)) * length
        place = (cx + aside, cy + float(rng.uniform(8, 17)) * k - 4)
        reach = length * (1.0 if k == 0 else float(rng.uniform(0.35, 0.7)))
        one = _plate(scene, rng, place, reach, tilt + float(rng.normal(0, 0.22)), bend_mm * (reach / length) ** 2)
        lines = np.maximum(lines, one * (1.0 if k == 0 else float(rng.uniform(0.5, 0.9))))
    lines = lines * np.clip(0.95 + 0.25 * smooth_noise(rng, 22, scene.size), 0.4, 1.3)
    clear = scene.soft_lung(side, 45) * (1 - scene.up(np.clip(scene.heart_small() / 25, 0, 1)))
    plate = blur(lines * clear, 0.7 / scene.mm_per_px) * np.float32(between(0.28, 0.5, severity))
    haze = (
        soft_region(scene, rng, cx, cy + 4, (length * 0.55, 14.0), 0.2)
        * clear
        * np.float32(between(0.06, 0.16, severity))
    )
    scene.attenuation = scene.attenuation + plate + scene.fill(haze.astype(np.float32), side)
    return Lesion(visible(plate, 0.25), side, scene.zone(side, cy), length)


def _extent(scene: Scene, mask: NDArray[np.bool_]) -> float:
    rows, columns = np.nonzero(mask)
    return float(max(np.ptp(rows), np.ptp(columns)) * scene.mm_per_px)


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
    half_mm = float(rng.uniform(0.8, 1.9)) * (0.35 + 0.65 * left)
    return np.asarray(left**0.9 * np.exp(-(np.abs(across / half_mm) ** 2.5)), np.float32)
