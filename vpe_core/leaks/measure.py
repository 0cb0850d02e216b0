"""How much of the class the boxes of a data set give away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from vpe_core import __version__
from vpe_core.datasets import Problem
from vpe_core.errors import DatasetError
from vpe_core.leaks.boxes import BOTH, GROUPS, LabelledBoxes
from vpe_core.leaks.forest import N_FOLDS, N_TREES, SEED, class_probabilities
from vpe_core.leaks.overlap import overlap_weights
from vpe_core.leaks.record import BoxLeak, GroupLeak, Overlap, TableSource
from vpe_core.markers import MARKERS
from vpe_core.metrics import bootstrap, bootstrap_mean, draw_resamples
from vpe_core.metrics.arrays import FloatArray
from vpe_core.metrics.resamples import Resamples

N_RESAMPLES = 2000
_LIBRARIES = ("numpy", "scikit-learn", "scipy")


@dataclass(frozen=True, slots=True, eq=False)
class LeakTable:
    """What `measure_leak` takes, as read from a table.

    Attributes:
        boxes: The labelled boxes.
        source: Where they come from.
        images: On how many images they are.
        problems: The rows that are left out.
    """

    boxes: LabelledBoxes
    source: TableSource
    images: int
    problems: tuple[Problem, ...] = ()


def measure_leak(
    table: LeakTable,
    *,
    n_resamples: int = N_RESAMPLES,
    progress: Callable[[str, int, int], None] | None = None,
) -> BoxLeak:
    """Measure what boxes give away: what a forest makes of their numbers, cross-validated by patient.

    Args:
        table: The boxes, from `boxes_of_dataset` or `boxes_of_table`.
        n_resamples: Of patients, behind each interval.
        progress: Told what is being done, how many steps are done, and how many there are.

    Raises:
        DatasetError: There are too few boxes, patients or classes to tell anything.
    """
    known = table.boxes
    check_enough(known)
    asked, markers = _asked(known)
    resamples = draw_resamples(known.patients, n_resamples, SEED)
    steps, done = (len(asked) + 1) * (N_FOLDS + 1), 0

    def tell(what: str, fold: int) -> None:
        if progress:
            progress(what, done + fold, steps)

    groups: dict[str, GroupLeak] = {}
    scores: dict[str, FloatArray] = {}
    for name, (features, numbers) in asked.items():

        def of_fold(fold: int, _: int, name: str = name) -> None:
            tell(name, fold)

        tell(name, 0)
        scores[name] = class_probabilities(
            numbers, known.labels, known.patients, len(known.classes), n_jobs=-1, progress=of_fold
        )
        groups[name] = _measured(features, scores[name], known, resamples)
        done += N_FOLDS + 1
    tell("overlap", 0)
    overlap = _overlap(known, scores[BOTH])
    tell("overlap", N_FOLDS + 1)
    return BoxLeak(
        source=table.source,
        boxes=len(known),
        left_out=len(table.problems),
        images=table.images,
        patients=known.n_patients,
        class_counts=known.class_counts(),
        groups=groups,
        markers=markers,
        overlap=overlap,
        folds=N_FOLDS,
        trees=N_TREES,
        resamples=n_resamples,
        seed=SEED,
        app_version=__version__,
        libraries={name: version(name) for name in _LIBRARIES},
    )


def check_enough(known: LabelledBoxes) -> None:
    """Refuse boxes that can tell nothing.

    Raises:
        DatasetError: There are no boxes, only one class, or fewer patients than folds.
    """
    if not len(known):
        raise DatasetError("Expected boxes with a class each, but there are none, so there is nothing to measure.")
    present = [label for label, count in known.class_counts().items() if count]
    if len(present) < 2:
        raise DatasetError(f"Expected boxes of two classes or more, but all {len(known)} are {present[0]!r}.")
    if known.n_patients < N_FOLDS:
        raise DatasetError(
            f"Expected boxes of {N_FOLDS} patients or more, so that a patient is judged by what others show, but got "
            f"{known.n_patients}. A table of your own names patients in a column that is called patient."
        )


def _asked(known: LabelledBoxes) -> tuple[dict[str, tuple[tuple[str, ...], FloatArray]], dict[str, str]]:
    """The groups of features, and which of them each marker shows; markers with the same numbers share a group."""
    asked = {name: (features, known.numbers(features)) for name, features in GROUPS.items()}
    markers: dict[str, str] = {}
    for marker in MARKERS.names():
        features, numbers = known.numbers_of_marker(marker)
        if not features:
            markers[marker] = ""
            continue
        same = (name for name, (_, others) in asked.items() if np.array_equal(numbers, others))
        markers[marker] = next(same, marker)
        asked.setdefault(markers[marker], (features, numbers))
    return asked, markers


def _measured(features: tuple[str, ...], scores: FloatArray, known: LabelledBoxes, resamples: Resamples) -> GroupLeak:
    labels = known.labels
    auroc = bootstrap("auroc", labels, scores, resamples)
    return GroupLeak(
        features,
        auroc.overall,
        dict(zip(known.classes, auroc.per_class, strict=True)),
        bootstrap("accuracy", labels, scores, resamples).overall,
        bootstrap("balanced_accuracy", labels, scores, resamples).overall,
        bootstrap_mean(scores[np.arange(len(labels)), labels], resamples).overall,
    )


def _overlap(known: LabelledBoxes, scores: FloatArray) -> dict[str, Overlap]:
    found = overlap_weights(known, scores)
    columns = (found.effective, found.effective_others, found.auroc_before, found.auroc_after, found.enough)
    return {
        label: Overlap(*(column[number].item() for column in columns)) for number, label in enumerate(known.classes)
    }
