"""What a plain classifier makes of numbers: class probabilities, each from a forest that has not seen the patient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.metrics.arrays import FloatArray, IntArray
from vpe_core.types import Progress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

N_FOLDS, N_TREES, SEED = 5, 100, 0


def class_probabilities(
    features: FloatArray,
    labels: IntArray,
    patients: ArrayLike,
    n_classes: int,
    *,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> FloatArray:
    """Cross-validated class probabilities from numbers alone.

    Args:
        features: (n, f) numbers.
        labels: (n,) class numbers.
        patients: (n,) the patient of each row, at least two different ones.
        n_classes: Columns of the result; a class that a fold never sees gets 0.
        n_jobs: Threads that grow trees; -1 for all processors. It changes no number.
        progress: Told the folds that are done.

    Returns:
        (n, n_classes) probabilities, cross-validated over `N_FOLDS` groups of patients.
    """
    scores = np.zeros((len(labels), n_classes))
    for fold, (train, test) in enumerate(patient_folds(labels, patients), 1):
        scores[test] = forest_probabilities(features[train], labels[train], features[test], n_classes, n_jobs)
        if progress:
            progress(fold, N_FOLDS)
    return scores


def forest_probabilities(
    known: FloatArray, labels: IntArray, asked: FloatArray, n_classes: int, n_jobs: int | None = None
) -> FloatArray:
    """What one forest that has learnt from some numbers (n, f) makes of others (m, f): (m, n_classes)."""
    from sklearn.ensemble import ExtraTreesClassifier

    forest = ExtraTreesClassifier(N_TREES, min_samples_leaf=3, random_state=SEED, n_jobs=n_jobs).fit(known, labels)
    forest.n_jobs = None  # threads add up the trees in any order
    scores = np.zeros((len(asked), n_classes))
    scores[:, forest.classes_] = forest.predict_proba(asked)
    return scores


def patient_folds(labels: IntArray, patients: ArrayLike, n_folds: int = N_FOLDS) -> Iterator[tuple[IntArray, IntArray]]:
    """Rows to learn from and rows to judge, `n_folds` times or once a patient; no patient is on both sides."""
    from sklearn.model_selection import GroupKFold

    groups = np.asarray(patients)
    folds = GroupKFold(min(n_folds, len(np.unique(groups))))
    yield from folds.split(np.zeros((len(labels), 1)), labels, groups)
