"""Two rows compared: the differences are those of the plain metrics, and each test stands where it may be asked."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from tests.results.memory_run import CLASSES, PAPER_STRENGTHS, MemoryRun
from vpe_core.errors import ResultsError
from vpe_core.results.analysis.pairs import Side, compare_all, compare_sides
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow, paper_rows
from vpe_core.results.analysis.scores import Evaluation, score_variant
from vpe_core.variants import Variant

CIRCLE, ARROW = (TableRow(Variant.parse(f"{name}/red/1/paper")) for name in ("circle", "arrow"))
MASS, ALL = Question(label="mass"), Question()


def run_of(
    per_patient: int, model: str = "tiny", strength: float = 0.42, seed: int = 0, name: str = "made-up"
) -> MemoryRun:
    strengths = {**PAPER_STRENGTHS, "circle/red/1/paper": strength}
    return MemoryRun(
        strengths, model=model, n_patients=120 // per_patient, per_patient=per_patient, seed=seed, name=name
    )


def auroc(run: MemoryRun, row: TableRow, label: str | None = "mass") -> float:
    scored = score_variant(run, row.variant, MASS)
    numbers = [CLASSES.index(label)] if label else range(len(CLASSES))
    return float(np.mean([roc_auc_score(scored.labels == number, scored.scores[:, number]) for number in numbers]))


def test_two_markers_with_one_sample_a_patient_have_delongs_test_and_it_agrees_with_the_bootstrap() -> None:
    run = run_of(1)
    pair = compare_sides(Side(run, CIRCLE), Side(run, ARROW), MASS, Evaluation(500))
    assert (pair.value, pair.other_value) == pytest.approx((auroc(run, CIRCLE), auroc(run, ARROW)))
    assert pair.delong is not None
    assert (pair.test, pair.p_value) == ("DeLong", pair.delong.p_value)
    assert pair.delong.difference == pytest.approx(pair.value - pair.other_value)
    interval = pair.difference.interval
    assert pair.ends == pytest.approx((interval.low, interval.high), abs=0.02)
    assert (pair.samples, pair.patients) == (120, 120)


@pytest.mark.parametrize(("per_patient", "question"), [(4, MASS), (1, ALL), (1, Question(label="mass", metric="f1"))])
def test_elsewhere_the_bootstrap_counts(per_patient: int, question: Question) -> None:
    run = run_of(per_patient)
    pair = compare_sides(Side(run, CIRCLE), Side(run, ARROW), question, Evaluation(500))
    assert (pair.test, pair.delong) == ("bootstrap", None)
    assert (pair.samples, pair.patients) == (120, 120 // per_patient)
    assert pair.p_value == pair.difference.p_value
    if question.metric == "auroc":
        expected = auroc(run, CIRCLE, question.label) - auroc(run, ARROW, question.label)
        assert pair.difference.interval.value == pytest.approx(expected)


def test_two_models_are_compared_on_the_same_samples_only() -> None:
    one, other = run_of(1), run_of(1, "other", 0.15)
    pair = compare_sides(Side(one, CIRCLE), Side(other, CIRCLE), MASS, Evaluation(500))
    assert pair.difference.interval.value == pytest.approx(auroc(one, CIRCLE) - auroc(other, CIRCLE))
    assert pair.p_value < 0.05
    with pytest.raises(ResultsError, match="different samples"):
        compare_sides(Side(one, CIRCLE), Side(run_of(1, "other", seed=1), CIRCLE), MASS, Evaluation(500))


@pytest.mark.parametrize("question", [MASS, ALL])
def test_two_data_sets_are_compared_as_independent_ones(question: Question) -> None:
    one, other = run_of(4), run_of(4, name="elsewhere", seed=1)
    shared = Evaluation(4000)
    pair = compare_sides(Side(one, CIRCLE), Side(other, CIRCLE), question, shared)
    assert (pair.paired, pair.test) == (False, "unpaired bootstrap")
    values = [auroc(run, CIRCLE, question.label) for run in (one, other)]
    assert (pair.value, pair.other_value) == pytest.approx(values)
    spreads = []
    for run in (one, other):
        draws = shared.measured(run, CIRCLE.variant, ALL).draws
        one_number = draws[CLASSES.index("mass")] if question.label else draws.mean(axis=0)
        spreads.append(one_number.std(ddof=1))
    n = pair.difference.interval.n_groups
    error = np.hypot(*spreads) * np.sqrt(n / (n - 1))  # two independent variances add up
    expected = 2 * stats.t.sf(abs(values[0] - values[1]) / error, n - 1)
    assert pair.p_value == pytest.approx(expected, abs=0.03)


def test_other_classes_are_another_question_but_a_class_that_both_have_is_not() -> None:
    one = run_of(4)
    samples = run_of(4, seed=1).samples.replace({"label": {"nodule": "pacemaker"}})
    other = MemoryRun(PAPER_STRENGTHS, name="elsewhere", samples=samples)
    sides = Side(one, CIRCLE), Side(other, CIRCLE)
    with pytest.raises(ResultsError, match="answer different questions"):
        compare_sides(*sides, ALL)
    assert not compare_sides(*sides, MASS, Evaluation(100)).paired
    with pytest.raises(ResultsError, match="no class 'nodule'"):
        compare_sides(*sides, Question(label="nodule"), Evaluation(100))


def test_p_values_are_corrected_for_all_comparisons_that_stand_together() -> None:
    run = run_of(4)
    others = [Side(run, row) for row in (*paper_rows(suffixes=(False,)), TableRow(Variant.parse("point/red")))]
    pairs = compare_all(Side(run, CIRCLE), others[:4] + others[5:], ALL, Evaluation(500))
    assert list(pairs) == [0, 1, 2, 3]  # the point was not measured
    raw = sorted(pair.p_value for pair in pairs.values())
    by_hand = np.minimum(1, np.maximum.accumulate([p * (4 - place) for place, p in enumerate(raw)]))
    assert sorted(pair.p_corrected for pair in pairs.values()) == pytest.approx(by_hand)
