"""What explains a gain without better sight: the marker's size and place, and that it says which finding is meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from vpe_core import metrics
from vpe_core.ensembles import Ensemble, control_of
from vpe_core.errors import ResultsError
from vpe_core.metrics import Bootstrap, Difference, Interval, bootstrap, compare
from vpe_core.results.analysis.columns import difference_of, interval_of
from vpe_core.results.analysis.controls import CONTROLS
from vpe_core.results.analysis.enough import too_few
from vpe_core.results.analysis.questions import Question, with_suffix
from vpe_core.results.analysis.scores import Evaluation, FloatArray, IntArray, Results, class_numbers, common
from vpe_core.results.analysis.tables import available, baseline_of
from vpe_core.scoring.methods import softmax
from vpe_core.variants import Variant

if TYPE_CHECKING:
    from vpe_core.results.analysis.rows import TableRow

BY_ITSELF = ("on the X-ray without the finding", "on a blank image", "on another patient's image")
"""Controls that show what a marker tells by itself, the purest first."""
ON_ANOTHER = BY_ITSELF[2]
PUREST = BY_ITSELF[0]
"""The only one that is the sample's own X-ray without its finding: the others can hide what a marker gives away."""
_SMALLEST = 1e-12  # keeps the logarithm of a probability that was rounded to 0 finite


@dataclass(frozen=True, slots=True)
class Leak:
    """A gain beside what could explain it without better sight. All values are of the same samples.

    Attributes:
        unmarked: The metric without a marker.
        marked: With it.
        gain: The second minus the first.
        controls: What the same marker reaches in each control that was measured: 0.5 gives nothing away.
        by_itself: The control that `with_marker_alone` and `explained` are about: `PUREST`, or else the one of
            `BY_ITSELF` that explains most; empty if none was measured.
        with_marker_alone: The unmarked answer combined with the answer to the marker by itself; None if unknown.
        explained: How much more than unmarked that is: what the marker's size and place add.
        all_known: What somebody reaches who knows all findings of each image, but not which one is meant: no answer
            without a marker can be better. None where each image has one finding.
        pointing: How much more than that the marked answer reaches; only knowing which one is meant can add it.
        samples: How many there are: those with a twin where `by_itself` is `PUREST`, else all that were measured.
        of_samples: How many were measured without and with the marker.
        with_twin: How many of these were measured in `PUREST`, too.
        without_twin: The classes of which no sample was, where all samples of the others were: an X-ray without a
            finding has none that could be taken out.
        too_few: Why they are too few to tell anything; empty if they are enough.
    """

    unmarked: Interval
    marked: Interval
    gain: Difference
    controls: dict[str, Interval]
    by_itself: str
    with_marker_alone: Interval | None
    explained: Difference | None
    all_known: Interval | None
    pointing: Difference | None
    samples: int
    of_samples: int = 0
    with_twin: int = 0
    without_twin: tuple[str, ...] = ()
    too_few: str = ""

    @property
    def hedge(self) -> Literal["", "at least", "may be"]:
        """What must be said with `explained`; empty where `PUREST` was measured, or nothing.

        On a blank image a model may not act on what the marker tells, so it is no more than a lower bound. On another
        patient's image the marker may also touch a finding, so it is not even that.
        """
        if self.explained is None or self.by_itself == PUREST:
            return ""
        return "may be" if self.by_itself == ON_ANOTHER else "at least"


@dataclass(frozen=True, slots=True, eq=False)
class SamplesCompared:
    """Of which samples a gain is taken apart.

    Attributes:
        rows: The samples: those with a twin if all samples of the classes that have any were measured there, else all.
        of_samples: How many were measured without and with the marker.
        with_twin: How many of these were measured in `PUREST`, too.
        without_twin: The classes of which none was, where all samples of the others were.
    """

    rows: IntArray
    of_samples: int
    with_twin: int
    without_twin: tuple[str, ...]


def leak(run: Results, row: TableRow, question: Question, evaluation: Evaluation | None = None) -> Leak:
    """Take a marker's gain apart.

    Where the marker was measured on the X-rays without their findings, all is of the samples that can have such a twin:
    unmarked and marked answers are taken anew of these.

    What a marker tells by itself is added to the unmarked answer as independent evidence is: the probabilities of the
    two pictures are multiplied class by class and brought back to a sum of 1.

    Raises:
        ResultsError: The marker or the unmarked image was not measured, or guessing has no value of its own in the
            question's metric, so that nothing can be told from a control.
    """
    if metrics.get(question.metric).chance is None:
        raise ResultsError(
            f"What guessing reaches in {metrics.get(question.metric).title} depends on the classes, so controls say "
            "nothing. Choose AUROC."
        )
    shared = evaluation or Evaluation()
    asked = with_suffix(question, row.suffix)
    shown, bare = available(run, row.variant), available(run, baseline_of(row.variant))
    compared = samples_compared(run, row, question, shared)
    rows = compared.rows
    labels, resamples = class_numbers(run)[rows], shared.resamples(run, rows)
    unmarked = shared.measured(run, bare, with_suffix(question, False), rows)
    marked = shared.measured(run, shown, asked, rows)

    def of(scores: FloatArray) -> Bootstrap:
        return bootstrap(question.metric, labels, scores, resamples)

    found: dict[str, Interval] = {}
    by_itself, combined = "", None
    alone: dict[str, Bootstrap] = {}
    for condition, _ in CONTROLS[1:]:
        try:
            control = _control(run, row, condition)
            covered = common(shared.rows(run, control), rows)
            value = interval_of(shared.measured(run, control, asked, covered), run, question)
        except ResultsError:
            continue
        if value.value == value.value:  # of a class without twins nothing is known there
            found[condition] = value
    for condition in (one for one in BY_ITSELF if one in found and question.scoring == "paper"):
        control = _control(run, row, condition)
        scored = shared.scored(run, control, asked)
        if np.isin(rows, scored.rows).all():
            without = shared.scored(run, bare, with_suffix(question, False)).at(rows)
            alone[condition] = of(together(without.scores, scored.at(rows).scores))
            if condition == PUREST:
                break
    if alone:
        by_itself = max(alone, key=lambda one: (one == PUREST, interval_of(alone[one], run, question).value))
        combined = alone[by_itself]
    known = findings_known(run)
    ceiling = of(known[rows]) if _several(known[rows]) else None
    return Leak(
        unmarked=interval_of(unmarked, run, question),
        marked=interval_of(marked, run, question),
        gain=difference_of(compare(marked, unmarked), run, question),
        controls=found,
        by_itself=by_itself,
        with_marker_alone=interval_of(combined, run, question) if combined else None,
        explained=difference_of(compare(combined, unmarked), run, question) if combined else None,
        all_known=interval_of(ceiling, run, question) if ceiling else None,
        pointing=difference_of(compare(marked, ceiling), run, question) if ceiling else None,
        samples=len(rows),
        of_samples=compared.of_samples,
        with_twin=compared.with_twin,
        without_twin=compared.without_twin,
        too_few=too_few(run, rows, question.label),
    )


def samples_compared(run: Results, row: TableRow, question: Question, shared: Evaluation) -> SamplesCompared:
    """Which samples a marker's gain is taken apart on.

    Raises:
        ResultsError: The marker or the unmarked image was not measured.
    """
    shown, bare = available(run, row.variant), available(run, baseline_of(row.variant))
    rows = common(shared.rows(run, shown), shared.rows(run, bare))
    try:
        twins = common(shared.rows(run, _control(run, row, PUREST)), rows)
    except ResultsError:
        return SamplesCompared(rows, len(rows), 0, ())
    labels = run.samples["label"].to_numpy()
    having, lacking = set(labels[twins]), set(labels[np.setdiff1d(rows, twins)])
    without = tuple(sorted(lacking)) if not having & lacking and len(having) > 1 else ()
    whole = bool(without) and question.scoring == "paper" and question.label not in without
    return SamplesCompared(twins if whole else rows, len(rows), len(twins), without)


def most_telling(values: Mapping[str, float], chance: float | None) -> str:
    """Which of these controls lies furthest from chance on either side; without a chance the purest; empty if none."""
    known = [one for one in BY_ITSELF if one in values and values[one] == values[one]]
    if not known or chance is None:
        return known[0] if known else ""
    return max(known, key=lambda one: abs(values[one] - chance))


def telling_control(
    run: Results, row: TableRow, question: Question, evaluation: Evaluation | None = None
) -> tuple[str, float] | None:
    """The control of a marker that gives most away, and what the marker reaches in it; None if none was measured."""
    shared = (evaluation or Evaluation()).values_alone()
    values: dict[str, float] = {}
    for condition in BY_ITSELF:
        try:
            control = _control(run, row, condition)
            measured = shared.measured(run, control, with_suffix(question, row.suffix))
        except ResultsError:
            continue
        values[condition] = interval_of(measured, run, question).value
    found = most_telling(values, metrics.get(question.metric).chance)
    return (found, values[found]) if found else None


def together(one: FloatArray, other: FloatArray) -> FloatArray:
    """Two answers as independent evidence: probabilities (n, k) multiplied class by class, each row of sum 1."""
    logs = np.log(np.maximum(one, _SMALLEST)) + np.log(np.maximum(other, _SMALLEST))
    return softmax(logs)


def findings_known(run: Results) -> FloatArray:
    """(n, k): for each sample the share of each class among the findings of its image."""
    counts: Any = pd.crosstab(run.samples["image_id"], run.samples["label"])
    counts = counts.reindex(columns=list(run.manifest.dataset.classes), fill_value=0)
    present = counts.loc[run.samples["image_id"]].to_numpy(np.float64)
    return np.asarray(present / present.sum(axis=1, keepdims=True))


def _control(run: Results, row: TableRow, condition: str) -> Variant | Ensemble:
    """A control of a marker as it was measured.

    Raises:
        ResultsError: It was not.
    """
    return available(run, control_of(row.variant, **dict(CONTROLS)[condition]))  # type: ignore[arg-type]


def _several(shares: FloatArray) -> bool:
    """Whether some images show findings of several classes."""
    return bool((np.count_nonzero(shares, axis=1) > 1).any())
