from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import GroupKFold

from vpe_core import datasets
from vpe_core.datasets.simulated import HEALTHY
from vpe_core.errors import DatasetError, ResultsError
from vpe_core.leaks import (
    BOTH,
    GROUPS,
    PLACE,
    SIZE,
    BoxLeak,
    LabelledBoxes,
    LeakTable,
    TableSource,
    class_probabilities,
    measure_leak,
    read_leak,
    stored_leaks,
)
from vpe_core.leaks.forest import patient_folds
from vpe_core.markers import names

SOURCE = TableSource("made-up", "Made up", "all", "boxes.csv", "0" * 64)
CLASSES = ("effusion", "mass", "nodule")


def made_up(n: int = 300, seed: int = 0, size_tells: float = 0.0, place_tells: float = 0.0) -> LeakTable:
    """Boxes of three classes, each patient with three; size and place follow the class as far as is asked."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=n)
    middle = 500 + place_tells * (labels[:, None] - 1) * 200 + rng.normal(0, 40, (n, 2))
    half = np.exp(4 + size_tells * (labels[:, None] - 1) + rng.normal(0, 0.2, (n, 2)))
    boxes = np.column_stack([middle - half, middle + half])
    known = LabelledBoxes(boxes, np.full((n, 2), 1000.0), labels, np.arange(n) // 3, CLASSES)
    return LeakTable(known, SOURCE, images=n)


@pytest.fixture(scope="module")
def told_by_size() -> BoxLeak:
    return measure_leak(made_up(size_tells=0.3), n_resamples=200)


def test_it_is_what_scikit_learn_computes(told_by_size: BoxLeak) -> None:
    known = made_up(size_tells=0.3).boxes
    relative = known.boxes / 1000
    features = {
        SIZE: relative[:, 2:] - relative[:, :2],
        PLACE: (relative[:, :2] + relative[:, 2:]) / 2,
        BOTH: np.column_stack([(relative[:, :2] + relative[:, 2:]) / 2, relative[:, 2:] - relative[:, :2]]),
    }
    for group, numbers in features.items():
        scores = np.zeros((len(known), 3))
        for train, test in GroupKFold(5).split(numbers, known.labels, known.patients):
            forest = ExtraTreesClassifier(100, min_samples_leaf=3, random_state=0)
            scores[test] = forest.fit(numbers[train], known.labels[train]).predict_proba(numbers[test])
        measured = told_by_size.groups[group]
        one_by_one = roc_auc_score(np.eye(3)[known.labels], scores, average=None)
        assert [one.value for one in measured.per_class.values()] == pytest.approx(one_by_one, abs=1e-9)
        assert measured.auroc.value == pytest.approx(one_by_one.mean(), abs=1e-9)
        assert measured.accuracy.value == pytest.approx(accuracy_score(known.labels, scores.argmax(axis=1)))
        assert measured.true_class_probability.value == pytest.approx(scores[np.arange(300), known.labels].mean())


def test_what_size_tells_is_found_in_size_alone(told_by_size: BoxLeak) -> None:
    size, place = told_by_size.groups[SIZE].auroc, told_by_size.groups[PLACE].auroc
    assert size.low > 0.7
    assert place.low < 0.5 < place.high
    assert told_by_size.of_marker("arrow") == told_by_size.of_marker("point") == told_by_size.groups[PLACE]
    assert told_by_size.of_marker("circle") == told_by_size.both
    assert told_by_size.of_marker("none") is None
    assert set(told_by_size.markers) == set(names())
    crop = told_by_size.of_marker("crop")  # none of these boxes reaches beyond the least crop
    assert crop is not None
    assert crop.auroc.high < size.low
    with pytest.raises(ResultsError, match="Expected one of the markers none, bbox"):
        told_by_size.of_marker("star")


def test_boxes_that_tell_nothing_are_at_chance_and_boxes_that_tell_all_at_1() -> None:
    nothing = measure_leak(made_up(seed=1), n_resamples=200)
    for group in nothing.groups.values():
        assert group.auroc.low < 0.5 < group.auroc.high
    everything = measure_leak(made_up(90, size_tells=3, place_tells=2), n_resamples=50)
    assert [everything.groups[group].auroc.value for group in GROUPS] == [1.0, 1.0, 1.0]
    assert everything.both.accuracy.value == 1.0


def test_few_boxes_that_tell_nothing_come_out_below_half_and_that_is_said(told_by_size: BoxLeak) -> None:
    reached = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        labels = rng.permutation(np.arange(40) % 2)
        scores = class_probabilities(rng.random((40, 4)), labels, np.arange(40), 2)
        reached.append(roc_auc_score(labels, scores[:, 1]))
    assert np.mean(reached) < 0.47
    few = dict.fromkeys(("a", "b"), 20)
    assert replace(told_by_size, boxes=40, class_counts=few).below_half
    assert not replace(told_by_size, boxes=200, class_counts=dict.fromkeys(few, 100)).below_half


def test_a_patient_is_never_on_both_sides() -> None:
    patients = np.random.default_rng(0).integers(40, size=200).astype(str)
    judged = []
    for train, test in patient_folds(np.zeros(200, np.int64), patients):
        assert not set(patients[train]) & set(patients[test])
        judged += test.tolist()
    assert sorted(judged) == list(range(200))


def test_the_classifier_never_sees_the_patient_that_it_judges() -> None:
    """Each patient has a box of its own and a class of its own: only who has seen the patient knows it."""
    rng = np.random.default_rng(1)
    patients = np.repeat(np.arange(60), 6)
    numbers = np.repeat(rng.uniform(0, 1, (60, 2)), 6, axis=0)
    labels = np.repeat(rng.integers(2, size=60), 6)
    scores = class_probabilities(numbers, labels, patients, 2)
    assert roc_auc_score(labels, scores[:, 1]) < 0.65


def test_threads_change_no_number() -> None:
    known = made_up(size_tells=0.3).boxes
    given = known.numbers(), known.labels, known.patients, 3
    np.testing.assert_array_equal(class_probabilities(*given, n_jobs=2), class_probabilities(*given))


def test_json_comes_back_as_it_was(told_by_size: BoxLeak, tmp_path: Path) -> None:
    file = tmp_path / "leak.json"
    file.write_text(told_by_size.to_json(), encoding="utf-8")
    again = read_leak(file)
    assert again.to_json() == told_by_size.to_json()
    assert again == told_by_size
    assert list(again.class_counts) == list(CLASSES)
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(ResultsError, match="cannot be read"):
        read_leak(file)
    with pytest.raises(ResultsError, match="No such file"):
        read_leak(tmp_path / "none.json")


@pytest.mark.parametrize(
    "change",
    [{"groups": {}}, {"class_counts": {}}, {"overlap": {}}, {"boxes": 0}, {"markers": {"circle": "no such group"}}],
)
def test_a_file_whose_parts_do_not_fit_together_is_refused(
    told_by_size: BoxLeak, tmp_path: Path, change: dict[str, object]
) -> None:
    file = tmp_path / "leak.json"
    file.write_text(json.dumps({**json.loads(told_by_size.to_json()), **change}), encoding="utf-8")
    with pytest.raises(ResultsError, match="its parts do not fit together"):
        read_leak(file)


def test_a_class_of_few_patients_has_no_interval_and_comes_back(tmp_path: Path) -> None:
    table = made_up(60)
    labels = table.boxes.labels % 2
    labels[:3] = 2
    measured = measure_leak(replace(table, boxes=replace(table.boxes, labels=labels)), n_resamples=50)
    assert np.isnan(measured.both.per_class["nodule"].low)
    assert "nan" not in str(measured.both.per_class["nodule"])
    assert measured.too_few == "3 boxes of nodule: too few to tell"
    (tmp_path / "leak.json").write_text(measured.to_json())
    assert read_leak(tmp_path / "leak.json").to_json() == measured.to_json()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.zeros(30, np.int64)}, "two classes or more, but all 30 are 'effusion'"),
        ({"patients": np.zeros(30, np.int64)}, "5 patients or more, so that a patient is judged by what others show"),
    ],
)
def test_boxes_that_cannot_tell_are_refused(change: dict[str, np.ndarray], message: str) -> None:
    table = made_up(30)
    with pytest.raises(DatasetError, match=message):
        measure_leak(replace(table, boxes=replace(table.boxes, **change)))


def test_progress_comes_to_its_end() -> None:
    told: list[tuple[str, int, int]] = []
    measure_leak(made_up(30), n_resamples=5, progress=lambda *step: told.append(step))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][1] == told[-1][2]


@pytest.mark.parametrize(
    ("name", "boxes", "patients", "classes", "macro"),
    [("nih14", 984, 726, 8, 0.884), ("vindr-cxr", 14333, 2502, 14, 0.916)],
)
def test_the_stored_figures_of_real_sets(name: str, boxes: int, patients: int, classes: int, macro: float) -> None:
    measured = stored_leaks()[name]
    assert (measured.boxes, measured.patients, len(measured.classes)) == (boxes, patients, classes)
    assert measured.both.auroc.value == pytest.approx(macro, abs=5e-4)
    assert not measured.source.simulated
    assert measured.source.url.startswith("https://pypi.org/project/torchxrayvision/")
    assert measured.source.file
    assert measured.source.terms


def test_the_stored_figures_agree_with_themselves() -> None:
    stored = stored_leaks()
    assert set(stored) == {"nih14", "vindr-cxr", *(name for name in datasets.names() if datasets.get(name).simulated)}
    for measured in stored.values():
        assert sum(measured.class_counts.values()) == measured.boxes
        for group in measured.groups.values():
            assert tuple(group.per_class) == measured.classes
            assert group.auroc.value == pytest.approx(np.mean([one.value for one in group.per_class.values()]))
            assert group.auroc.value <= measured.both.auroc.value + 0.01
            for one in (group.auroc, group.accuracy, group.true_class_probability, *group.per_class.values()):
                assert one.low <= one.value <= one.high
        assert tuple(measured.overlap) == measured.classes
        for label, one in measured.overlap.items():
            assert one.effective <= measured.class_counts[label]
            assert not one.enough or abs(one.geometry - 0.5) <= 0.1
            assert not one.enough or one.geometry_before > 0.6 or label == HEALTHY  # whose boxes are another image's
        assert set(measured.markers) == set(names())
        assert set(measured.markers.values()) <= {"", *measured.groups}
