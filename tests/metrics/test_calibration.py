"""Reliability bins against scikit-learn, the calibration error against a loop and closed forms."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from vpe_core.errors import MetricError
from vpe_core.metrics import ece, reliability, top_label


def loop_ece(probabilities, outcomes, edges) -> float:
    """Bin by bin, sample by sample; a bin is (low, high], the first also takes its lower edge."""
    total = 0.0
    for number, (low, high) in enumerate(itertools.pairwise(edges)):
        members = [
            (p, outcome)
            for p, outcome in zip(probabilities, outcomes, strict=True)
            if low < p <= high or (number == 0 and p <= low)
        ]
        if members:
            confidence = sum(p for p, _ in members) / len(members)
            accuracy = sum(outcome for _, outcome in members) / len(members)
            total += len(members) / len(probabilities) * abs(confidence - accuracy)
    return total


@pytest.mark.parametrize("decimals", [None, 2, 1], ids=["distinct", "ties", "mostly ties"])
@pytest.mark.parametrize(("binning", "strategy"), [("width", "uniform"), ("mass", "quantile")])
@pytest.mark.parametrize("n_bins", [1, 7, 15])
def test_bins_equal_scikit_learn(decimals, binning, strategy, n_bins):
    rng = np.random.default_rng(n_bins)
    probabilities = rng.beta(2, 3, size=300)
    if decimals is not None:
        probabilities = probabilities.round(decimals)
    outcomes = rng.random(300) < probabilities**2
    ours = reliability(probabilities, outcomes, n_bins, binning)
    accuracy, confidence = calibration_curve(outcomes, probabilities, n_bins=n_bins, strategy=strategy)
    filled = ours.counts > 0
    np.testing.assert_allclose(ours.confidence[filled], confidence)
    np.testing.assert_allclose(ours.accuracy[filled], accuracy)
    assert ours.counts.sum() == 300
    assert ours.ece == pytest.approx(loop_ece(probabilities, outcomes, ours.edges))


def test_equal_mass_bins_hold_equally_many():
    probabilities = np.random.default_rng(0).beta(1, 9, size=1000)
    counts = reliability(probabilities, np.ones(1000), n_bins=10, binning="mass").counts
    np.testing.assert_array_equal(counts, 100)


def test_ties_merge_equal_mass_bins():
    result = reliability([0.5] * 6, [1, 1, 1, 0, 0, 0], n_bins=4, binning="mass")
    assert result.counts.tolist() == [6]
    assert result.ece == 0


def test_ece_of_known_gaps():
    outcomes = np.repeat([1, 0], [60, 40])
    assert reliability(np.full(100, 0.6), outcomes).ece == pytest.approx(0)
    assert reliability(np.full(100, 0.9), outcomes).ece == pytest.approx(0.3)
    assert reliability([0.0, 0.0, 1.0, 1.0], [0, 0, 1, 1]).ece == 0
    assert reliability([0.0, 1.0], [1, 0]).ece == 1


def test_well_calibrated_probabilities_have_a_small_error():
    rng = np.random.default_rng(1)
    probabilities = rng.random(100_000)
    assert reliability(probabilities, rng.random(100_000) < probabilities).ece < 0.01


def test_ece_is_that_of_the_predicted_class(table):
    confidence, correct = top_label(table.labels, table.scores)
    np.testing.assert_array_equal(confidence, table.scores.max(axis=1))
    np.testing.assert_array_equal(correct, table.scores.argmax(axis=1) == table.labels)
    assert ece(table.labels, table.scores) == pytest.approx(loop_ece(confidence, correct, np.linspace(0, 1, 11)))


def test_empty_bins_and_no_samples_are_undefined_not_zero():
    result = reliability([0.95, 0.99], [1, 1])
    assert np.isnan(result.confidence[:9]).all()
    assert np.isnan(result.accuracy[:9]).all()
    assert result.counts.tolist() == [0] * 9 + [2]
    for binning in ("width", "mass"):
        assert np.isnan(reliability([], [], binning=binning).ece)


@pytest.mark.parametrize("n_bins", [0, -1])
def test_impossible_bins_are_refused(n_bins):
    with pytest.raises(MetricError, match="at least one bin"):
        reliability([0.5], [1], n_bins=n_bins)
    with pytest.raises(MetricError, match="'width' or 'mass'"):
        reliability([0.5], [1], binning="depth")


def test_cosines_are_no_probabilities():
    with pytest.raises(MetricError, match=re.escape("probabilities in 0..1, but got -0.2..0.3")):
        ece([0, 1], [[0.3, -0.2], [0.1, 0.2]])
