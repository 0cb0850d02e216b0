"""Scans of a data set: each finding is its own X-ray's, what is stored goes on, and the summary is the mean."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vpe_core import lab, open_dataset
from vpe_core.datasets import Dataset
from vpe_core.errors import LabError
from vpe_core.lab import LabScene, MarkerStyle
from vpe_core.lab.scan_record import ScannedFinding, ScanOrder, ScanRecord
from vpe_core.lab.scan_set import scan_set
from vpe_core.models import VisionLanguageModel
from vpe_core.types import Box

STYLE = MarkerStyle("circle", "red", 3.0)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    rng = np.random.default_rng(5)
    rows = ["image,label,x0,y0,x1,y1,patient"]
    for number in range(3):
        Image.fromarray(rng.integers(30, 220, (96, 128), dtype=np.uint8)).save(tmp_path / f"{number}.png")
        label = ("lung nodule", "pleural effusion")[number % 2]
        rows.append(f"{number}.png,{label},{20 + number},30,{60 + number},70,p{number}")
    rows.append("2.png,lung nodule,,,,,p2")  # without a place: not scanned
    (tmp_path / "cohort.csv").write_text("\n".join(rows) + "\n")
    return open_dataset("table", tmp_path / "cohort.csv")


def test_each_finding_is_scanned_as_by_the_study_and_what_is_done_is_not_done_again(
    models: dict[str, VisionLanguageModel], dataset: Dataset, tmp_path: Path
) -> None:
    model, file = models["native"], tmp_path / "scan.json"

    class Stop(BaseException):
        pass

    def stop(done: int, total: int) -> None:
        if done == 1:
            raise Stop

    with pytest.raises(Stop):
        scan_set(dataset, model, file, n=8, report=stop)
    first = ScanRecord.read(file)
    assert len(first.findings) == 1
    assert not first.is_complete
    told: list[tuple[int, int]] = []
    whole = scan_set(dataset, model, file, n=8, report=lambda *step: told.append(step))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert whole.is_complete
    assert ScanRecord.read(file).order == whole.order
    assert whole.findings[0].scan_iou == first.findings[0].scan_iou

    sample = next(one for one in dataset if one.sample_id == whole.findings[1].sample_id)
    half = 0.2 * 96 / 2
    scene = LabScene(
        Image.open(sample.image_path), Box(64 - half, 48 - half, 64 + half, 48 + half), dataset.classes, sample.label,
        STYLE, dataset.template, known=sample.box,
    )  # fmt: skip
    alone = lab.get("scan").run(scene, model, n=8)
    assert whole.findings[1].scan_hit == alone.found.hit
    assert whole.findings[1].scan_iou == pytest.approx(alone.found.iou, abs=1e-4)
    assert whole.findings[1].attention_iou == pytest.approx(alone.attention_found.iou, abs=1e-4)

    some = scan_set(dataset, model, tmp_path / "some.json", n=8, limit=2)
    assert (some.total, some.n_all) == (2, 3)
    assert [one.sample_id for one in some.findings] == [one.sample_id for one in whole.findings[:2]]
    assert "2 findings drawn at random from 3" in some.words()
    assert "3 findings (" in whole.words()
    assert len(scan_set(dataset, model, file, n=8, limit=2).findings) == 3  # what is done is not thrown away

    with pytest.raises(LabError, match="another n"):
        scan_set(dataset, model, file, n=9)
    assert len(file.read_bytes()) < 3000
    file.write_text("{}")
    with pytest.raises(LabError, match="Expected the stored scans"):
        scan_set(dataset, model, file, n=8)


def record(hits: list[float], chance: float, patients: list[str]) -> ScanRecord:
    order = ScanOrder(
        "sim-multi", "test", "f", True, "simclip", "w", "circle", "red", 3.0, 14, 0.2, (1.0,), ("mass", "none"),
        "{class}",
    )  # fmt: skip
    rows = tuple(
        ScannedFinding(str(k), patient, "mass" if k % 2 else "nodule", hit, hit / 2, None, None, chance, 0.1, 0.3)
        for k, (hit, patient) in enumerate(zip(hits, patients, strict=True))
    )
    return ScanRecord(order, len(rows), "", rows)


def test_the_summary_is_the_mean_with_patients_resampled() -> None:
    hits = [1.0] * 16 + [0.0] * 4
    alone = record(hits, 0.05, [f"p{k}" for k in range(20)])
    whole, *by_class = alone.summary("hit")
    assert whole.values["scan"].value == pytest.approx(0.8)
    assert whole.gains["chance"].value == pytest.approx(0.75)
    assert "attention" not in whole.values
    assert [one.label for one in by_class] == ["nodule", "mass"]
    assert sum(one.findings for one in by_class) == 20
    # The same findings of half as many patients, alike within each, tell less: the interval is wider.
    pairs = record(hits, 0.05, [f"p{k // 2}" for k in range(20)]).summary("hit")[0].values["scan"]
    assert pairs.high - pairs.low > whole.values["scan"].high - whole.values["scan"].low
    assert "in 80% of 20 findings" in alone.words()
    assert "by chance in 5%: more often than by chance" in alone.words()
    assert "not clearly more often" in record([0.0, 1.0] * 5, 0.5, [f"p{k}" for k in range(10)]).words()
    few = record([1.0, 0.0], 0.1, ["a", "b"])
    assert "too few patients for an interval" in few.words()
    assert replace(few, findings=()).words() == "Nothing is scanned yet."
