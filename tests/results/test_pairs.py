"""Two rows on one class: the differences are those of the AUROCs, and DeLong's test only where it may be asked."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.results.memory_run import CLASSES, PAPER_STRENGTHS, MemoryRun
from vpe_core.errors import ResultsError
from vpe_core.results.analysis.pairs import pair_on_class
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.scores import Evaluation, score_variant
from vpe_core.variants import Variant

CIRCLE, ARROW = (TableRow(Variant.parse(f"{name}/red/1/paper")) for name in ("circle", "arrow"))
MASS = Question(label="mass")


def run_of(per_patient: int, model: str = "tiny", strength: float = 0.42, seed: int = 0) -> MemoryRun:
    strengths = {**PAPER_STRENGTHS, "circle/red/1/paper": strength}
    return MemoryRun(strengths, model=model, n_patients=120 // per_patient, per_patient=per_patient, seed=seed)


def auroc(run: MemoryRun, row: TableRow) -> float:
    scored = score_variant(run, row.variant, MASS)
    number = CLASSES.index("mass")
    return float(roc_auc_score(scored.labels == number, scored.scores[:, number]))


def test_two_markers_with_one_sample_a_patient_have_both_intervals_and_they_agree() -> None:
    run = run_of(1)
    pair = pair_on_class(run, CIRCLE, run, ARROW, MASS, Evaluation(500))
    assert (pair.auroc, pair.other_auroc) == pytest.approx((auroc(run, CIRCLE), auroc(run, ARROW)))
    assert pair.delong is not None
    assert pair.delong.difference == pytest.approx(pair.auroc - pair.other_auroc)
    interval = pair.difference.interval
    assert (pair.delong.low, pair.delong.high) == pytest.approx((interval.low, interval.high), abs=0.02)
    assert (pair.samples, pair.patients) == (120, 120)


def test_several_samples_a_patient_are_not_independent() -> None:
    run = run_of(4)
    pair = pair_on_class(run, CIRCLE, run, ARROW, MASS, Evaluation(500))
    assert pair.delong is None
    assert (pair.samples, pair.patients) == (120, 30)
    assert np.isfinite(pair.difference.p_value)


def test_two_models_are_compared_on_the_same_samples_only() -> None:
    one, other = run_of(1), run_of(1, "other", 0.15)
    pair = pair_on_class(one, CIRCLE, other, CIRCLE, MASS, Evaluation(500))
    assert pair.difference.interval.value == pytest.approx(auroc(one, CIRCLE) - auroc(other, CIRCLE))
    assert pair.delong is not None
    assert pair.delong.p_value < 0.05
    with pytest.raises(ResultsError, match="different samples"):
        pair_on_class(one, CIRCLE, run_of(1, "other", seed=1), CIRCLE, MASS, Evaluation(500))


def test_only_the_auroc_of_one_class_is_compared() -> None:
    run = run_of(1)
    for question in (Question(), Question(label="mass", metric="mcc")):
        with pytest.raises(ResultsError, match="AUROC of one class"):
            pair_on_class(run, CIRCLE, run, ARROW, question)
    with pytest.raises(ResultsError, match="no class"):
        pair_on_class(run, CIRCLE, run, ARROW, Question(label="nosuch"))
