"""Where the picture ends and where the zones end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.simulation.phantom import SHAPE, SPACING, phantom
from vpe_core.simulation.bases import Base, _Bend
from vpe_core.simulation.ct import BEYOND, ChestCT
from vpe_core.simulation.patients import sample_pose
from vpe_core.simulation.projector import BEYOND_MM, Projector
from vpe_core.simulation.scene import SIDES, ZONES


def short_phantom() -> ChestCT:
    """The phantom whose uppermost and lowest slices were never scanned."""
    ct = phantom()
    labels = ct.labels.copy()
    for ends in (slice(2), slice(-2, None)):
        labels[:, :, ends] = np.where(ct.hu[:, :, ends] > -500, BEYOND, 0)
    return ChestCT(ct.hu, labels, ct.spacing_mm)


@pytest.mark.parametrize("portable", [False, True])
def test_the_field_ends_where_the_ct_ends(portable: bool) -> None:
    projector = Projector(short_phantom())
    moved = 0
    for patient in range(6):
        pose = replace(sample_pose(patient, portable), center_mm=(0.0, 60.0), field_mm=300.0, lung_share=None)
        fitted = projector.fit(pose)
        seen = projector._integrate(projector._beyond, fitted, 48, 4.8)[0]
        assert seen.max() <= BEYOND_MM + 1
        assert fitted.field_mm > 200
        moved += fitted.center_mm != pose.center_mm
        assert projector.fit(fitted).field_mm == pytest.approx(fitted.field_mm, rel=0.05)
    assert moved


def test_a_field_inside_the_ct_stays(projector: Projector) -> None:
    pose = replace(sample_pose(3), center_mm=(2.0, 0.0), field_mm=220.0, lung_share=None)
    fitted = projector.fit(pose)
    assert (fitted.center_mm, fitted.field_mm) == (pose.center_mm, pose.field_mm)
    assert SHAPE[2] * SPACING[2] > 300


@pytest.mark.parametrize("portable", [False, True])
def test_no_picture_reaches_over_the_upper_or_lower_edge_of_its_base(portable: bool) -> None:
    for seed in range(200):
        bend = _Bend.sample(np.random.default_rng(seed), portable)
        rows = bend._source(96)[0]
        assert rows.min() > -0.505
        assert rows.max() < 0.505
        assert 0.75 < bend.zoom <= 1


def test_millimetres_follow_the_zoom(base: Base) -> None:
    for seed in range(5):
        bend = _Bend.sample(np.random.default_rng(seed), True)
        scene = base.scene(np.random.default_rng(seed), True, 160)
        assert scene.mm_per_px == pytest.approx(base.field_mm * bend.zoom / 160)


@pytest.mark.parametrize("side", SIDES)
def test_the_zones_divide_the_lung_above_the_diaphragm(base: Base, side: str) -> None:
    scene = base.scene(np.random.default_rng(0))
    top, bottom = scene.lung_box(side)[1], scene.lung_box(side)[3]
    dome = scene.dome(side)
    assert top + 0.4 * (bottom - top) < dome < bottom
    thirds = [top + share * (dome - top) for share in (0.2, 0.5, 0.8)]
    assert tuple(scene.zone(side, y) for y in thirds) == ZONES
    assert scene.zone(side, bottom) == "lower"


def test_nodules_lie_in_every_zone(base: Base) -> None:
    scene = base.scene(np.random.default_rng(0))
    rng = np.random.default_rng(1)
    zones = [scene.zone(side, y) for side, _, y in (scene.pick_in_lung(rng) for _ in range(300))]
    assert min(zones.count(zone) for zone in ZONES) > 0.15 * len(zones)
