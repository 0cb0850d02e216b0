"""Round opacities: nodule, mass and calcified granuloma. Thickness along the ray is that of an irregular ellipsoid.

Spiculation and lobulation are what speaks for malignancy, a smooth round rim and calcium against it (Fleischner
Society: MacMahon et al., Radiology 284, 2017; Hansell et al., Glossary of terms, Radiology 246, 2008).
"""

from __future__ import annotations

import numpy as np

from vpe_core.simulation.fields import Array, blur
from vpe_core.simulation.findings.base import FINDINGS, Lesion, between, local_noise, visible, window
from vpe_core.simulation.scene import MU_FLUID, Scene

MU_CALCIUM = 0.1  # per mm, over lung
DENSE = 1.9  # a nodule's attenuation over that of fluid: what the eye adds by moving the window


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
        roughness: 0 = smooth outline, above 1 = strongly lobulated.
        spicules: 0..1, strength of thin rays that leave the rim (the malignant look).
        softness_mm: blur of the rim.
    """
    side, x_mm, y_mm = place
    radius = diameter_mm / 2
    at = window(scene, x_mm, y_mm, diameter_mm * 1.3 + 4)
    x, y = (axis[at] - center for axis, center in zip(scene.xy, (x_mm, y_mm), strict=True))
    stretch, tilt = float(rng.uniform(0.82, 1.0)), float(rng.uniform(0, np.pi))
    u, v = x * np.cos(tilt) + y * np.sin(tilt), (y * np.cos(tilt) - x * np.sin(tilt)) / stretch
    distance, angle = np.hypot(u, v), np.arctan2(v, u)
    rim = radius * _outline(rng, angle, roughness)
    thickness = diameter_mm * np.clip(1 - (distance / rim) ** 2, 0, None) ** 0.65  # flatter at the rim than a ball
    thickness *= 1 + 0.07 * roughness * local_noise(rng, x, y, 0.7 * diameter_mm, cells=9)
    thickness += _spicules(rng, distance, angle, rim, spicules)
    patch = blur(thickness.astype(np.float32), softness_mm / scene.mm_per_px) * np.float32(mu_per_mm)
    added = np.zeros_like(scene.attenuation)
    added[at] = patch * scene.soft_lung(side)[at]
    scene.attenuation = scene.attenuation + added
    return Lesion(visible(added, 0.2), side, scene.zone(side, y_mm), diameter_mm)


def draw_lobes(
    scene: Scene, rng: np.random.Generator, place: tuple[str, float, float], diameter_mm: float, spicules: float
) -> Lesion:
    """A mass of several balls that have grown into one; its path is that of the longest chord, softly joined."""
    side, x_mm, y_mm = place
    at = window(scene, x_mm, y_mm, diameter_mm * 1.1 + 6)
    x, y = (axis[at] - center for axis, center in zip(scene.xy, (x_mm, y_mm), strict=True))
    radius, start = diameter_mm / 2, float(rng.uniform(0, 2 * np.pi))
    count = int(rng.integers(4, 8))
    power = np.zeros_like(x)
    for k in range(count + 1):
        away = 0.0 if k == 0 else float(rng.uniform(0.3, 0.5)) * radius
        turn = start + (k + float(rng.uniform(-0.3, 0.3))) * 2 * np.pi / count
        size = radius * (0.72 if k == 0 else float(rng.uniform(0.42, 0.62)))
        cx, cy = away * np.cos(turn), away * np.sin(turn)
        chord = 2 * size * np.sqrt(np.clip(1 - ((x - cx) ** 2 + (y - cy) ** 2) / size**2, 0, None))
        power += (chord / diameter_mm) ** 3
    thickness = diameter_mm * np.cbrt(power) * (1 + 0.06 * local_noise(rng, x, y, 0.5 * diameter_mm, cells=9))
    distance, angle = np.hypot(x, y), np.arctan2(y, x)
    thickness = thickness * (1 - 0.3 * np.clip(distance / radius, 0, 1) ** 2)
    thickness = blur(thickness.astype(np.float32), 1.6 / scene.mm_per_px)
    rim = np.full_like(distance, 0.88 * radius)
    thickness = np.maximum(thickness, 0.5 * _spicules(rng, distance, angle, rim, spicules))
    added = np.zeros_like(scene.attenuation)
    added[at] = blur(thickness, 0.5 / scene.mm_per_px) * np.float32(1.4 * MU_FLUID) * scene.soft_lung(side)[at]
    scene.attenuation = scene.attenuation + added
    scene.vessels = scene.vessels * (1 - np.clip(2 * added / (diameter_mm * MU_FLUID), 0, 1))
    return Lesion(visible(added, 0.15), side, scene.zone(side, y_mm), diameter_mm)


def _outline(rng: np.random.Generator, angle: Array, roughness: float) -> Array:
    """Radius by angle around 1: bumps of two to nine an outline, coarse ones stronger; the whole stays star-shaped."""
    radius = np.ones_like(angle)
    for bumps in range(2, 10):
        strength = 0.22 * roughness / bumps * float(rng.uniform(0.5, 1.2))
        radius += strength * np.cos(bumps * angle + float(rng.uniform(-np.pi, np.pi)))
    return np.clip(radius, 0.55, 1.5)


def _spicules(rng: np.random.Generator, distance: Array, angle: Array, rim: Array, strength: float) -> Array:
    """Thin, tapering strands that radiate from the rim by 0.25 to 0.65 radii, path length in mm.

    They are sheets of thickened septum rather than threads (Heitzman et al., Radiology 147, 1983), so the path through
    them is longer than they are wide.
    """
    rays = np.zeros_like(distance)
    count = int(rng.integers(11, 19)) if strength else 0
    start = float(rng.uniform(0, 2 * np.pi))
    radius = float(rim.mean())
    for k in range(count):
        direction = start + (k + float(rng.uniform(-0.6, 0.6))) * 2 * np.pi / count
        length = radius * float(0.25 + 0.4 * rng.beta(0.8, 0.8))
        width = (0.6 + 0.03 * radius) * float(rng.uniform(0.8, 1.3))
        bend = float(rng.normal(0, 0.12))
        along = (distance - rim) / length
        turned = angle - direction - bend * np.clip(along, 0, 1) ** 2
        across = np.angle(np.exp(1j * turned)) * distance
        left = np.clip(1 - along, 0, 1)
        inside = np.clip((distance / rim - 0.75) / 0.25, 0, 1)
        narrow = np.exp(-((across / (width * (0.35 + 0.65 * left))) ** 2))
        rays = np.maximum(rays, strength * (0.4 * radius + 2.5) * left**0.7 * inside * narrow)
    return rays.astype(np.float32)


@FINDINGS.register("lung nodule")
def nodule(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """A soft-tissue nodule of 11 to 30 mm (Fleischner Society: up to 30 mm), smooth to lobulated."""
    diameter = between(12, 27, severity) * float(rng.uniform(0.9, 1.1))
    roughness = float(rng.uniform(0.15, 0.6))
    return draw_ball(scene, rng, scene.pick_in_lung(rng), diameter, DENSE * MU_FLUID, roughness, softness_mm=1.2)


@FINDINGS.register("lung mass")
def mass(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """A mass of 34 to 70 mm (Fleischner Society: over 30 mm), lobulated, often spiculated."""
    diameter = between(35, 66, severity) * float(rng.uniform(0.95, 1.08))
    place = scene.pick_in_lung(rng, margin_mm=0.4 * diameter)
    return draw_lobes(scene, rng, place, diameter, float(rng.uniform(0.4, 1.0)) if rng.random() < 0.6 else 0.0)


@FINDINGS.register("calcified granuloma")
def granuloma(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """A small, dense, sharp, slightly irregular calcification of 4 to 9 mm."""
    diameter = between(4.3, 8.4, severity) * float(rng.uniform(0.95, 1.05))
    return draw_ball(scene, rng, scene.pick_in_lung(rng), diameter, MU_CALCIUM, 0.7, softness_mm=0.2)


def benign_nodule(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """Smooth and round, 9 to 24 mm, in a third of cases with a calcified centre (JSRT-like task)."""
    place = scene.pick_in_lung(rng)
    diameter = between(11, 22, severity) * float(rng.uniform(0.85, 1.15))
    lesion = draw_ball(scene, rng, place, diameter, DENSE * MU_FLUID, 0.06, softness_mm=0.6)
    if rng.random() < 0.35:
        draw_ball(scene, rng, place, diameter * 0.45, 0.6 * MU_CALCIUM, 0.2)
    return lesion


def malignant_nodule(scene: Scene, rng: np.random.Generator, severity: float) -> Lesion:
    """Irregular and spiculated, 13 to 30 mm: larger on average than the benign ones, with overlap (JSRT-like task)."""
    diameter = between(14, 27, severity) * float(rng.uniform(0.85, 1.15))
    strength = float(rng.uniform(0.8, 1.2))
    return draw_ball(
        scene, rng, scene.pick_in_lung(rng), diameter, DENSE * MU_FLUID, float(rng.uniform(0.7, 1.1)), strength, 0.7
    )
