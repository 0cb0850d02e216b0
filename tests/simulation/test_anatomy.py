"""Patients of one CT: the thorax fills the film, nobody folds, and none is another one's double."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.simulation.phantom import SPACING, ellipsoid, phantom
from vpe_core.simulation.anatomy import AS_IN_THE_CT, LEAST_JACOBIAN, jacobian
from vpe_core.simulation.bases import make_base
from vpe_core.simulation.ct import ABDOMEN_HU, ChestCT
from vpe_core.simulation.ct import _plain_abdomen as plain_abdomen
from vpe_core.simulation.ct import _rest_heart as rest_heart
from vpe_core.simulation.dressing import dress
from vpe_core.simulation.patients import WARP_GRID, sample_pose
from vpe_core.simulation.projector import Projector

PATIENTS = range(3000, 3030)
PX = 48
STOMACH, LIVER, HEART = 6, 5, 51


@pytest.fixture(scope="module")
def lungs(projector: Projector) -> list[np.ndarray]:
    poses = [projector.fit(sample_pose(patient)) for patient in PATIENTS]
    return [projector.project(pose, 16, PX, step_mm=5.0).organs[:5].sum(0) > 12 for pose in poses]


def test_the_thorax_fills_the_film(lungs: list[np.ndarray]) -> None:
    widths, heights = (np.array([np.ptp(np.flatnonzero(m.any(axis))) / PX for m in lungs]) for axis in (0, 1))
    assert ((widths > 0.6) & (widths < 0.86)).all()
    assert ((heights > 0.6) & (heights < 0.9)).all()
    assert 0.66 < widths.mean() < 0.8


def test_apices_are_on_the_film_and_little_lies_below_the_lungs(lungs: list[np.ndarray]) -> None:
    rows = [np.flatnonzero(m.any(1)) for m in lungs]
    assert np.mean([r[0] >= 1 for r in rows]) > 0.9
    assert max(PX - 1 - r[-1] for r in rows) < 0.3 * PX


def test_no_patient_folds(projector: Projector) -> None:
    marks = projector.landmarks
    for patient in range(60):
        for portable in (False, True):
            pose = sample_pose(patient, portable)
            warp = marks.displacement(pose.build, pose.warp_mm)
            assert jacobian(warp, marks.half_mm).min() > LEAST_JACOBIAN
    still = marks.displacement(AS_IN_THE_CT, np.zeros((3, *WARP_GRID), np.float32))
    assert np.abs(still).max() < 1e-3


def test_a_larger_heart_is_wider_and_a_deeper_breath_lowers_the_dome(projector: Projector) -> None:
    def organs(**build: float) -> np.ndarray:
        plain = replace(
            sample_pose(1), rotation=np.eye(3, dtype=np.float32), warp_mm=np.zeros((3, *WARP_GRID), np.float32)
        )
        pose = replace(plain, build=replace(AS_IN_THE_CT, **build), lung_share=None, field_mm=330.0, scale=(1, 1, 1))
        return projector.project(projector.fit(pose), 16, 96, step_mm=5.0).organs

    hearts = [np.ptp(np.flatnonzero((organs(heart=h)[5] > 8).any(0))) for h in (0.85, 1.0, 1.25)]
    assert hearts[0] < hearts[1] < hearts[2]
    depths = [organs(descent=d)[4].sum() for d in (-10.0, 0.0)]
    assert depths[0] < depths[1]


def test_two_patients_differ_more_than_two_pictures_of_one(projector: Projector) -> None:
    bases = [make_base(projector, patient, False, 96) for patient in PATIENTS[:4]]
    scenes = [[base.scene(np.random.default_rng(seed), size=96).attenuation for seed in range(3)] for base in bases]
    same = [np.abs(a - b).mean() for one in scenes for a, b in pairwise(one)]
    other = [np.abs(a[0] - b[0]).mean() for k, a in enumerate(scenes) for b in scenes[k + 1 :]]
    assert np.median(other) > 1.3 * np.median(same)


def test_what_dresses_a_chest_obeys_its_seed_and_leaves_the_middle_of_the_lungs(projector: Projector) -> None:
    base = make_base(projector, 3, False, 128)
    for seed in range(8):
        scenes = [base.scene(np.random.default_rng(0), size=128) for _ in range(2)]
        before = scenes[0].attenuation.copy()
        for scene in scenes:
            dress(scene, seed, anterior_source=False)
        assert np.array_equal(scenes[0].attenuation, scenes[1].attenuation)
        assert scenes[0].attenuation.min() >= 0
        assert not np.array_equal(before, scenes[0].attenuation)


def abdomen() -> tuple[ChestCT, np.ndarray]:
    """The phantom with a liver below its lungs, and a stomach full of gas in it."""
    ct = phantom()
    labels, hu = ct.labels.copy(), ct.hu.copy()
    liver = ellipsoid((0, 10, -130), (110, 70, 60)) & (labels == 0)
    gas = ellipsoid((50, 20, -135), (25, 25, 25)) & liver
    labels[liver], hu[liver] = LIVER, 55
    labels[gas], hu[gas] = STOMACH, -900
    return ChestCT(hu, labels, SPACING), gas


def test_gas_in_the_abdomen_is_gone_and_the_lungs_stay() -> None:
    ct, gas = abdomen()
    healed = plain_abdomen(ct.hu, ct.labels)
    assert healed[gas].min() > ABDOMEN_HU - 60
    lung = ct.mask((10, 11, 12, 13, 14))
    assert np.array_equal(healed[lung], ct.hu[lung])
    bone = ct.mask((35,))
    assert np.array_equal(healed[bone], ct.hu[bone])


def test_the_heart_rests_on_the_diaphragm() -> None:
    labels = np.zeros((40, 40, 30), np.uint8)
    labels[8:32, 8:32, 15:25], labels[:, :, :10] = HEART, LIVER
    labels[:, :, 10:15] = 11  # lung between the two
    rested = rest_heart(labels)
    assert (rested[18:22, 18:22, 10:15] == HEART).all()
    assert (rested[:8, :, 10:15] == 11).all()
    assert (rested[labels == LIVER] == LIVER).all()
