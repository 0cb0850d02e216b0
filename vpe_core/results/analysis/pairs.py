"""Any row of any results against any other: the difference, how sure it is, corrected for all that stand beside it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from vpe_core.errors import ResultsError
from vpe_core.metrics import Bootstrap, DeLongTest, Difference, compare, compare_unpaired, delong_test, holm
from vpe_core.results.analysis.columns import class_number, difference_of, interval_of
from vpe_core.results.analysis.questions import Question, with_suffix
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.scores import Evaluation, IntArray, Results, Scored, common
from vpe_core.results.analysis.tables import available

TestName: TypeAlias = Literal["DeLong", "bootstrap", "unpaired bootstrap"]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: a row of some results."""

    run: Results
    row: TableRow


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sides compared; paired on the samples that both cover, if they are of one data set.

    Attributes:
        value: Of the first side.
        other_value: Of the second.
        difference: First minus second, with its interval and p-value from the bootstrap over patients.
        delong: DeLong's test of the same difference, for the AUROC of one class where no patient has two samples: it
            takes samples as independent. None elsewhere.
        paired: Whether both sides are of the same samples.
        samples: How many there are; of the first side, if they are not the same.
        patients: Of how many patients.
        p_corrected: Corrected for all comparisons that are looked at together (Holm); nan if it stands alone.
    """

    value: float
    other_value: float
    difference: Difference
    delong: DeLongTest | None
    paired: bool
    samples: int
    patients: int
    p_corrected: float = np.nan

    @property
    def test(self) -> TestName:
        """The test that counts: DeLong's where it may be asked."""
        if not self.paired:
            return "unpaired bootstrap"
        return "DeLong" if self.delong else "bootstrap"

    @property
    def ends(self) -> tuple[float, float]:
        """The 95% interval of the difference, from the test that counts."""
        found = self.delong or self.difference.interval
        return found.low, found.high

    @property
    def p_value(self) -> float:
        """Of the test that counts, two-sided, not corrected."""
        return (self.delong or self.difference).p_value


def compare_sides(one: Side, other: Side, question: Question, evaluation: Evaluation | None = None) -> Pair:
    """Compare two sides.

    On one data set they are paired, sample by sample. Of two data sets with the same classes the difference is
    unpaired: its interval takes the two as independent.

    Args:
        one: The first side.
        other: What it is compared with.
        question: What is measured.
        evaluation: Shared, so that nothing is computed twice.

    Raises:
        ResultsError: A side was not measured, the two are of other samples of one data set, or their classes differ,
            so that the two numbers answer different questions.
    """
    shared = evaluation or Evaluation()
    if one.run.manifest.dataset.name != other.run.manifest.dataset.name:
        return _unpaired(one, other, question, shared)
    rows = common(_rows(shared, one), _rows(shared, other))
    if not _same_samples(one.run, other.run, rows):
        raise ResultsError("The two were measured on different samples of one data set, so they cannot be compared.")
    first, second = (_measured(shared, side, question, rows) for side in (one, other))
    patients = first.resamples.n_groups
    independent = question.label is not None and question.metric == "auroc" and patients == len(rows)
    return Pair(
        value=interval_of(first, one.run, question).value,
        other_value=interval_of(second, other.run, question).value,
        difference=difference_of(compare(first, second), one.run, question),
        delong=_delong(shared, one, other, question, rows) if independent else None,
        paired=True,
        samples=len(rows),
        patients=patients,
    )


def compare_all(
    one: Side, others: Sequence[Side], question: Question, evaluation: Evaluation | None = None
) -> dict[int, Pair]:
    """One side against several, their p-values corrected for all of these comparisons together.

    Returns:
        For the place of each other side its comparison. Those that cannot be compared are left out.
    """
    shared = evaluation or Evaluation()
    found: dict[int, Pair] = {}
    for place, other in enumerate(others):
        with suppress(ResultsError):
            found[place] = compare_sides(one, other, question, shared)
    corrected = holm([pair.p_value for pair in found.values()])
    return {
        place: replace(pair, p_corrected=float(p))
        for (place, pair), p in zip(found.items(), corrected, strict=True)
    }  # fmt: skip


def _unpaired(one: Side, other: Side, question: Question, shared: Evaluation) -> Pair:
    data, other_data = one.run.manifest.dataset, other.run.manifest.dataset
    if question.label is None and data.classes != other_data.classes:
        raise ResultsError(
            f"{data.name} asks for {len(data.classes)} classes and {other_data.name} for {len(other_data.classes)}, "
            "not the same ones: the two numbers answer different questions, so there is no difference to tell. Choose "
            "a class that both have."
        )
    first, second = (
        _measured(shared, side, question, _rows(shared, side)) for side in (one, other)
    )  # fmt: skip
    if question.label is None:
        difference = compare_unpaired(first, second).overall
    else:
        numbers = [class_number(side.run, question.label) for side in (one, other)]
        alone = [_of_class(measured, number) for measured, number in zip((first, second), numbers, strict=True)]
        difference = compare_unpaired(*alone).per_class[0]
    return Pair(
        value=interval_of(first, one.run, question).value,
        other_value=interval_of(second, other.run, question).value,
        difference=difference,
        delong=None,
        paired=False,
        samples=len(first.resamples.group),
        patients=first.resamples.n_groups,
    )


def _of_class(measured: Bootstrap, number: int) -> Bootstrap:
    """The same results for one class alone."""
    one = slice(number, number + 1)
    groups = None if measured.class_groups is None else measured.class_groups[one]
    return replace(measured, values=measured.values[one], draws=measured.draws[one], class_groups=groups)


def _rows(evaluation: Evaluation, side: Side) -> IntArray:
    return evaluation.rows(side.run, available(side.run, side.row.variant))


def _measured(evaluation: Evaluation, side: Side, question: Question, rows: IntArray) -> Bootstrap:
    asked = with_suffix(question, side.row.suffix)
    return evaluation.measured(side.run, available(side.run, side.row.variant), asked, rows)


def _same_samples(run: Results, other: Results, rows: IntArray) -> bool:
    if run is other:
        return True
    if run.manifest.dataset.classes != other.manifest.dataset.classes or rows[-1] >= len(other.samples):
        return False
    columns = ["sample_id", "label", "patient_id"]
    return bool((run.samples[columns].to_numpy()[rows] == other.samples[columns].to_numpy()[rows]).all())


def _delong(evaluation: Evaluation, one: Side, other: Side, question: Question, rows: IntArray) -> DeLongTest:
    first, second = (_scored(evaluation, side, question).at(rows) for side in (one, other))
    number = class_number(one.run, str(question.label))
    return delong_test(first.labels == number, first.scores[:, number], second.scores[:, number])


def _scored(evaluation: Evaluation, side: Side, question: Question) -> Scored:
    return evaluation.scored(side.run, available(side.run, side.row.variant), with_suffix(question, side.row.suffix))
