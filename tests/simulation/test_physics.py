"""The projector against closed forms: a sphere's chord, additivity, inverse magnification."""

from __future__ import annotations

import numpy as np
import pytest

from tests.simulation.phantom import grid
from vpe_core.simulation.ct import ChestCT
from vpe_core.simulation.patients import WARP_GRID, Pose
from vpe_core.simulation.projector import MU_WATER_PER_MM, Projector

SHAPE, SPACING = (72, 56, 44), (5.0, 5.0, 8.0)
STILL = Pose(np.eye(3, dtype=np.float32), (1, 1, 1), np.zeros((3, *WARP_GRID), np.float32), field_mm=300.0)


def sphere(radius: float, center: tuple[float, float, float] = (0, 0, 0), spacing: float = 2.0) -> ChestCT:
    """Water in air on a fine cubic grid, edges with partial volumes."""
    n = 100
    axis = (np.arange(n) + 0.5 - n / 2) * spacing
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    distance = np.sqrt((x - center[0]) ** 2 + (y - center[1]) ** 2 + (z - center[2]) ** 2)
    share = np.clip((radius - distance) / spacing + 0.5, 0, 1)
    return ChestCT((-1000 + 1000 * share).astype(np.float32), np.zeros((n, n, n), np.uint8), (spacing,) * 3)


def chord(pose: Pose, size: int, radius: float) -> np.ndarray:
    axis = ((np.arange(size) + 0.5) / size - 0.5) * pose.field_mm
    u, v = np.meshgrid(axis, axis)
    return 2 * np.sqrt(np.clip(radius**2 - u**2 - v**2, 0, None)) * MU_WATER_PER_MM


def test_a_sphere_of_water_attenuates_by_its_chord() -> None:
    measured = Projector(sphere(70)).project(STILL, 100, 16, step_mm=1.0).attenuation
    expected = chord(STILL, 100, 70)
    inside = expected > 0.5 * expected.max()
    assert measured[inside] == pytest.approx(expected[inside], rel=0.02)
    assert measured[expected == 0].max() < 0.35  # the sharpening along z reaches a little beyond the rim
    assert measured.sum() == pytest.approx(expected.sum(), rel=0.01)


def test_attenuation_adds_up_along_the_ray() -> None:
    front, back = sphere(30, (0, 50, 0)), sphere(30, (0, -50, 0))
    both = ChestCT(np.maximum(front.hu, back.hu), front.labels, front.spacing_mm)
    parts = [Projector(ct).project(STILL, 64, 16).attenuation for ct in (front, back)]
    assert Projector(both).project(STILL, 64, 16).attenuation == pytest.approx(parts[0] + parts[1], abs=1e-4)


@pytest.mark.parametrize(("y_mm", "anterior_source"), [(60.0, False), (60.0, True), (-60.0, False)])
def test_what_is_far_from_the_detector_is_shown_larger(y_mm: float, anterior_source: bool) -> None:
    pose = Pose(STILL.rotation, STILL.scale, STILL.warp_mm, 1000.0, anterior_source, 300.0)
    picture = Projector(sphere(30, (0, y_mm, 0))).project(pose, 300, 16).attenuation
    width_mm = np.count_nonzero(picture[150] > 0.5 * picture[150].max()) * 300 / 300
    detector = -180.0 if anterior_source else 180.0
    half_height_chord = 2 * 30 * np.sqrt(1 - 0.25)  # where the chord is half of the diameter
    assert width_mm == pytest.approx(half_height_chord / (1 - abs(y_mm - detector) / 1000), abs=2.5)


def test_organ_paths_are_those_of_the_labels(projector: Projector) -> None:
    heart = projector.project(STILL, 64, 64, step_mm=1.0).organs[-1]
    assert heart.max() == pytest.approx(2 * 45, abs=8)  # its diameter along the ray
    row, column = np.unravel_index(heart.argmax(), heart.shape)
    x_mm, z_mm = (column + 0.5) / 64 * 300 - 150, 150 - (row + 0.5) / 64 * 300
    assert (x_mm, z_mm) == (pytest.approx(25, abs=10), pytest.approx(-45, abs=14))  # left is right in the picture


def test_the_phantom_has_the_left_on_the_right() -> None:
    x, _, z = grid()
    assert x[-1].mean() > 0
    assert z[..., -1].mean() > 0
