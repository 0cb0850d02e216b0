"""A tumour goes from the CT's lungs; vessels, hila and everything outside the lungs stay."""

from __future__ import annotations

import numpy as np

from tests.simulation.phantom import SPACING, ellipsoid, grid, phantom
from vpe_core.simulation.ct import ChestCT
from vpe_core.simulation.inpainting import find_tumours, remove_tumours

LOBES = (10, 11, 12, 13, 14)


def with_a_tumour_and_vessels() -> tuple[ChestCT, np.ndarray, np.ndarray]:
    """The phantom, a ball of soft tissue with a spicule in its left lung, and thin tubes in the right one."""
    ct = phantom()
    x, y, z = grid()
    tumour = ellipsoid((70, -10, 40), (22, 22, 22))
    spicule = (np.abs(z - 40) < 5) & (np.abs(y + 10) < 4) & (x > 70) & (x < 100)
    vessels = (np.abs(y - 10) < 4) & (np.abs(z - 20) < 5) & (x > -110) & (x < -40)
    vessels |= (np.abs(y + 20) < 4) & (np.abs(x + 70) < 4) & (np.abs(z) < 70)
    hu = np.where(tumour | spicule | vessels, 60, ct.hu).astype(np.float32)
    return ChestCT(hu, ct.labels, ct.spacing_mm), tumour | spicule, vessels


def test_a_tumour_goes_and_vessels_stay() -> None:
    ct, tumour, vessels = with_a_tumour_and_vessels()
    healed = remove_tumours(ct.hu, ct.mask(LOBES), SPACING)
    assert healed[tumour].max() < -600
    assert np.array_equal(healed[vessels], ct.hu[vessels])
    assert np.array_equal(healed[~ct.mask(LOBES)], ct.hu[~ct.mask(LOBES)])
    assert ct.hu[tumour].min() == 60  # what came in is not changed


def test_the_patch_keeps_the_texture_of_lung() -> None:
    ct, tumour, _ = with_a_tumour_and_vessels()
    noisy = ct.hu + np.random.default_rng(0).normal(0, 30, ct.hu.shape).astype(np.float32)
    healed = remove_tumours(noisy, ct.mask(LOBES), SPACING)
    assert 20 < healed[tumour].std() < 40


def test_a_wide_but_long_vessel_is_no_tumour() -> None:
    ct = phantom()
    x, y, z = grid()
    hu = np.where((np.hypot(x - 70, y) < 13) & (np.abs(z) < 90), 60, ct.hu).astype(np.float32)
    assert not list(find_tumours(hu, ct.mask(LOBES), SPACING))


def test_a_healthy_chest_stays_as_it_is() -> None:
    ct = phantom()
    assert np.array_equal(remove_tumours(ct.hu, ct.mask(LOBES), SPACING), ct.hu)
