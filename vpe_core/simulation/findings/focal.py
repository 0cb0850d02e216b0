"""Round opacities: nodule, mass and calcified granuloma. Thickness along the ray is that of an irregular ellipsoid."""

from __future__ import annotations

import numpy as np

from vpe_core.simulation.fields import Array, blur
from vpe_core.simulation.findings.base import FINDINGS, Lesion, between, local_noise, visible, window
from vpe_core.simulation.scene import MU_FLUID, Scene

MU_CALCIUM = 0.085  # per mm, over lung


def draw_ball(
    scene: Scene,
    rng: np.random.Generator,
    place: tuple[str, float, float],
    diameter_mm: float,
    mu_per_mm: float,
    roughness: float,
    spicules: float = 0.0,
    softness_mm: float = 0.8,
) -> Lesion:
    """An irregular ellipsoid.

    Args:
        scene: drawn on.
        rng: of the shape.
        place: side, x and y in mm.
        diameter_mm: of the sphere that it departs from.
        mu_per_mm: its attenuation over that of what it replaces.
        roughness: 0 = smooth outline, 1 = strongly lobulated.
        spicules: 0..1, strength of thin rays that leave the rim (the malignant look).
        softness_mm: blur of the rim.
    """
    side, x_mm, y_mm = place
    at = window(scene, x_mm, y_mm, diameter_mm * 1.3 + 4)
    x, y = (axis[at] - center for axis, center in zip(scene.xy, (x_mm, y_mm), strict=True))
    stretch, tilt = float(rng.uniform(0.78, 1.0)), float(rng.uniform(0, np.pi))
    lumps = 0.16 * roughness * diameter_mm
    x = x + lumps * local_noise(rng, x, y, diameter_mm)
    y = y + lumps * local_noise(rng, x, y, diameter_mm)
    u, v = x * np.cos(tilt) + y * np.sin(tilt), (y * np.cos(tilt) - x * np.sin(tilt)) / stretch
    distance, angle = np.hypot(u, v), np.arctan2(v, u)
    thickness = 2 * np.sqrt(np.clip((diameter_mm / 2) ** 2 - distance**2, 0, None))
    thickness += _spicules(rng, distance, angle, diameter_mm, spicules)
    patch = blur(thickness.astype(np.float32), softness_mm / scene.mm_per_px) * np.float32(mu_per_mm)
    added = np.zeros_like(scene.attenuation)
    added[at] = patch
    scene.attenuation = scene.attenuation + added
    return Lesion(visible(added, 0.2), side, scene.zone(side, y_mm), diameter_mm)


def _spicules(rng: np.random.Generator, distance: Array, angle: Array, diameter_mm: float, strength: float) -> Array:
    """Thin strands of tissue that radiate from the rim, path length in mm."""
    radius = diameter_mm / 2
    rays = np.zeros_like(distance)
    for _ in range(int(rng.integers(12, 20)) if strength else 0):
        direction, length = float(rng.uniform(-np.pi, np.pi)), diameter_mm * float(rng.uniform(0.25, 0.65))
        width = 0.4 + 0.02 * diameter_mm
        across = np.abs(np.angle(np.exp(1j * (angle - direction)))) * distance
        beyond = np.clip((distance - 0.8 * radius) / length, 0, 1)
        taper = np.where(distance > 0.7 * radius, 1 - beyond, 0)
        rays = np.maximum(rays, strength * 0.16 * diameter_mm * taper * np.exp(-((across / width) ** 2)))
    return rays.astype(np.float32)


@FINDINGS.register("lung nodule")
def nodule(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """A soft-tissue nodule of 11 to 30 mm (Fleischner Society: up to 30 mm), smooth to lobulated."""
    diameter = between(12, 27, severity) * float(rng.uniform(0.9, 1.1))
    return draw_ball(scene, rng, scene.pick_in_lung(rng), diameter, 1.7 * MU_FLUID, float(rng.uniform(0.1, 0.5)))


@FINDINGS.register("lung mass")
def mass(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """A mass of 34 to 70 mm (Fleischner Society: over 30 mm), lobulated, often spiculated."""
    diameter = between(35, 66, severity) * float(rng.uniform(0.95, 1.08))
    place = scene.pick_in_lung(rng, margin_mm=14)
    spicules = float(rng.uniform(0.3, 0.9)) if rng.random() < 0.6 else 0.0
    return draw_ball(scene, rng, place, diameter, 1.2 * MU_FLUID, float(rng.uniform(0.4, 0.9)), spicules, 1.5)


@FINDINGS.register("calcified granuloma")
def granuloma(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """A small, dense, sharp calcification of 5 to 11 mm."""
    diameter = between(5.5, 10, severity) * float(rng.uniform(0.9, 1.1))
    return draw_ball(scene, rng, scene.pick_in_lung(rng, 6), diameter, MU_CALCIUM, 0.35, softness_mm=0.25)


def benign_nodule(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """Smooth and round, 9 to 24 mm, in a third of cases with a calcified centre (JSRT-like task)."""
    place = scene.pick_in_lung(rng)
    diameter = between(11, 22, severity) * float(rng.uniform(0.85, 1.15))
    lesion = draw_ball(scene, rng, place, diameter, 1.7 * MU_FLUID, 0.06, softness_mm=0.4)
    if rng.random() < 0.35:
        draw_ball(scene, rng, place, diameter * 0.45, 0.6 * MU_CALCIUM, 0.2)
    return lesion


def malignant_nodule(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """Irregular and spiculated, 13 to 30 mm: larger on average than the benign ones, with overlap (JSRT-like task)."""
    diameter = between(14, 27, severity) * float(rng.uniform(0.85, 1.15))
    strength = float(rng.uniform(0.6, 1.2))
    return draw_ball(
        scene, rng, scene.pick_in_lung(rng), diameter, 1.6 * MU_FLUID, float(rng.uniform(0.5, 1.0)), strength
    )
