"""Interstitial opacities: a connected net of fine lines over light haze, denser towards base and rim.

The lines are thickened septa, so they close meshes of 3 to 8 mm (reticular pattern, "a collection of innumerable small
linear opacities that, by summation, produce an appearance resembling a net": Hansell et al., Glossary of terms for
thoracic imaging, Radiology 246, 2008). Three layers of net lie on top of one another, as in the depth of a lung.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Voronoi

from vpe_core.simulation.fields import Array, Points, blur, draw_strokes, smooth_noise
from vpe_core.simulation.findings.airspace import soft_region
from vpe_core.simulation.findings.base import FINDINGS, Lesion, between, visible
from vpe_core.simulation.scene import SIDES, Scene

WIDTHS_MM = (0.4, 0.6, 0.9)
GAPS = 0.2  # share of the meshes' edges that are missing


@FINDINGS.register("interstitial opacities")
def interstitial(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """A reticular pattern over part of one lung, mostly its base and periphery."""
    side = SIDES[int(rng.random() < 0.5)]
    x, y = scene.pick(rng, _likely(scene, side))
    radius = between(30, 54, severity)
    radii = (radius * float(rng.uniform(0.7, 1.0)), radius * float(rng.uniform(0.9, 1.2)))
    cloud = soft_region(scene, rng, x, y, radii, 0.2) * np.clip((scene.air[side] - 8) / 60, 0, 1)
    layers = [net(rng, (x, y), radii, float(rng.uniform(*cells))) for cells in ((3.2, 4.4), (4.2, 5.6), (5.4, 7.2))]
    lines = draw_strokes([stroke for layer in layers for stroke in layer], scene.size, scene.mm_per_px, supersample=2)
    mottle = np.clip(1 + 0.5 * smooth_noise(rng, 12, scene.size), 0.5, 2)
    strength = between(0.2, 0.26, severity) * float(rng.uniform(0.9, 1.1))
    haze = scene.fill(cloud * between(0.07, 0.12, severity), side)
    added = blur((cloud * strength * mottle * lines).astype(np.float32), 0.3 / scene.mm_per_px) + haze
    scene.attenuation = scene.attenuation + added
    return Lesion(visible(blur(added, 3 / scene.mm_per_px), 0.4), side, scene.zone(side, y), 2 * radius)


def net(
    rng: np.random.Generator, center: tuple[float, float], radii: tuple[float, float], cell_mm: float
) -> list[tuple[Points, float]]:
    """Edges of a Voronoi tessellation with cells of about `cell_mm`, as strokes in mm, around a place."""
    reach = 1.3 * np.asarray(radii)
    counts = np.maximum(2 * reach / cell_mm, 2).astype(int)
    grid = np.stack(np.meshgrid(*(np.arange(n) + 0.5 for n in counts)), -1).reshape(-1, 2)
    seeds = np.asarray(center) - reach + (grid + rng.uniform(-0.6, 0.6, grid.shape)) * cell_mm
    cells = Voronoi(seeds)
    ridges = np.asarray([ridge for ridge in cells.ridge_vertices if min(ridge) >= 0])
    ends: NDArray[np.float64] = cells.vertices[ridges]  # (n, 2, 2)
    inside = (np.abs(ends - np.asarray(center)) < reach).all((1, 2))
    ends = ends[inside & (rng.random(len(ends)) > GAPS)]
    middle = ends.mean(1) + rng.normal(0, 0.07, (len(ends), 2)) * cell_mm
    widths = rng.choice(WIDTHS_MM, len(ends))
    return [(np.stack([a, m, b]), float(w)) for (a, b), m, w in zip(ends, middle, widths, strict=True)]


def _likely(scene: Scene, side: str) -> Array:
    """How often the pattern's middle lies at each place, (small, small): more towards base and periphery."""
    x, y = scene.xy_small
    x0, top, x1, _ = scene.lung_box(side)
    low = np.clip((y - top) / max(scene.dome(side) - top, 1), 0, 1)
    out = np.clip((x - x0 if side == "left" else x1 - x) / max(x1 - x0, 1), 0, 1)
    likely = np.asarray(scene.open_lung(side) * (0.12 + low**3) * (0.3 + out), np.float32)
    return likely if likely.any() else scene.lung_small(side) + np.float32(1e-6)
