"""DeLong's variance and test for AUROCs measured on the same samples.

DeLong, DeLong & Clarke-Pearson, *Comparing the areas under two or more correlated receiver operating characteristic
curves*, Biometrics 1988; in the O(n log n) form of Sun & Xu, *Fast implementation of DeLong's algorithm*, IEEE Signal
Processing Letters 2014 (doi:10.1109/LSP.2014.2337313).

The theory takes the samples as independent. With several boxes a patient they are not: use
`vpe_core.metrics.intervals` there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from vpe_core.errors import MetricError
from vpe_core.metrics.arrays import FloatArray, check_positive_scores

_Z_95 = NormalDist().inv_cdf(0.975)
_ROUNDING = 1e-12  # of the two variances: what floating-point numbers leave of no variance at all


@dataclass(frozen=True)
class DeLongTest:
    """Two AUROCs of one class on the same samples, and whether they differ.

    Attributes:
        auroc_a: nan without a positive or a negative.
        auroc_b: The same for the other scores.
        difference: a minus b.
        standard_error: Of the difference; nan with fewer than two positives or two negatives.
        low: Lower end of the difference's 95% interval (normal approximation).
        high: Upper end.
        p_value: Two-sided. 1 where both rank all samples alike; nan where the variance is 0 or unknown otherwise.
    """

    auroc_a: float
    auroc_b: float
    difference: float
    standard_error: float
    low: float
    high: float
    p_value: float


def delong_test(positive: ArrayLike, scores_a: ArrayLike, scores_b: ArrayLike) -> DeLongTest:
    """Test whether two scores of the same samples have different AUROCs.

    Args:
        positive: (n,) whether the sample belongs to the class.
        scores_a: (n,) for example with the marker.
        scores_b: (n,) for example without.

    Raises:
        MetricError: The arrays do not fit each other.
    """
    truth, columns = check_positive_scores(positive, scores_a, scores_b)
    aurocs, covariance = delong_covariance(truth, np.stack(columns))
    difference = float(aurocs[0] - aurocs[1])
    both = float(covariance[0, 0] + covariance[1, 1])
    variance = float(both - 2 * covariance[0, 1])
    error = float(np.sqrt(variance if variance > _ROUNDING * both else 0.0)) if not np.isnan(variance) else np.nan
    return DeLongTest(
        auroc_a=float(aurocs[0]),
        auroc_b=float(aurocs[1]),
        difference=difference,
        standard_error=error,
        low=difference - _Z_95 * error,
        high=difference + _Z_95 * error,
        p_value=_two_sided(difference, error),
    )


def delong_covariance(positive: ArrayLike, scores: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """AUROCs (m,) of m scores of the same samples, and their covariance (m, m).

    Args:
        positive: (n,) whether the sample belongs to the class.
        scores: (m, n) one row a marker, prompt or model.

    Raises:
        MetricError: The arrays do not fit each other.
    """
    rows = np.asarray(scores)
    if rows.ndim != 2:
        raise MetricError(f"Expected scores of shape (scorings, samples), but got {rows.shape}.")
    truth, columns = check_positive_scores(positive, *rows)
    n_positive, n_negative = int(truth.sum()), int((~truth).sum())
    undefined = np.full(len(columns), np.nan)
    if n_positive == 0 or n_negative == 0:
        return undefined, np.full((len(columns), len(columns)), np.nan)
    placements = [_placements(column[truth], column[~truth]) for column in columns]
    of_positives = np.stack([placement[0] for placement in placements])
    of_negatives = np.stack([placement[1] for placement in placements])
    return of_positives.mean(axis=1), _covariance(of_positives) / n_positive + _covariance(of_negatives) / n_negative


def _placements(positive: FloatArray, negative: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The share of negatives below each positive (p,), and of positives above each negative (q,), from midranks."""
    together = _midranks(np.concatenate([positive, negative]))
    below = (together[: len(positive)] - _midranks(positive)) / len(negative)
    above = 1 - (together[len(positive) :] - _midranks(negative)) / len(positive)
    return below, above


def _midranks(values: FloatArray) -> FloatArray:
    """Ranks from 1, equal values sharing the mean of theirs."""
    ascending = np.sort(values)
    lower, upper = np.searchsorted(ascending, values, "left"), np.searchsorted(ascending, values, "right")
    return (lower + upper + 1) / 2


def _covariance(rows: FloatArray) -> FloatArray:
    if rows.shape[1] < 2:
        return np.full((len(rows), len(rows)), np.nan)
    return np.atleast_2d(np.cov(rows))


def _two_sided(difference: float, error: float) -> float:
    if error > 0:
        return math.erfc(abs(difference) / error / math.sqrt(2))  # of the normal distribution, both tails
    return 1.0 if difference == 0 and error == 0 else np.nan
