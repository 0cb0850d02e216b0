"""Measures of the predicted class, all read off the confusion matrix.

A confusion matrix is (k, k) or (k, k, m) for m weightings: rows are the true class, columns the predicted one.
"""

from __future__ import annotations

import numpy as np

from vpe_core.metrics.arrays import FloatArray, IntArray, divide, mean_of_defined, sum_by_cell


def weighted_confusion(labels: IntArray, predicted: IntArray, n_classes: int, weights: FloatArray) -> FloatArray:
    """Weights (n, m) summed by true and predicted class, giving (k, k, m)."""
    cells = labels * n_classes + predicted
    return sum_by_cell(cells, n_classes**2, weights).reshape(n_classes, n_classes, weights.shape[1])


def accuracy_of(confusion: FloatArray) -> FloatArray:
    """The share of samples whose predicted class is the true one; nan without samples."""
    return divide(_diagonal(confusion).sum(axis=0), confusion.sum(axis=(0, 1)))


def recall_of(confusion: FloatArray) -> FloatArray:
    """(k, …): the share of each true class that was found; nan for a class without samples."""
    return divide(_diagonal(confusion), confusion.sum(axis=1))


def precision_of(confusion: FloatArray) -> FloatArray:
    """(k, …): the share of each predicted class that was right; nan if it was never predicted or has no samples."""
    precision = divide(_diagonal(confusion), confusion.sum(axis=0))
    return np.where(confusion.sum(axis=1) > 0, precision, np.nan)


def f1_of(confusion: FloatArray) -> FloatArray:
    """(k, …): the harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN); nan for a class without samples."""
    true_total, predicted_total = confusion.sum(axis=1), confusion.sum(axis=0)
    f1 = divide(2 * _diagonal(confusion), true_total + predicted_total)
    return np.where(true_total > 0, f1, np.nan)


def balanced_accuracy_of(confusion: FloatArray) -> FloatArray:
    """Mean recall over the classes that have samples."""
    return mean_of_defined(recall_of(confusion))


def mcc_of(confusion: FloatArray) -> FloatArray:
    """Matthews correlation for k classes (Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006), in -1..1.

    nan, not 0, where all samples have one true or one predicted class: a constant correlates with nothing.
    """
    total = confusion.sum(axis=(0, 1))
    true_total, predicted_total = confusion.sum(axis=1), confusion.sum(axis=0)
    covariance = _diagonal(confusion).sum(axis=0) * total - (true_total * predicted_total).sum(axis=0)
    true_variance = total**2 - (true_total**2).sum(axis=0)
    predicted_variance = total**2 - (predicted_total**2).sum(axis=0)
    return divide(covariance, np.sqrt(true_variance * predicted_variance))


def _diagonal(confusion: FloatArray) -> FloatArray:
    classes = np.arange(len(confusion))
    return confusion[classes, classes]
