"""DeLong's test against its definition (all pairs), and against what repeated sampling shows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from vpe_core.errors import MetricError
from vpe_core.metrics import bootstrap, compare, delong_covariance, delong_test, draw_resamples


def pairwise_covariance(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """DeLong 1988 as written: the kernel of all pairs, its row and column means, their covariances."""
    won = [
        (row[positive][:, None] > row[~positive]) + 0.5 * (row[positive][:, None] == row[~positive]) for row in scores
    ]
    of_positives = np.stack([pairs.mean(axis=1) for pairs in won])
    of_negatives = np.stack([pairs.mean(axis=0) for pairs in won])
    covariance = np.atleast_2d(np.cov(of_positives)) / positive.sum()
    return np.array([pairs.mean() for pairs in won]), covariance + np.atleast_2d(np.cov(of_negatives)) / (
        ~positive
    ).sum()


def correlated_scores(rng: np.random.Generator, n_samples: int, shift_a: float, shift_b: float):
    positive = np.arange(n_samples) < n_samples // 3
    shared = rng.normal(size=n_samples)
    scores = [shift * positive + 0.7 * shared + 0.7 * rng.normal(size=n_samples) for shift in (shift_a, shift_b)]
    return positive, np.stack(scores)


@pytest.mark.parametrize("decimals", [None, 1, 0], ids=["distinct", "ties", "mostly ties"])
@pytest.mark.parametrize("n_scorings", [1, 2, 4])
def test_covariance_equals_the_definition(decimals, n_scorings):
    rng = np.random.default_rng(n_scorings)
    positive = rng.random(80) < 0.4
    scores = rng.normal(size=(n_scorings, 80)) + positive
    if decimals is not None:
        scores = scores.round(decimals)
    aurocs, covariance = delong_covariance(positive, scores)
    expected_aurocs, expected_covariance = pairwise_covariance(positive, scores)
    np.testing.assert_allclose(aurocs, expected_aurocs, rtol=1e-12)
    np.testing.assert_allclose(aurocs, [roc_auc_score(positive, row) for row in scores], rtol=1e-12)
    np.testing.assert_allclose(covariance, expected_covariance, rtol=1e-10, atol=1e-15)


def test_the_test_follows_from_the_covariance():
    positive, scores = correlated_scores(np.random.default_rng(1), 150, 1.0, 0.6)
    aurocs, covariance = pairwise_covariance(positive, scores)
    result = delong_test(positive, *scores)
    error = np.sqrt(np.array([1, -1]) @ covariance @ np.array([1, -1]))
    assert result.difference == pytest.approx(aurocs[0] - aurocs[1])
    assert result.standard_error == pytest.approx(error)
    assert result.p_value == pytest.approx(2 * stats.norm.sf(abs(result.difference) / error))
    expected = stats.norm.interval(0.95, loc=result.difference, scale=error)
    assert (result.low, result.high) == pytest.approx(expected)


def test_the_standard_error_is_the_spread_over_repeated_samples():
    rng = np.random.default_rng(2)
    results = [delong_test(*_flat(correlated_scores(rng, 120, 1.0, 0.8))) for _ in range(600)]
    spread = np.std([result.difference for result in results])
    assert np.mean([result.standard_error for result in results]) == pytest.approx(spread, rel=0.1)


def test_p_values_hold_their_level_when_nothing_differs():
    rng = np.random.default_rng(3)
    p_values = np.array([delong_test(*_flat(correlated_scores(rng, 120, 0.8, 0.8))).p_value for _ in range(600)])
    assert np.mean(p_values < 0.05) == pytest.approx(0.05, abs=0.025)
    assert stats.kstest(p_values, "uniform").pvalue > 0.001


def test_agrees_with_the_bootstrap_where_every_sample_is_a_patient():
    positive, scores = correlated_scores(np.random.default_rng(4), 600, 1.0, 0.7)
    exact = delong_test(positive, *scores)
    resamples = draw_resamples(np.arange(600), 4000)
    marked, unmarked = (
        bootstrap("auroc", positive.astype(int), np.stack([-row, row], axis=1), resamples) for row in scores
    )
    gain = compare(marked, unmarked).per_class[1].interval
    assert gain.value == pytest.approx(exact.difference)
    assert gain.high - gain.low == pytest.approx(exact.high - exact.low, rel=0.06)


def test_swapping_the_two_turns_the_sign():
    positive, (one, other) = correlated_scores(np.random.default_rng(5), 60, 1.0, 0.2)
    forth, back = delong_test(positive, one, other), delong_test(positive, other, one)
    assert forth.difference == -back.difference
    assert forth.p_value == pytest.approx(back.p_value)


def test_the_same_ranking_is_no_difference():
    positive, (scores, _) = correlated_scores(np.random.default_rng(6), 60, 1.0, 1.0)
    result = delong_test(positive, scores, np.exp(scores))
    assert (result.difference, result.standard_error, result.p_value) == (0, 0, 1)


@pytest.mark.parametrize("n_positive", [3, 7, 10, 13])
def test_no_variance_up_to_rounding_is_no_variance(n_positive):
    positive = np.arange(30) < n_positive
    scores = np.random.default_rng(n_positive).permutation(30).astype(float)
    unhelpful = np.where(positive, 0.5, scores)  # the two differ, and by the same for every sample
    same = delong_test(positive, scores, np.exp(scores / 30))
    assert (same.standard_error, same.p_value) == (0, 1)
    constant = delong_test(positive, positive.astype(float), np.zeros(30))
    assert constant.standard_error == 0
    assert np.isnan(constant.p_value)
    assert delong_test(positive, scores, unhelpful).standard_error > 0


def test_what_the_data_cannot_answer_is_nan():
    one_sided = delong_test([True, True], [0.1, 0.2], [0.2, 0.1])
    assert np.isnan([one_sided.auroc_a, one_sided.standard_error, one_sided.p_value]).all()
    single_positive = delong_test([True, False, False], [0.9, 0.1, 0.2], [0.1, 0.2, 0.3])
    assert single_positive.difference == 1
    assert np.isnan([single_positive.standard_error, single_positive.low, single_positive.p_value]).all()
    no_variance = delong_test([True, True, False, False], [4, 3, 2, 1], [1, 2, 3, 4])
    assert (no_variance.difference, no_variance.standard_error) == (1, 0)
    assert np.isnan(no_variance.p_value)


def test_what_does_not_fit_is_refused():
    with pytest.raises(MetricError, match="one score for each of the 3"):
        delong_test([True, False, True], [0.1, 0.2], [0.1, 0.2, 0.3])
    with pytest.raises(MetricError, match="scorings, samples"):
        delong_covariance([True, False], [0.1, 0.2])


def _flat(case):
    positive, (one, other) = case
    return positive, one, other
