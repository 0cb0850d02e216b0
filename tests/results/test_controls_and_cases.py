from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import auc, confusion_matrix, roc_auc_score

from tests.results.memory_run import CLASSES, PAPER_STRENGTHS, MemoryRun
from tests.results.test_tables import CIRCLE, RESAMPLES, by_hand
from vpe_core.results import find_runs
from vpe_core.results.analysis.cases import attention_inside, case_table, gain_by_box_size
from vpe_core.results.analysis.controls import UNMARKED, controls
from vpe_core.results.analysis.curves import ALL_CLASSES, confusion, curves, reliability_table
from vpe_core.results.analysis.geometry import GEOMETRY, RunBoxes
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.scores import Evaluation
from vpe_core.settings import PROJECT_DIR
from vpe_core.variants import Variant

PRECOMPUTED = PROJECT_DIR / "precomputed"
ROW = TableRow(Variant.parse(CIRCLE))


@pytest.fixture(scope="module")
def run() -> MemoryRun:
    return MemoryRun(PAPER_STRENGTHS)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return Evaluation(RESAMPLES)


def test_controls_that_were_measured_stand_beside_no_marker_and_the_box_numbers(
    run: MemoryRun, evaluation: Evaluation
) -> None:
    table = controls(run, [ROW], Question(), evaluation)
    assert list(table["condition"]) == [
        UNMARKED, "on the finding", "at a random place", "on the X-ray without the finding",
        "on another patient's image",
        GEOMETRY,
    ]  # fmt: skip
    assert list(table["marker"]) == ["", "circle", "circle", "circle", "circle", ""]
    labels, probabilities = by_hand(run, f"{CIRCLE}@twin")
    value = table.set_index("condition").loc["on the X-ray without the finding", "value"]
    assert value == pytest.approx(roc_auc_score(labels, probabilities, multi_class="ovr"), abs=1e-6)
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()


def test_box_numbers_that_tell_the_class_are_found_out(run: MemoryRun, evaluation: Evaluation) -> None:
    table = controls(run, [ROW], Question(), evaluation).set_index("condition")
    assert table.loc[GEOMETRY, "value"] > 0.9


def test_what_the_project_keeps_of_the_boxes_is_what_the_classifier_says() -> None:
    runs = find_runs(PRECOMPUTED / "results" / "benchmark")
    kept = {boxes.file: boxes for boxes in map(RunBoxes.of, runs)}
    assert kept.keys() == set((PRECOMPUTED / "results" / "geometry").iterdir())
    file = next(file for file in kept if file.is_file() and len(kept[file].rows) <= 600)
    np.testing.assert_allclose(np.load(file), kept[file].scores())


def test_without_boxes_there_is_no_such_classifier(evaluation: Evaluation) -> None:
    run = MemoryRun(PAPER_STRENGTHS, seed=3)
    run.samples[["x0", "y0", "x1", "y1"]] = np.nan
    assert GEOMETRY not in set(controls(run, [ROW], Question(), evaluation)["condition"])
    assert len(gain_by_box_size(run, ROW, Question(), evaluation=evaluation)) == 0


def test_the_most_helped_come_first_and_the_most_hurt_last(run: MemoryRun, evaluation: Evaluation) -> None:
    table = case_table(run, ROW, Question(), evaluation)
    labels, before = by_hand(run, "none")
    _, after = by_hand(run, CIRCLE)
    change = after[np.arange(len(labels)), labels] - before[np.arange(len(labels)), labels]
    assert list(table["sample"]) == list(np.argsort(-change, kind="stable"))
    np.testing.assert_allclose(table["change"], change[table["sample"]], atol=1e-6)
    assert table["change"].is_monotonic_decreasing
    assert list(table["sample_id"]) == [f"s{row}" for row in table["sample"]]
    assert list(table["said_after"]) == [CLASSES[number] for number in after[table["sample"]].argmax(axis=1)]


def test_cases_of_one_class(run: MemoryRun, evaluation: Evaluation) -> None:
    table = case_table(run, ROW, Question(label="mass"), evaluation)
    assert set(table["label"]) == {"mass"}


def test_gain_by_box_size_is_the_mean_change_of_each_fifth(run: MemoryRun, evaluation: Evaluation) -> None:
    table = gain_by_box_size(run, ROW, Question(), evaluation=evaluation)
    assert table["n"].sum() == len(run.samples)
    assert table["n"].between(20, 28).all()
    assert (table["area_high"].to_numpy()[:-1] <= table["area_low"].to_numpy()[1:]).all()
    labels, before = by_hand(run, "none")
    _, after = by_hand(run, CIRCLE)
    rows = np.arange(len(labels))
    whole = (after[rows, labels] - before[rows, labels]).mean()
    assert np.average(table["gain"], weights=table["n"]) == pytest.approx(whole, abs=1e-6)
    assert (table["gain_low"] <= table["gain"]).all()


def test_attention_inside_the_box(run: MemoryRun) -> None:
    table = attention_inside(run, Variant.parse(CIRCLE))
    assert list(table["label"]) == [*CLASSES, "all classes"]
    np.testing.assert_allclose(table["unmarked"], 0.2, rtol=1e-6)
    np.testing.assert_allclose(table["marked"], 0.6, rtol=1e-6)
    assert table["n"].iloc[-1] == len(run.samples)


def test_a_curve_encloses_the_area_that_the_table_tells(run: MemoryRun, evaluation: Evaluation) -> None:
    table = curves(run, ROW, Question(label="nodule"), "roc", evaluation)
    for shown, key in (("unmarked", "none"), ("marked", CIRCLE)):
        points = table[table["shown"] == shown]
        labels, probabilities = by_hand(run, key)
        assert auc(points["x"], points["y"]) == pytest.approx(roc_auc_score(labels == 2, probabilities[:, 2]), abs=1e-6)


def test_the_mean_curve_lies_between_those_of_the_classes(run: MemoryRun, evaluation: Evaluation) -> None:
    for kind in ("roc", "pr"):
        table = curves(run, ROW, Question(), kind, evaluation)  # type: ignore[arg-type]
        assert set(table["label"]) == {*CLASSES, ALL_CLASSES}
    table = curves(run, ROW, Question(), "roc", evaluation)
    mean = table[(table["shown"] == "marked") & (table["label"] == ALL_CLASSES)]
    labels, probabilities = by_hand(run, CIRCLE)
    assert auc(mean["x"], mean["y"]) == pytest.approx(roc_auc_score(labels, probabilities, multi_class="ovr"), abs=0.01)


def test_confusion_counts_every_sample_once(run: MemoryRun, evaluation: Evaluation) -> None:
    tables = confusion(run, ROW, Question(), evaluation)
    labels, probabilities = by_hand(run, CIRCLE)
    np.testing.assert_array_equal(tables["marked"], confusion_matrix(labels, probabilities.argmax(axis=1)))
    assert list(tables["unmarked"].index) == list(CLASSES)


def test_reliability_tells_how_often_the_likeliest_class_is_right(run: MemoryRun, evaluation: Evaluation) -> None:
    table = reliability_table(run, ROW, Question(), evaluation)
    labels, probabilities = by_hand(run, CIRCLE)
    marked = table[table["shown"] == "marked"]
    right = (probabilities.argmax(axis=1) == labels).mean()
    assert np.average(marked["accuracy"], weights=marked["n"]) == pytest.approx(right)
    assert marked["n"].sum() == len(labels)
