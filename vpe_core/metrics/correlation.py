"""Spearman's rank correlation, of samples that may be weighed as a bootstrap weighs them."""

from __future__ import annotations

import numpy as np

from vpe_core.metrics.arrays import FloatArray, Statistic


def rank_correlation(one: FloatArray, other: FloatArray) -> float:
    """Spearman's rank correlation of two numbers a sample, -1 to 1; nan where one of them does not vary.

    Args:
        one: (n,).
        other: (n,).
    """
    return float(rank_correlation_statistic(one, other)(np.ones((len(one), 1)))[0])


def rank_correlation_statistic(one: FloatArray, other: FloatArray) -> Statistic:
    """Spearman's rank correlation of two numbers a sample, (n,) each, as a function of the samples' weights.

    Ranks are those among all samples; a resample weighs them. nan where one of the numbers does not vary.
    """
    from scipy.stats import rankdata

    x, y = (rankdata(values) for values in (one, other))
    x, y = x - x.mean(), y - y.mean()

    def correlation(weights: FloatArray) -> FloatArray:
        total = weights.sum(axis=0)
        mean_x, mean_y = x @ weights / total, y @ weights / total
        covariance = (x * y) @ weights / total - mean_x * mean_y
        variances = ((x * x) @ weights / total - mean_x**2) * ((y * y) @ weights / total - mean_y**2)
        found = np.full(len(total), np.nan)
        some = variances > 0
        found[some] = covariance[some] / np.sqrt(variances[some])
        return found

    return correlation
