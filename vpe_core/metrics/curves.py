"""The ROC and precision-recall curve of one class against all others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vpe_core.metrics.arrays import FloatArray, IntArray, check_positive_scores, divide


@dataclass(frozen=True, eq=False)
class Curve:
    """The points of a ROC or precision-recall curve, from the strictest threshold to the laxest.

    Attributes:
        x: False positive rate, or recall.
        y: True positive rate, or precision.
        thresholds: A sample counts as positive if it scores at least this; inf at the first point.
    """

    x: FloatArray
    y: FloatArray
    thresholds: FloatArray

    @property
    def defined(self) -> bool:
        """Whether there is a curve; it has no points for a class with no positive or no negative."""
        return len(self.x) > 0


def roc_curve(positive: ArrayLike, scores: ArrayLike) -> Curve:
    """One class's ROC curve, from (0, 0) to (1, 1), with a point at each distinct score.

    Args:
        positive: (n,) whether the sample belongs to the class.
        scores: (n,) its score for that class.

    Raises:
        MetricError: The arrays do not fit each other.
    """
    return _curve(positive, scores, _rates)


def pr_curve(positive: ArrayLike, scores: ArrayLike) -> Curve:
    """One class's precision (y) against recall (x), from (0, 1) on; the rest is as in `roc_curve`."""
    return _curve(positive, scores, _recall_and_precision)


def _curve(
    positive: ArrayLike, scores: ArrayLike, axes: Callable[[IntArray, IntArray], tuple[FloatArray, FloatArray]]
) -> Curve:
    """The curve whose x and y follow from true and false positives at each threshold."""
    true_positive, false_positive, thresholds = _counts_at_thresholds(positive, scores)
    if true_positive[-1] == 0 or false_positive[-1] == 0:
        return Curve(np.empty(0), np.empty(0), np.empty(0))
    return Curve(*axes(true_positive, false_positive), thresholds)


def _rates(true_positive: IntArray, false_positive: IntArray) -> tuple[FloatArray, FloatArray]:
    return false_positive / false_positive[-1], true_positive / true_positive[-1]


def _recall_and_precision(true_positive: IntArray, false_positive: IntArray) -> tuple[FloatArray, FloatArray]:
    precision = divide(true_positive, true_positive + false_positive)
    precision[0] = 1.0  # by convention, since nothing is predicted positive yet
    return true_positive / true_positive[-1], precision


def _counts_at_thresholds(positive: ArrayLike, scores: ArrayLike) -> tuple[IntArray, IntArray, FloatArray]:
    """True and false positives at each distinct score as threshold, from the highest on, after (0, 0) at inf."""
    truth, (values,) = check_positive_scores(positive, scores)
    thresholds, place = np.unique(-values, return_inverse=True)
    true_positive = np.cumsum(np.bincount(place[truth], minlength=len(thresholds)))
    false_positive = np.cumsum(np.bincount(place[~truth], minlength=len(thresholds)))
    return np.append(0, true_positive), np.append(0, false_positive), np.append(np.inf, -thresholds)
