"""How well scores tell classes apart: areas under curves, and measures of the predicted class.

Everything takes `labels` (n,), the true class number of each sample, and `scores` (n, k), and nothing else; the
predicted class is the column with the highest score (the first of several equal ones). Each class is measured against
all others (one versus rest), as in the paper. What the data cannot answer is nan, "undefined": a class with no
positive or no negative sample has no AUROC, and it does not pull the mean of the others towards 0. Labels and scores
that do not fit each other raise a `MetricError`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vpe_core.metrics import confusion as of_confusion
from vpe_core.metrics.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    Statistic,
    check_labels_scores,
    mean_of_defined,
    one_hot,
)
from vpe_core.metrics.ranking import Ranking


@dataclass(frozen=True, eq=False)
class PerClass:
    """One value for each class, nan where it is undefined.

    Example:
        >>> result = auroc([0, 0, 1], [[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.2, 0.7, 0.1]])
        >>> result.macro, result.n_defined, result.undefined(["nodule", "mass", "effusion"])
        (1.0, 2, ('effusion',))
    """

    values: FloatArray

    @property
    def defined(self) -> BoolArray:
        """(k,): which classes have a value."""
        return ~np.isnan(self.values)

    @property
    def n_defined(self) -> int:
        """The number of classes in the mean."""
        return int(self.defined.sum())

    @property
    def macro(self) -> float:
        """Plain mean over the defined classes; nan if there are none."""
        return float(mean_of_defined(self.values))

    def undefined(self, names: Sequence[str]) -> tuple[str, ...]:
        """Which of the k class `names` have no value, to be said next to the mean."""
        return tuple(name for name, defined in zip(names, self.defined, strict=True) if not defined)


def auroc(labels: ArrayLike, scores: ArrayLike) -> PerClass:
    """Area under each class's ROC curve: the chance that a positive outranks a negative, a tie counting half.

    Exact and rank-based (Hanley & McNeil 1982), the same as scikit-learn's `roc_auc_score(multi_class="ovr")`.
    """
    return _per_class(auroc_statistic, labels, scores)


def auprc(labels: ArrayLike, scores: ArrayLike) -> PerClass:
    """Average precision of each class: the sum of precision times step in recall, without interpolation."""
    return _per_class(auprc_statistic, labels, scores)


def recall(labels: ArrayLike, scores: ArrayLike) -> PerClass:
    """The share of each class that was found; undefined for a class without samples."""
    return PerClass(of_confusion.recall_of(_confusion(labels, scores)))


def precision(labels: ArrayLike, scores: ArrayLike) -> PerClass:
    """The share of each predicted class that was right; undefined if it was never predicted or has no samples."""
    return PerClass(of_confusion.precision_of(_confusion(labels, scores)))


def f1(labels: ArrayLike, scores: ArrayLike) -> PerClass:
    """2 TP / (2 TP + FP + FN) of each class; undefined for a class without samples."""
    return PerClass(of_confusion.f1_of(_confusion(labels, scores)))


def accuracy(labels: ArrayLike, scores: ArrayLike) -> float:
    """The share of samples whose highest score is their own class; nan without samples."""
    return float(of_confusion.accuracy_of(_confusion(labels, scores)))


def balanced_accuracy(labels: ArrayLike, scores: ArrayLike) -> float:
    """Mean recall over the classes that have samples."""
    return float(of_confusion.balanced_accuracy_of(_confusion(labels, scores)))


def mcc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Matthews correlation coefficient in -1..1; nan where the true or the predicted class never changes."""
    return float(of_confusion.mcc_of(_confusion(labels, scores)))


def confusion_matrix(labels: ArrayLike, scores: ArrayLike) -> IntArray:
    """(k, k) counts: row = true class, column = predicted class."""
    return _confusion(labels, scores).astype(np.int64)


def auroc_statistic(labels: ArrayLike, scores: ArrayLike) -> Statistic:
    """AUROC as a function of the samples' weights (n, m), giving (k, m)."""
    return _AurocStatistic(_rank_classes(labels, scores))


def weighted_auroc_statistic(labels: ArrayLike, scores: ArrayLike, weights: FloatArray) -> Statistic:
    """The same where each sample counts for each class by a weight of its own (n, k), on top of those it is given.

    A class in which all samples weigh 0 is undefined.
    """
    rankings = _rank_classes(labels, scores)
    return lambda given: np.stack(
        [one.auroc(given * own[:, None]) for one, own in zip(rankings, weights.T, strict=True)]
    )


def auprc_statistic(labels: ArrayLike, scores: ArrayLike) -> Statistic:
    """Average precision as a function of the samples' weights (n, m), giving (k, m)."""
    rankings = _rank_classes(labels, scores)
    return lambda weights: np.stack([ranking.average_precision(weights) for ranking in rankings])


def confusion_statistic(measure: Callable[[FloatArray], FloatArray]) -> Callable[[ArrayLike, ArrayLike], Statistic]:
    """Make the statistic of a measure that reads a confusion matrix (k, k, m), such as `mcc_of`."""

    def statistic(labels: ArrayLike, scores: ArrayLike) -> Statistic:
        truth, values = check_labels_scores(labels, scores)
        return _ConfusionStatistic(measure, truth, values.argmax(axis=1), values.shape[1])

    return statistic


@dataclass(frozen=True, eq=False)
class _AurocStatistic:
    rankings: list[Ranking]

    def __call__(self, weights: FloatArray) -> FloatArray:
        return np.stack([ranking.auroc(weights) for ranking in self.rankings])

    def by_group(self, group: IntArray, n_groups: int) -> Statistic:
        grouped = [ranking.by_group(group, n_groups) for ranking in self.rankings]
        return lambda weights: np.stack([ranking.auroc(weights) for ranking in grouped])


@dataclass(frozen=True, eq=False)
class _ConfusionStatistic:
    measure: Callable[[FloatArray], FloatArray]
    truth: IntArray
    predicted: IntArray
    n_classes: int

    def __call__(self, weights: FloatArray) -> FloatArray:
        return self.measure(of_confusion.weighted_confusion(self.truth, self.predicted, self.n_classes, weights))

    def by_group(self, group: IntArray, n_groups: int) -> Statistic:
        counts = of_confusion.weighted_confusion(self.truth, self.predicted, self.n_classes, one_hot(group, n_groups))
        return lambda weights: self.measure(counts @ weights)


def _rank_classes(labels: ArrayLike, scores: ArrayLike) -> list[Ranking]:
    truth, values = check_labels_scores(labels, scores)
    return [Ranking.of(truth == number, column) for number, column in enumerate(values.T)]


def _per_class(make: Callable[[ArrayLike, ArrayLike], Statistic], labels: ArrayLike, scores: ArrayLike) -> PerClass:
    return PerClass(make(labels, scores)(_unit_weights(labels))[:, 0])


def _confusion(labels: ArrayLike, scores: ArrayLike) -> FloatArray:
    truth, values = check_labels_scores(labels, scores)
    return of_confusion.weighted_confusion(truth, values.argmax(axis=1), values.shape[1], _unit_weights(truth))[..., 0]


def _unit_weights(labels: ArrayLike) -> FloatArray:
    """The weighting that counts each sample once."""
    return np.ones((len(np.asarray(labels)), 1))
