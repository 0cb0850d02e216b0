"""What all metrics share: array types, the check of labels and scores, and sums in which "undefined" is nan.

Arrays are laid out with the sample axis first. Weights are (n, m): one column is one weighting of the n samples, for
example one bootstrap resample, so m resamples are evaluated by the same few array operations as one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vpe_core.errors import MetricError

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]

Statistic: TypeAlias = Callable[[FloatArray], FloatArray]
"""Weights (n, m) -> values (m,) of the whole table, or (k, m) of its k classes; nan where undefined."""


PerSample: TypeAlias = Callable[[IntArray, FloatArray], FloatArray]
"""Labels (n,) and scores (n, k), checked -> one number a sample (n,)."""


@runtime_checkable
class Groupable(Protocol):
    """A statistic that can be summed up by group beforehand, so that weighing groups costs little."""

    def __call__(self, weights: FloatArray, /) -> FloatArray: ...

    def by_group(self, group: IntArray, n_groups: int) -> Statistic:
        """The same of weights (n_groups, m); `group` (n,) numbers the group of each sample."""


def check_labels_scores(labels: ArrayLike, scores: ArrayLike) -> tuple[IntArray, FloatArray]:
    """Labels as (n,) int64 and scores as (n, k) float64, or an error that names what does not fit.

    Args:
        labels: (n,) integers in 0..k-1, the true class of each sample.
        scores: (n, k) finite numbers; the higher, the more the sample looks like that class.

    Raises:
        MetricError: The shapes do not match, a label is not a class number, or a score is not finite.
    """
    label_array, score_array = np.asarray(labels), np.asarray(scores)
    if score_array.ndim != 2 or score_array.shape[1] == 0:
        raise MetricError(
            f"Expected scores of shape (samples, classes), but got {score_array.shape}. Give one column a class."
        )
    n_samples, n_classes = score_array.shape
    if label_array.shape != (n_samples,):
        raise MetricError(
            f"Expected one label for each of the {n_samples} rows of scores, but got {label_array.shape}."
        )
    if n_samples and label_array.dtype.kind not in "iu":
        raise MetricError(
            f"Expected class numbers as labels, but got dtype {label_array.dtype}. "
            "Give the number of each label's column in the scores."
        )
    _check_finite("scores", score_array)
    label_array = label_array.astype(np.int64)
    if n_samples and not (label_array.min() >= 0 and label_array.max() < n_classes):
        raise MetricError(
            f"Expected labels in 0..{n_classes - 1} (the scores have {n_classes} columns), "
            f"but got {label_array.min()}..{label_array.max()}."
        )
    return label_array, score_array.astype(np.float64)


def mean_statistic(measure: PerSample) -> Callable[[ArrayLike, ArrayLike], Statistic]:
    """Make the statistic of a metric that is a mean over the samples, such as the Brier score.

    Args:
        measure: What each sample counts; nan where it counts nothing.
    """

    def statistic(labels: ArrayLike, scores: ArrayLike) -> Statistic:
        return weighted_mean(measure(*check_labels_scores(labels, scores)))

    return statistic


def weighted_mean(values: FloatArray) -> Statistic:
    """The mean of one number a sample as a function of the samples' weights; nan where a sample has none."""
    present = ~np.isnan(values)
    known = np.where(present, values, 0.0)
    return lambda weights: divide(known @ weights, present @ weights)


def check_positive_scores(positive: ArrayLike, *scores: ArrayLike) -> tuple[BoolArray, list[FloatArray]]:
    """A yes/no truth as (n,) bool and each score as (n,) float64.

    Raises:
        MetricError: A shape does not match, the truth is not boolean or 0/1, or a score is not finite.
    """
    truth = np.asarray(positive)
    if truth.ndim != 1 or not np.isin(truth, (0, 1)).all():
        raise MetricError(
            f"Expected a flat array of true and false (or 1 and 0), but got shape {truth.shape}, dtype {truth.dtype}."
        )
    columns = [np.asarray(score) for score in scores]
    for column in columns:
        if column.shape != truth.shape:
            raise MetricError(f"Expected one score for each of the {len(truth)} samples, but got shape {column.shape}.")
        _check_finite("scores", column)
    return truth.astype(np.bool_), [column.astype(np.float64) for column in columns]


def check_probabilities(probabilities: FloatArray) -> None:
    """Refuse what lies outside 0..1, up to rounding.

    Raises:
        MetricError: A value is outside; cosines, for one, are not probabilities.
    """
    if probabilities.size and not (probabilities.min() >= -1e-6 and probabilities.max() <= 1 + 1e-6):
        raise MetricError(
            f"Expected probabilities in 0..1, but got {probabilities.min():.4g}..{probabilities.max():.4g}. "
            "Calibration needs a scoring that gives probabilities, such as 'paper' or 'pairs'."
        )


def divide(numerator: NDArray[Any], denominator: NDArray[Any]) -> FloatArray:
    """The quotient; nan, without a warning, where the denominator is 0."""
    shape = np.broadcast_shapes(numerator.shape, denominator.shape)
    quotient: FloatArray = np.full(shape, np.nan)
    np.divide(numerator, denominator, out=quotient, where=denominator != 0)
    return quotient


def mean_of_defined(values: FloatArray) -> FloatArray:
    """Mean over the first axis (the classes) of what is not nan; nan where nothing is defined."""
    defined = ~np.isnan(values)
    return divide(np.where(defined, values, 0.0).sum(axis=0), defined.sum(axis=0))


def sum_by_cell(cells: IntArray, n_cells: int, weights: FloatArray) -> FloatArray:
    """Sum the weights (n, m) of the samples that share a cell number (n,), giving (n_cells, m)."""
    sums = np.zeros((n_cells, weights.shape[1]))
    if len(cells):
        order = np.argsort(cells, kind="stable")
        occupied, starts = np.unique(cells[order], return_index=True)
        sums[occupied] = np.add.reduceat(weights[order], starts, axis=0)
    return sums


def one_hot(group: IntArray, n_groups: int) -> FloatArray:
    """(n, n_groups): weights that single out one group a column."""
    columns = np.zeros((len(group), n_groups))
    columns[np.arange(len(group)), group] = 1
    return columns


def _check_finite(what: str, values: NDArray[Any]) -> None:
    if values.dtype.kind not in "fiub" or not np.isfinite(values).all():
        raise MetricError(
            f"Expected finite numbers as {what}, but some are missing, infinite or no numbers. Drop those."
        )
