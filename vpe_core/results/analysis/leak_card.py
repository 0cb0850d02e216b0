"""What a marker gives away: size and place alone beside the marker without the finding, on it, and no marker."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.ensembles import control_of, members_of
from vpe_core.leaks.forest import class_probabilities
from vpe_core.markers import MARKERS
from vpe_core.metrics import Bootstrap, Difference, Interval, bootstrap, bootstrap_mean, compare
from vpe_core.metrics.arrays import divide, one_hot
from vpe_core.metrics.intervals import bootstrap_statistic
from vpe_core.results.analysis.columns import class_number, difference_of, interval_of
from vpe_core.results.analysis.controls import CONTROLS
from vpe_core.results.analysis.geometry import RunBoxes, kept_scores
from vpe_core.results.analysis.leak import Leak, leak, most_telling, samples_compared
from vpe_core.results.analysis.questions import Question, with_suffix
from vpe_core.results.analysis.scores import Evaluation, FloatArray, IntArray, Results, class_numbers, common
from vpe_core.results.analysis.tables import available, baseline_of
from vpe_core.types import Box

if TYPE_CHECKING:
    from vpe_core.ensembles import VariantOrEnsemble
    from vpe_core.results.analysis.rows import TableRow


_ANY_BOX, _ANY_SIZE = Box(32, 32, 64, 64), (128, 128)


@dataclass(frozen=True, slots=True)
class Reached:
    """What is reached in one of the four.

    Attributes:
        auroc: Of the question's class, or a mean over all; 0.5 gives nothing away.
        probability: Mean probability of the true class; AUROC is blind to its size. None without probabilities.
        accuracy: How often the likeliest class is the true one. None without probabilities.
    """

    auroc: Interval
    probability: Interval | None = None
    accuracy: Interval | None = None


@dataclass(frozen=True, slots=True)
class InAll:
    """The same, and for each class on its own.

    Attributes:
        overall: Of the question's class, or of all.
        classes: Of each class; empty where the question is about one.
    """

    overall: Reached
    classes: Mapping[str, Reached]

    @property
    def distance(self) -> float:
        """How far the classes' AUROC lies from 0.5 on average: opposite errors, which cancel in a mean, add up."""
        known = [abs(one.auroc.value - 0.5) for one in self.classes.values() if not math.isnan(one.auroc.value)]
        return sum(known) / len(known) if known else math.nan


@dataclass(frozen=True, slots=True)
class LeakCard:
    """A gain beside what the marker gives away.

    Attributes:
        leak: The gain taken apart.
        features: What the marker shows of a box, such as x and y alone for an arrow; see `vpe_core.leaks.FEATURES`.
        geometry: What a classifier reaches that is told these numbers and sees no X-ray; None without boxes of two
            patients or more, or if the marker shows nothing of them.
        control: Where the same marker should not help: one of `leak.BY_ITSELF`; empty if that was not measured.
        by_itself: What the marker reaches there; None if that was not measured.
        marked: What it reaches on the finding.
        unmarked: What is reached without it.
        beyond_geometry: AUROC of `marked` minus that of `geometry`.
        probability_chance: What guessing gives the true class.
        accuracy_chance: What always naming the most frequent class reaches; 0 for a question about another class.
    """

    leak: Leak
    features: tuple[str, ...]
    geometry: InAll | None
    control: str
    by_itself: InAll | None
    marked: InAll
    unmarked: InAll
    beyond_geometry: Difference | None
    probability_chance: float
    accuracy_chance: float


def leak_card(run: Results, row: TableRow, question: Question, evaluation: Evaluation | None = None) -> LeakCard:
    """Measure what a marker gives away. Whatever the question's metric is, it is done in AUROC and in probability.

    Raises:
        ResultsError: The marker or the unmarked image was not measured.
    """
    shared, question = evaluation or Evaluation(), replace(question, metric="auroc")
    taken_apart = leak(run, row, question, shared)
    asked, unasked = with_suffix(question, row.suffix), with_suffix(question, False)
    shown, bare = available(run, row.variant), available(run, baseline_of(row.variant))
    rows = samples_compared(run, row, question, shared).rows
    of = partial(_reached, run, question, shared)
    control = taken_apart.by_itself or most_telling(_values(taken_apart), 0.5)
    by_itself = None
    if control:
        elsewhere = available(run, _controlled(row.variant, control))
        by_itself = of(*_scored(run, elsewhere, asked, shared, rows))
    features, geometry, beyond = _geometry(run, row, asked, shared, rows)
    counts = np.bincount(class_numbers(run)[rows], minlength=len(run.manifest.dataset.classes))
    if question.label is not None:  # naming the most frequent class is always right of it, and never of another
        number = class_number(run, question.label)
        accuracy_chance = float(counts[number] == counts.max())
    else:
        accuracy_chance = float(counts.max() / counts.sum())
    return LeakCard(
        leak=taken_apart,
        features=features,
        geometry=geometry,
        control=control,
        by_itself=by_itself,
        marked=of(*_scored(run, shown, asked, shared, rows)),
        unmarked=of(*_scored(run, bare, unasked, shared, rows)),
        beyond_geometry=beyond,
        probability_chance=1 / len(counts),
        accuracy_chance=accuracy_chance,
    )


def features_of(marker: str) -> tuple[str, ...]:
    """What a marker shows of a box, such as x and y alone for an arrow."""
    return tuple(MARKERS.get(marker).tells(_ANY_BOX, _ANY_SIZE))


def _controlled(shown: VariantOrEnsemble, condition: str) -> VariantOrEnsemble:
    """A marker in one of the conditions of `CONTROLS`."""
    return control_of(shown, **dict(CONTROLS)[condition])  # type: ignore[arg-type]


def _values(taken_apart: Leak) -> dict[str, float]:
    return {condition: one.value for condition, one in taken_apart.controls.items()}


def _scored(
    run: Results, shown: VariantOrEnsemble, asked: Question, shared: Evaluation, rows: IntArray
) -> tuple[IntArray, FloatArray, Bootstrap]:
    scored = shared.scored(run, shown, asked)
    scored = scored.at(common(scored.rows, rows))
    return scored.rows, scored.scores, shared.measured(run, shown, asked, scored.rows)


def _geometry(
    run: Results, row: TableRow, asked: Question, shared: Evaluation, rows: IntArray
) -> tuple[tuple[str, ...], InAll | None, Difference | None]:
    """What the marker shows of a box, what that alone reaches, and how much more the marked X-rays do."""
    boxes, marker = RunBoxes.of(run), members_of(row.variant)[0].marker
    features = features_of(marker)
    if not features or boxes.known.n_patients < 2 or not np.isin(rows, boxes.rows).any():
        return features, None, None
    _, numbers = boxes.known.numbers_of_marker(marker)
    both = common(boxes.rows, rows)
    known, place = boxes.known, np.searchsorted(boxes.rows, both)
    if np.array_equal(numbers, known.numbers()):
        scores = kept_scores(run, boxes, shared)
    else:
        scores = shared.get_or_compute(
            (run.fingerprint, "geometry", marker),
            lambda: class_probabilities(numbers, known.labels, known.patients, len(known.classes)),
        )
    resamples = shared.resamples(run, both)
    measured = bootstrap("auroc", known.labels[place], scores[place], resamples)
    marked = shared.measured(run, available(run, row.variant), asked, both)
    beyond = difference_of(compare(marked, measured), run, asked)
    return features, _reached(run, replace(asked, scoring="paper"), shared, both, scores[place], measured), beyond


def _reached(
    run: Results, question: Question, shared: Evaluation, rows: IntArray, scores: FloatArray, auroc: Bootstrap
) -> InAll:
    classes = run.manifest.dataset.classes
    aurocs = dict(zip(classes, auroc.per_class, strict=True))
    if question.scoring != "paper":  # cosines are no probabilities, and pairs do not share one whole
        alone = {} if question.label else {label: Reached(one) for label, one in aurocs.items()}
        return InAll(Reached(interval_of(auroc, run, question)), alone)
    labels, resamples = class_numbers(run)[rows], shared.resamples(run, rows)
    of_class = one_hot(labels, len(classes)).T
    numbers = np.arange(len(labels)), labels
    true, right = scores[numbers], (scores.argmax(axis=1) == labels).astype(np.float64)

    def by_class(values: FloatArray, name: str) -> Bootstrap:
        def statistic(weights: FloatArray) -> FloatArray:
            return divide((of_class * values) @ weights, of_class @ weights)

        measured = bootstrap_statistic(name, statistic, resamples, len(labels))
        return replace(measured, class_groups=auroc.class_groups)

    probability, accuracy = by_class(true, "probability"), by_class(right, "recall")
    each = {
        label: Reached(*three)
        for label, *three in zip(
            classes, auroc.per_class, probability.per_class, accuracy.per_class, strict=True
        )
    }  # fmt: skip
    if question.label is not None:
        return InAll(each[question.label], {})
    means = (bootstrap_mean(values, resamples).overall for values in (true, right))
    return InAll(Reached(interval_of(auroc, run, question), *means), each)
