"""Interstitial opacities: a net of fine lines with small knots over light haze, denser towards base and rim."""

from __future__ import annotations

import numpy as np

from vpe_core.simulation.fields import blur, draw_strokes, smooth_noise, wander
from vpe_core.simulation.findings.airspace import soft_region
from vpe_core.simulation.findings.base import FINDINGS, Lesion, between, visible
from vpe_core.simulation.scene import Scene


@FINDINGS.register("interstitial opacities")
def interstitial(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """A reticular pattern over part of one lung; line spacing 3 to 8 mm."""
    side, x, y = scene.pick_in_lung(rng, margin_mm=10)
    radius = between(30, 54, severity)
    radii = (radius * float(rng.uniform(0.7, 1.0)), radius * float(rng.uniform(0.9, 1.2)))
    cloud = soft_region(scene, rng, x, y, radii, 0.2) * np.clip(scene.air[side] / 90, 0, 1)
    lines = []
    for _ in range(int(radii[0] * radii[1] * 0.3)):
        r, a = np.sqrt(rng.random()) * 1.15, float(rng.uniform(0, 2 * np.pi))
        start = (x + r * radii[0] * np.cos(a), y + r * radii[1] * np.sin(a))
        lines.append(
            (
                wander(rng, start, float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(3, 9)), 0.12, 3),
                float(rng.uniform(0.5, 1.0)),
            )
        )
    net = draw_strokes(lines, scene.size, scene.mm_per_px)
    knots = np.clip(smooth_noise(rng, 90, scene.size) - 1.1, 0, None)
    mottle = np.clip(1 + 0.5 * smooth_noise(rng, 16, scene.size), 0.2, 2)
    strength = between(0.27, 0.46, severity) * float(rng.uniform(0.85, 1.15))
    texture = strength * mottle * (net * 1.1 + 0.6 * knots)
    haze = scene.fill(cloud * between(0.03, 0.09, severity), side)
    added = blur((cloud * texture).astype(np.float32), 0.35 / scene.mm_per_px) + haze
    scene.attenuation = scene.attenuation + added
    return Lesion(visible(blur(added, 3 / scene.mm_per_px), 0.4), side, scene.zone(side, y), 2 * radius)
