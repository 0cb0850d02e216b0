"""Does a probability of 0.8 come true in 80 of 100 cases? Reliability bins and the expected calibration error.

Expected calibration error (ECE): the mean gap between confidence and accuracy over bins, weighted by their samples
(Naeini et al. 2015; Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017). Bins are open on the left and
closed on the right; equal probabilities always share a bin, so the order of the samples does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from vpe_core.errors import MetricError
from vpe_core.metrics.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    Statistic,
    check_labels_scores,
    check_positive_scores,
    check_probabilities,
    divide,
    sum_by_cell,
)

Binning = Literal["width", "mass"]
N_BINS = 10


@dataclass(frozen=True, eq=False)
class Reliability:
    """The reliability diagram of n samples in b bins.

    Attributes:
        edges: (b + 1,) from 0 to 1 for equal width, from the lowest to the highest probability for equal mass.
        counts: (b,) samples in each bin.
        confidence: (b,) their mean probability; nan in an empty bin.
        accuracy: (b,) the share that came true; nan in an empty bin.
    """

    edges: FloatArray
    counts: IntArray
    confidence: FloatArray
    accuracy: FloatArray

    @property
    def ece(self) -> float:
        """Expected calibration error, 0..1; nan without samples."""
        gaps = np.nan_to_num(np.abs(self.confidence - self.accuracy))
        return float(divide(self.counts @ gaps, self.counts.sum()))


def reliability(
    probabilities: ArrayLike, outcomes: ArrayLike, n_bins: int = N_BINS, binning: Binning = "width"
) -> Reliability:
    """Bin the probabilities and compare each bin's mean with what came true.

    For one class `reliability(probabilities[:, c], labels == c)`, for the predicted one `reliability(*top_label(…))`.

    Args:
        probabilities: (n,) in 0..1.
        outcomes: (n,) whether the predicted event came true.
        n_bins: Number of bins.
        binning: "width": bins of equal width over 0..1. "mass": quantiles, so that each holds about as many samples;
            quantiles that coincide are merged, so ties can leave fewer bins.

    Raises:
        MetricError: The arrays do not fit each other, a probability is outside 0..1, or the binning is impossible.
    """
    truth, (values,) = check_positive_scores(outcomes, probabilities)
    check_probabilities(values)
    edges = _edges(values, n_bins, binning)
    bins = _bins(values, edges)
    sums = sum_by_cell(bins, len(edges) - 1, np.column_stack([np.ones_like(values), values, truth]))
    return Reliability(
        edges, sums[:, 0].astype(np.int64), divide(sums[:, 1], sums[:, 0]), divide(sums[:, 2], sums[:, 0])
    )


def top_label(labels: ArrayLike, probabilities: ArrayLike) -> tuple[FloatArray, BoolArray]:
    """The probability of the predicted class (n,), and whether that class is the true one (n,).

    Raises:
        MetricError: Labels and probabilities do not fit each other, or a probability is outside 0..1.
    """
    truth, values = check_labels_scores(labels, probabilities)
    check_probabilities(values)
    return values.max(axis=1), values.argmax(axis=1) == truth


def ece(labels: ArrayLike, probabilities: ArrayLike, n_bins: int = N_BINS, binning: Binning = "width") -> float:
    """Expected calibration error of the predicted class, 0..1 (0 is perfect); nan without samples."""
    return reliability(*top_label(labels, probabilities), n_bins=n_bins, binning=binning).ece


def ece_statistic(labels: ArrayLike, probabilities: ArrayLike) -> Statistic:
    """`ece` with equal-width bins as a function of the samples' weights (n, m), giving (m,).

    Resampling adds noise to each bin and ECE takes its absolute value: of a well calibrated model the interval lies
    higher than the value.
    """
    confidence, correct = top_label(labels, probabilities)
    bins = _bins(confidence, _edges(confidence, N_BINS, "width"))
    gap = (confidence - correct)[:, None]

    def statistic(weights: FloatArray) -> FloatArray:
        return divide(np.abs(sum_by_cell(bins, N_BINS, gap * weights)).sum(axis=0), weights.sum(axis=0))

    return statistic


def _edges(values: FloatArray, n_bins: int, binning: Binning) -> FloatArray:
    if n_bins < 1 or binning not in ("width", "mass"):
        raise MetricError(f"Expected at least one bin of equal 'width' or 'mass', but got {n_bins} of {binning!r}.")
    fractions = np.linspace(0.0, 1.0, n_bins + 1)
    if binning == "width" or len(values) == 0:
        return fractions
    edges = np.unique(np.quantile(values, fractions))
    return edges if len(edges) > 1 else np.repeat(edges, 2)


def _bins(values: FloatArray, edges: FloatArray) -> IntArray:
    return np.searchsorted(edges[1:-1], values, side="left").astype(np.int64)
