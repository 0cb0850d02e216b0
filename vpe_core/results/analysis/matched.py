"""What is left of a marker's gain where size and place of the box tell nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.errors import ResultsError
from vpe_core.leaks.overlap import FEWEST_EFFECTIVE, OverlapWeights, overlap_weights
from vpe_core.metrics import Bootstrap, Difference, Interval, bootstrap_weighted_auroc, compare
from vpe_core.results.analysis.columns import class_number, difference_of, interval_of
from vpe_core.results.analysis.geometry import RunBoxes, kept_scores
from vpe_core.results.analysis.questions import Question, with_suffix
from vpe_core.results.analysis.scores import Evaluation, FloatArray, Results, common
from vpe_core.results.analysis.tables import available, baseline_of

if TYPE_CHECKING:
    from vpe_core.results.analysis.rows import TableRow


@dataclass(frozen=True, slots=True)
class MatchedClass:
    """One class against the rest, before and after size and place of the boxes are balanced.

    Attributes:
        samples: Of the class.
        effective: How many of them are left, by Kish's count.
        effective_others: The same of the other classes' samples.
        geometry_before: AUROC of size and place alone.
        geometry: The same after weighting; 0.5 where they tell nothing.
        difference_before: Largest difference of means among the box's numbers, in standard deviations.
        difference: The same after weighting.
        unmarked: Weighted AUROC without a marker.
        marked: With it.
        gain: The second minus the first.
        plain_gain: The gain without weights.
        too_little: Why nothing can be told of the class; empty if something can.
    """

    samples: int
    effective: float
    effective_others: float
    geometry_before: float
    geometry: float
    difference_before: float
    difference: float
    unmarked: Interval
    marked: Interval
    gain: Difference
    plain_gain: Difference
    too_little: str = ""


@dataclass(frozen=True, slots=True)
class MatchedGain:
    """A marker's gain with and without weights that make size and place tell nothing; means over the same classes.

    Attributes:
        unmarked: Weighted AUROC without a marker, a mean over the classes that can be told.
        marked: With it.
        gain: The second minus the first: what is left of the gain.
        plain_unmarked: The same without weights.
        plain_marked: The same.
        plain_gain: The same.
        geometry_before: AUROC of size and place alone, read by a forest that the weights know nothing of.
        geometry: The same after weighting: 0.5 where they tell nothing, and what is above it they still tell.
        samples: How many there are.
        effective: How many of them are left: the sum over the classes' own, by Kish's count.
        classes: Each class; those of which nothing can be told say why.
        too_little: Why nothing can be told at all, in a sentence; empty if something can.
    """

    unmarked: Interval
    marked: Interval
    gain: Difference
    plain_unmarked: Interval
    plain_marked: Interval
    plain_gain: Difference
    geometry_before: Interval
    geometry: Interval
    samples: int
    effective: float
    classes: Mapping[str, MatchedClass]
    too_little: str = ""

    @property
    def assessable(self) -> tuple[str, ...]:
        """The classes that the means are over."""
        return tuple(label for label, one in self.classes.items() if not one.too_little)


def matched(run: Results, row: TableRow, question: Question, evaluation: Evaluation | None = None) -> MatchedGain:
    """Ask for a marker's gain among boxes whose size and place tell nothing.

    Each class is compared with the rest under its own overlap weights (`vpe_core.leaks.overlap`). A class of which too
    little is left is left out of the means; if fewer than half of the classes can be told, or the one that is asked
    for cannot, `too_little` says so. The weights are taken as known when patients are resampled.

    A marker whose answer leans on size and place loses by that here, where they are mere noise: so a gain below 0 is
    possible, and a gain that remains is one of better sight.

    Raises:
        ResultsError: The marker or the unmarked image was not measured, there are no boxes of two patients or more,
            or the question's metric is not AUROC.
    """
    if question.metric != "auroc":
        raise ResultsError(f"Expected AUROC, which compares each class with the rest, but got {question.metric}.")
    shared = evaluation or Evaluation()
    boxes = RunBoxes.of(run)
    if boxes.known.n_patients < 2:
        raise ResultsError("Expected boxes of two patients or more, but these results have none.")
    shown, bare = available(run, row.variant), available(run, baseline_of(row.variant))
    rows = common(common(shared.rows(run, shown), shared.rows(run, bare)), boxes.rows)
    geometry = kept_scores(run, boxes, shared)[np.searchsorted(boxes.rows, rows)]
    known = boxes.known.at(np.searchsorted(boxes.rows, rows))
    balance = shared.get_or_compute(
        (boxes.file.name, rows.tobytes(), "overlap"), lambda: overlap_weights(known, geometry)
    )
    reasons = _too_little(known.class_counts(), balance)
    told = np.array([not reason for reason in reasons])
    resamples = shared.resamples(run, rows)

    weighted, plain = balance.weights * told, np.ones_like(balance.weights) * told

    def measured(scores: FloatArray, weights: FloatArray = weighted) -> tuple[Bootstrap, Bootstrap]:
        return (
            bootstrap_weighted_auroc(known.labels, scores, weights, resamples),
            bootstrap_weighted_auroc(known.labels, scores, plain, resamples),
        )

    unmarked, plain_unmarked = measured(shared.scored(run, bare, with_suffix(question, False)).at(rows).scores)
    marked, plain_marked = measured(shared.scored(run, shown, with_suffix(question, row.suffix)).at(rows).scores)
    alone, plain_alone = measured(balance.reader, balance.reader_weights * told)
    gain, plain_gain = compare(marked, unmarked), compare(plain_marked, plain_unmarked)
    return MatchedGain(
        unmarked=interval_of(unmarked, run, question),
        marked=interval_of(marked, run, question),
        gain=difference_of(gain, run, question),
        plain_unmarked=interval_of(plain_unmarked, run, question),
        plain_marked=interval_of(plain_marked, run, question),
        plain_gain=difference_of(plain_gain, run, question),
        geometry_before=interval_of(plain_alone, run, question),
        geometry=interval_of(alone, run, question),
        samples=len(rows),
        effective=float(balance.effective[told].sum()),
        classes={
            label: MatchedClass(
                samples=count,
                effective=float(balance.effective[number]),
                effective_others=float(balance.effective_others[number]),
                geometry_before=float(balance.auroc_before[number]),
                geometry=float(balance.auroc_after[number]),
                difference_before=float(balance.difference_before[number]),
                difference=float(balance.difference_after[number]),
                unmarked=unmarked.per_class[number],
                marked=marked.per_class[number],
                gain=gain.per_class[number],
                plain_gain=plain_gain.per_class[number],
                too_little=reasons[number],
            )
            for number, (label, count) in enumerate(known.class_counts().items())
        },
        too_little=_in_all(run, known.class_counts(), reasons, question),
    )


def _too_little(counts: Mapping[str, int], balance: OverlapWeights) -> list[str]:
    """For each class why nothing can be told of it; empty if something can."""
    reasons = []
    for number, (label, count) in enumerate(counts.items()):
        own, others = float(balance.effective[number]), float(balance.effective_others[number])
        if not count:
            reasons.append(f"there is no {label}")
        elif min(own, others) < FEWEST_EFFECTIVE:
            few = f"its {count} samples" if own < others else "the samples of other classes"
            reasons.append(f"{label} is told by its box: of {few}, as many count as {min(own, others):.1f} would")
        elif not balance.enough[number]:
            reasons.append(
                f"size and place still tell {label} after weighting: AUROC {balance.auroc_after[number]:.2f}"
            )
        else:
            reasons.append("")
    return reasons


def _in_all(run: Results, counts: Mapping[str, int], reasons: Sequence[str], question: Question) -> str:
    """Why nothing can be told at all."""
    if question.label is not None:
        reason = reasons[class_number(run, question.label)]
        return f"Too little overlap to tell: {reason}." if reason else ""
    present, told = sum(map(bool, counts.values())), sum(not reason for reason in reasons)
    if told * 2 >= present and told:
        return ""
    return (
        f"Too little overlap to tell: in {present - told} of {present} classes, boxes of one size and place are nearly "
        "all of the class, or nearly all of others."
    )
