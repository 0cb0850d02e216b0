"""Air replaced by fluid: consolidation, and the cloud that other findings share."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from vpe_core.simulation.fields import Array, Points, blur, draw_strokes, smooth_noise, wander
from vpe_core.simulation.findings.base import FINDINGS, Lesion, between, visible
from vpe_core.simulation.organs import LEFT_LOBES, RIGHT_LOBES
from vpe_core.simulation.scene import Scene

LOWER_LOBES = (LEFT_LOBES[-1], RIGHT_LOBES[-1])
MU_BRONCHUS = 0.09  # per mm of an air-filled bronchus in fluid; more than 0.02, because several lie in a row


def soft_region(
    scene: Scene,
    rng: np.random.Generator,
    x_mm: float,
    y_mm: float,
    radius_mm: tuple[float, float],
    ragged: float,
    steep: float = 6,
) -> Array:
    """A cloud (0..1) with a ragged edge around a place, radii along x and y."""
    x, y = scene.xy
    distance = np.hypot((x - x_mm) / radius_mm[0], (y - y_mm) / radius_mm[1])
    edge = distance + ragged * smooth_noise(rng, 9, scene.size) + 0.4 * ragged * smooth_noise(rng, 24, scene.size)
    cloud: Array = expit((1 - edge) * steep).astype(np.float32)
    return cloud


def lobe_at(scene: Scene, side: str, x_mm: float, y_mm: float) -> int:
    """The lobe with the longest path at a place."""
    column, row = (int(np.clip(v / scene.small_mm + scene.small / 2, 0, scene.small - 1)) for v in (x_mm, y_mm))
    lobes = LEFT_LOBES if side == "left" else RIGHT_LOBES
    return max(lobes, key=lambda lobe: float(scene.organs[lobe, row, column]))


def lobe_share(scene: Scene, side: str, lobe: int) -> Array:
    """Share (0..1) of that lung's path that lies in one lobe: airspace disease stops at fissures."""
    return scene.up(np.clip(scene.organs[lobe] / np.clip(scene.lung_small(side), 8, None), 0, 1))


@FINDINGS.register("consolidation")
def consolidation(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """Filling of a part of one lobe, fluffy except at fissures, with air bronchograms that stay dark in it.

    It takes away the borders that it touches: the heart's in an anterior lobe, the diaphragm's in a lower one (the
    silhouette sign: Felson and Felson, Radiology 55, 1950).
    """
    side, x, y = scene.pick_in_lung(rng, margin_mm=12)
    lobe = lobe_at(scene, side, x, y)
    radius = between(24, 50, severity)
    radii = (radius * float(rng.uniform(0.85, 1.2)), radius * float(rng.uniform(0.75, 1.1)))
    cloud = soft_region(scene, rng, x, y, radii, 0.2, 4)
    fluff = 0.28 * smooth_noise(rng, 26, scene.size) + 0.1 * smooth_noise(rng, 50, scene.size)
    even = 0.94 + 0.06 * smooth_noise(rng, 12, scene.size)
    cloud = np.clip((cloud + 1.6 * cloud * (1 - cloud) * fluff) * even, 0, 1) * lobe_share(scene, side, lobe)
    strength = between(0.46, 0.92, severity) * float(rng.uniform(0.9, 1.1))
    border = blur(np.hypot(*np.gradient(scene.air[side])) / scene.mm_per_px, 3 / scene.mm_per_px)
    touched = scene.xy[1] > scene.dome(side) - 20 if lobe in LOWER_LOBES else scene.up(scene.heart_small()) > 3
    added = scene.fill((strength * cloud).astype(np.float32), side)
    tubes = blur(
        draw_strokes(_bronchi(rng, scene, side, (x, y), radius), scene.size, scene.mm_per_px), 0.5 / scene.mm_per_px
    )
    added = np.clip(added - tubes * cloud * np.float32(strength * MU_BRONCHUS), 0, None)
    scene.attenuation = scene.attenuation + added
    hidden = np.clip(1.4 * strength * cloud - 0.3, 0, 1) * blur(touched.astype(np.float32), 6 / scene.mm_per_px)
    scene.efface(hidden * np.clip(border / 4, 0, 0.95))
    scene.vessels = scene.vessels * (1 - np.clip(strength * cloud, 0, 1))
    return Lesion(visible(added, 0.3), side, scene.zone(side, y), 2 * radius)


def _bronchi(
    rng: np.random.Generator, scene: Scene, side: str, place: tuple[float, float], radius_mm: float
) -> list[tuple[Points, float]]:
    """A small tree of bronchi as strokes in mm, from the side of the hilum through the place outwards."""
    box = scene.lung_box(side)
    hilum = (scene.midline() + (35 if side == "left" else -35), box[1] + 0.45 * (box[3] - box[1]))
    outwards = float(np.arctan2(place[1] - hilum[1], place[0] - hilum[0]))
    start = (place[0] - 0.75 * radius_mm * np.cos(outwards), place[1] - 0.75 * radius_mm * np.sin(outwards))
    strokes: list[tuple[Points, float]] = []

    def grow(start: tuple[float, float], heading: float, length: float, width: float) -> None:
        line = wander(rng, start, heading, length, 0.05, 6)
        strokes.append((line, width))
        if width > 1.2:
            for turn in (-0.5, 0.42):
                grow(
                    (float(line[-1, 0]), float(line[-1, 1])),
                    heading + turn + float(rng.normal(0, 0.15)),
                    0.75 * length,
                    0.72 * width,
                )

    grow(start, outwards, 0.55 * radius_mm, 3.0)
    return strokes
