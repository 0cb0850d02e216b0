from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from vpe_core import simulation
from vpe_core.datasets import open_dataset
from vpe_core.errors import SimulationError
from vpe_core.simulation import SETS, bases, build
from vpe_core.simulation.bases import Base, base_path, load_base, make_bank
from vpe_core.simulation.cases import CasePlan
from vpe_core.simulation.projector import Projector
from vpe_core.simulation.sets import COLUMNS, PARTS, write_cases


@pytest.mark.parametrize("name", simulation.names())
def test_the_parts_share_no_base_patient(name: str) -> None:
    chosen = SETS.get(name)
    parts = [set(chosen.part(part)[0]) for part in PARTS]
    assert sum(map(len, parts)) == len(set.union(*parts))


def test_no_test_patient_of_any_set_is_a_training_patient_of_another_of_its_kind() -> None:
    for portable in (False, True):
        kind = [s for s in map(SETS.get, simulation.names()) if s.portable == portable]
        seen = {patient for s in kind for part in ("train", "val") for patient in s.part(part)[0]}
        assert not seen & {patient for s in kind for patient in s.part("test")[0]}


@pytest.mark.parametrize("name", simulation.names())
def test_the_plans_of_a_set_are_fixed(name: str) -> None:
    chosen = SETS.get(name)
    patients, count = chosen.part("test")
    plans = [chosen.plan(k, patients, "test") for k in range(20)]
    assert plans == [chosen.plan(k, patients, "test") for k in range(20)]
    assert {plan.patient for plan in plans} <= set(patients)
    assert count == {"sim-multi": 600, "sim-nodule": 400, "sim-shift": 300}[name]
    assert (
        all(len(plan.findings) == 1 for plan in plans)
        if chosen.nodules
        else all(len(plan.findings) in (0, 2, 3, 4) for plan in plans)
    )
    assert len({plan.seed for plan in plans} | {chosen.plan(0, patients, "val").seed}) == 21


def test_a_written_set_has_pictures_twins_and_a_table(tmp_path: Path, projector: Projector) -> None:
    chosen = SETS.get("sim-multi")
    plans = [chosen.plan(k, (1, 2)) for k in range(4)]
    make_bank(tmp_path / "bank", (1, 2), False, 96, lambda: projector)
    files = [base_path(tmp_path / "bank", plan.patient, False, 96) for plan in plans]
    done: list[int] = []
    table = write_cases(tmp_path / "set", plans, files, 96, twins=True, quality=60, progress=done.append)
    assert sum(done) == 4
    assert tuple(table.columns) == COLUMNS
    assert len(table) == sum(len(plan.findings) for plan in plans)
    for row in pd.read_csv(tmp_path / "set" / "samples.csv").itertuples():
        assert 0 <= row.x0 < row.x1 <= 96
        assert 0 <= row.y0 < row.y1 <= 96
        for name in (row.image, row.twin):
            with Image.open(tmp_path / "set" / name) as picture:
                assert picture.size == (96, 96)
        assert row.simulated


@pytest.mark.parametrize("name", ["sim-multi", "sim-shift"])
def test_an_eighth_of_the_images_of_val_and_test_shows_nothing(name: str) -> None:
    chosen = SETS.get(name)
    for part, share in (("train", 0), ("val", 0.12), ("test", 0.12)):
        empty = [not chosen.plan(k, chosen.part(part)[0], part).findings for k in range(1500)]
        assert np.mean(empty) == pytest.approx(share, abs=0.03 * (share > 0))


def test_a_case_without_findings_has_the_box_of_another_case(tmp_path: Path, projector: Projector) -> None:
    make_bank(tmp_path / "bank", (1,), False, 96, lambda: projector)
    file = base_path(tmp_path / "bank", 1, False, 96)
    plans = [CasePlan(k, 1, False, (("lung mass", 0.5),) if k % 2 else ()) for k in range(8)]
    write_cases(tmp_path / "set", plans, [file] * 8, 96, twins=True, quality=60)
    table = pd.read_csv(tmp_path / "set" / "samples.csv")
    nothing = table["finding"] == "no abnormality"
    corners = ["x0", "y0", "x1", "y1"]
    assert nothing.sum() == 4
    assert set(table[nothing][corners].itertuples(index=False)) <= set(table[~nothing][corners].itertuples(index=False))
    assert table[nothing][corners].drop_duplicates().shape[0] > 1
    assert table["twin"].isna().tolist() == nothing.tolist()
    dataset = open_dataset("sim-multi", tmp_path / "set")
    assert dataset.class_counts() == {"lung mass": 4, "no abnormality": 4}
    assert not dataset.problems


def test_a_png_says_that_it_is_simulated(tmp_path: Path, projector: Projector) -> None:
    files = make_bank(tmp_path / "bank", (1,), False, 96, lambda: projector)
    write_cases(tmp_path / "set", [SETS.get("sim-multi").plan(0, (1,))], files, 96)
    with Image.open(tmp_path / "set" / "images" / "00000.png") as picture:
        assert picture.info["Description"] == "Simulated chest X-ray, not a patient."


def test_processes_that_fill_one_bank_project_each_patient_once(
    tmp_path: Path, base: Base, projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    projected = []

    def project(_: Projector, patient: int, portable: bool, size: int) -> Base:
        projected.append(patient)
        time.sleep(0.1)
        return base

    monkeypatch.setattr(bases, "make_base", project)
    with ThreadPoolExecutor(2) as pool:
        started = [pool.submit(make_bank, tmp_path, (1, 2, 3), False, 96, lambda: projector) for _ in range(2)]
        assert started[0].result() == started[1].result()
    assert sorted(projected) == [1, 2, 3]


def test_a_bank_keeps_what_it_has(tmp_path: Path, projector: Projector) -> None:
    def no_more() -> Projector:
        raise AssertionError("projected again")

    (path,) = make_bank(tmp_path, [7], False, 96, lambda: projector)
    before = path.read_bytes()
    assert make_bank(tmp_path, [7], False, 96, no_more) == [path]
    assert path.read_bytes() == before
    path.write_bytes(before[:100])
    with pytest.raises(SimulationError, match="Delete it and simulate again"):
        load_base(path)


def test_without_a_ct_new_patients_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VPE_CT_DIR", raising=False)
    plan = SETS.get("sim-multi").plan(0, (123456,))
    with pytest.raises(SimulationError, match="needs a chest CT"):
        build.simulate(tmp_path / "out", [plan], 128)


@pytest.mark.parametrize("size", [10, 5000])
def test_impossible_sizes_are_refused(tmp_path: Path, size: int) -> None:
    plan = SETS.get("sim-multi").plan(0, (1,))
    with pytest.raises(SimulationError, match="Expected an image size"):
        build.simulate(tmp_path / "out", [plan], size)
