"""Two markers, or two models, on one class: DeLong's test beside the bootstrap over patients."""

from __future__ import annotations

from dataclasses import dataclass

from vpe_core.errors import ResultsError
from vpe_core.metrics import DeLongTest, Difference, compare, delong_test
from vpe_core.results.analysis.columns import class_number, difference_of
from vpe_core.results.analysis.questions import Question, with_suffix
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.scores import Evaluation, IntArray, Results, Scored, common
from vpe_core.results.analysis.tables import available


@dataclass(frozen=True, slots=True)
class PairOnClass:
    """The AUROCs of two rows for one class, on the samples that both cover.

    Attributes:
        auroc: Of the first.
        other_auroc: Of the second.
        difference: First minus second, with its interval and p-value from the bootstrap over patients.
        delong: DeLong's test of the same difference; None where a patient has several samples: it takes them as
            independent.
        samples: How many there are.
        patients: Of how many patients.
    """

    auroc: float
    other_auroc: float
    difference: Difference
    delong: DeLongTest | None
    samples: int
    patients: int


def pair_on_class(
    run: Results,
    row: TableRow,
    other_run: Results,
    other_row: TableRow,
    question: Question,
    evaluation: Evaluation | None = None,
) -> PairOnClass:
    """Compare a row of some results with another row of them, or with a row of another model's on the same samples.

    Args:
        run: Stored results.
        row: One of their rows.
        other_run: The same, or another model's.
        other_row: What it is compared with.
        question: Names the class; its metric is the AUROC.
        evaluation: Shared, so that nothing is computed twice.

    Raises:
        ResultsError: The question names no class or another metric, a row was not measured, or the two models saw
            other samples.
    """
    if question.label is None or question.metric != "auroc":
        raise ResultsError("Expected a question about the AUROC of one class.")
    shared = evaluation or Evaluation()
    rows = common(_rows(shared, run, row), _rows(shared, other_run, other_row))
    if not _same_samples(run, other_run, rows):
        raise ResultsError("The two models were measured on different samples.")
    asked, other_asked = with_suffix(question, row.suffix), with_suffix(question, other_row.suffix)
    one = shared.measured(run, available(run, row.variant), asked, rows)
    other = shared.measured(other_run, available(other_run, other_row.variant), other_asked, rows)
    number = class_number(run, question.label)
    patients = one.resamples.n_groups
    return PairOnClass(
        auroc=float(one.values[number]),
        other_auroc=float(other.values[number]),
        difference=difference_of(compare(one, other), run, question),
        delong=_delong(
            shared.scored(run, available(run, row.variant), asked).at(rows),
            shared.scored(other_run, available(other_run, other_row.variant), other_asked).at(rows),
            number,
        )
        if patients == len(rows)
        else None,
        samples=len(rows),
        patients=patients,
    )


def _rows(evaluation: Evaluation, run: Results, row: TableRow) -> IntArray:
    return evaluation.rows(run, available(run, row.variant))


def _same_samples(run: Results, other: Results, rows: IntArray) -> bool:
    if run is other:
        return True
    if run.manifest.dataset.classes != other.manifest.dataset.classes or rows[-1] >= len(other.samples):
        return False
    columns = ["sample_id", "label", "patient_id"]
    return bool((run.samples[columns].to_numpy()[rows] == other.samples[columns].to_numpy()[rows]).all())


def _delong(one: Scored, other: Scored, number: int) -> DeLongTest:
    return delong_test(one.labels == number, one.scores[:, number], other.scores[:, number])
