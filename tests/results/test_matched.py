"""A simulation whose answer is known: we set what a marker tells of its box, and what better sight it brings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.results.memory_run import CLASSES, MemoryRun, samples_table
from vpe_core.errors import ResultsError
from vpe_core.leaks import LabelledBoxes, class_probabilities, overlap_weights
from vpe_core.results.analysis.leak import leak
from vpe_core.results.analysis.matched import matched
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.scores import Evaluation, class_numbers, score_variant
from vpe_core.variants import Variant

CIRCLE = "circle/red/1/paper"
ROW = TableRow(Variant.parse(CIRCLE))
OWN_SHARE = 0.5
"""How many boxes look like their own class; the others look like any of the three."""
N_PATIENTS, PER_PATIENT = 300, 3


class BoxReader(MemoryRun):
    """A model that sees a little of the finding, and with a marker leans towards the class that the box looks like.

    Args:
        sight: How much better a marked image shows the finding.
        lean: How much the marked answer leans towards the class of such boxes.
    """

    def __init__(self, sight: float, lean: float, seed: int, n_patients: int = N_PATIENTS) -> None:
        rng = np.random.default_rng(seed)
        numbers = rng.integers(3, size=n_patients * PER_PATIENT)
        self.looks_like = np.where(rng.random(len(numbers)) < OWN_SHARE, numbers, rng.integers(3, size=len(numbers)))
        table = samples_table(rng, self.looks_like, PER_PATIENT)
        table["label"] = np.array(CLASSES)[numbers]
        super().__init__({"none": 0.15, CIRCLE: 0.15}, seed=seed, samples=table)
        self.fingerprint += f"/{sight}/{lean}"
        toward = np.stack([self.encode(label) for label in self.classes])
        bare = self._embeddings["none"]
        self._embeddings[CIRCLE] = (bare + sight * toward[numbers] + lean * toward[self.looks_like]).astype(np.float32)


def true_gain(sight: float, lean: float) -> float:
    """The gain under weights that need no estimate, from a sample so large that chance plays no part."""
    run = BoxReader(sight, lean, seed=99, n_patients=20_000)
    labels = class_numbers(run)
    gains = []
    for number in range(3):
        chance = OWN_SHARE * (run.looks_like == number) + (1 - OWN_SHARE) / 3
        weights = np.where(labels == number, 1 - chance, chance)
        without, shown = (
            roc_auc_score(
                labels == number, score_variant(run, variant, Question()).scores[:, number], sample_weight=weights
            )
            for variant in run.variants
        )
        gains.append(shown - without)
    return float(np.mean(gains))


def test_a_gain_that_is_only_size_and_place_is_found_to_be_none() -> None:
    run, evaluation = BoxReader(sight=0.0, lean=0.3, seed=1), Evaluation(500)
    plain, found = leak(run, ROW, Question(), evaluation).gain, matched(run, ROW, Question(), evaluation)
    assert plain.interval.low > 0.05
    assert found.plain_gain.interval.value == pytest.approx(plain.interval.value)
    assert found.gain.interval.high < 0.02
    assert found.gain.interval.low <= true_gain(0.0, 0.3) <= found.gain.interval.high
    assert found.geometry_before.value > 0.65
    assert found.geometry.value == pytest.approx(0.5, abs=0.03)
    assert found.assessable == tuple(sorted(CLASSES))
    assert not found.too_little


def test_a_gain_of_better_sight_is_recovered() -> None:
    run, evaluation = BoxReader(sight=0.3, lean=0.3, seed=2), Evaluation(500)
    found, truth = matched(run, ROW, Question(), evaluation), true_gain(0.3, 0.3)
    assert found.plain_gain.interval.low > truth
    assert 0 < found.gain.interval.low <= truth <= found.gain.interval.high
    for label, one in found.classes.items():
        assert max(one.effective, one.effective_others) < one.samples * 3
        assert one.difference < 0.05 < one.difference_before
        assert matched(run, ROW, Question(label=label), evaluation).gain == one.gain


def test_without_overlap_it_says_that_nothing_can_be_told() -> None:
    run = BoxReader(sight=0.3, lean=0.0, seed=3, n_patients=100)
    corner = class_numbers(run)[:, None] * 80.0 + np.random.default_rng(0).uniform(0, 5, (300, 2))
    run.samples[["x0", "y0"]], run.samples[["x1", "y1"]] = corner, corner + 10
    found = matched(run, ROW, Question(), Evaluation(50))
    assert found.too_little.startswith("Too little overlap to tell: in 3 of 3 classes")
    assert found.assessable == ()
    assert np.isnan(found.gain.interval.value)
    assert found.effective == 0
    one = matched(run, ROW, Question(label="mass"), Evaluation(50))
    assert one.too_little.startswith("Too little overlap to tell: size and place still tell mass after weighting")


def test_what_it_cannot_answer_is_refused() -> None:
    run = BoxReader(sight=0.3, lean=0.0, seed=3, n_patients=20)
    with pytest.raises(ResultsError, match="Expected AUROC"):
        matched(run, ROW, Question(metric="accuracy"))
    run.samples[["x0", "x1"]] = np.nan
    with pytest.raises(ResultsError, match="boxes of two patients or more"):
        matched(run, ROW, Question())


def test_weights_balance_the_boxes_and_an_independent_reader_of_them() -> None:
    run = BoxReader(sight=0.0, lean=0.3, seed=4)
    boxes = run.samples[["x0", "y0", "x1", "y1"]].to_numpy(float)
    known = LabelledBoxes(
        boxes, np.full((len(boxes), 2), 256.0), class_numbers(run), run.samples["patient_id"].to_numpy(), run.classes
    )
    found = overlap_weights(known, class_probabilities(known.numbers(), known.labels, known.patients, 3))
    assert ((found.weights >= 0) & (found.weights <= 1)).all()
    true_chance = OWN_SHARE * (run.looks_like[:, None] == np.arange(3)) + (1 - OWN_SHARE) / 3
    for number in range(3):
        positive, weights = known.labels == number, found.weights[:, number]
        reader = found.reader[:, number]
        assert found.auroc_before[number] == pytest.approx(roc_auc_score(positive, reader))
        assert found.auroc_after[number] == pytest.approx(
            roc_auc_score(positive, reader, sample_weight=found.reader_weights[:, number])
        )
        assert roc_auc_score(positive, true_chance[:, number], sample_weight=weights) == pytest.approx(0.5, abs=0.05)
        means = [np.average(known.numbers()[side], axis=0, weights=weights[side]) for side in (positive, ~positive)]
        np.testing.assert_allclose(*means, atol=0.01)
        assert weights[positive].sum() == pytest.approx(weights[~positive].sum(), rel=1e-2)
        own = weights[positive]
        assert found.effective[number] == pytest.approx(own.sum() ** 2 / (own**2).sum())
    assert found.enough.all()
    assert not replace(found, auroc_after=np.array([0.5, 0.61, 0.5])).enough[1]
    assert not replace(found, effective_others=np.array([9.0, 99.0, 99.0])).enough[0]


def test_the_reader_has_not_seen_the_patients_that_it_reads() -> None:
    """A class that only the patient's own box tells is not told by it."""
    rng = np.random.default_rng(1)
    corners = np.repeat(rng.uniform(0, 100, (60, 2)), 6, axis=0)
    labels = np.repeat(rng.integers(2, size=60), 6)
    boxes = np.hstack([corners, corners + 20])
    known = LabelledBoxes(boxes, np.full((360, 2), 200.0), labels, np.repeat(np.arange(60), 6), ("a", "b"))
    found = overlap_weights(known, np.full((360, 2), 0.5))
    assert (found.auroc_before < 0.65).all()
