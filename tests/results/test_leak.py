"""A gain taken apart: each part is the plain metric of scores that are put together by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun
from vpe_core.errors import ResultsError
from vpe_core.results import find_runs
from vpe_core.results.analysis.leak import findings_known, leak, telling_control
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.scores import Evaluation, class_numbers, score_variant
from vpe_core.settings import PROJECT_DIR
from vpe_core.variants import Variant

CIRCLE = TableRow(Variant.parse("circle/red/1/paper"))


def scores(run: MemoryRun, key: str) -> np.ndarray:
    return score_variant(run, Variant.parse(key), Question()).scores


def auroc(run: MemoryRun, values: np.ndarray) -> float:
    return float(roc_auc_score(class_numbers(run), values / values.sum(1, keepdims=True), multi_class="ovr"))


def test_the_parts_of_a_gain_are_those_of_a_plain_computation() -> None:
    run = MemoryRun(PAPER_STRENGTHS)
    found = leak(run, CIRCLE, Question(), Evaluation(300))
    bare, marked = scores(run, "none"), scores(run, "circle/red/1/paper")
    alone = scores(run, "circle/red/1/paper@twin")
    assert found.by_itself == "on the finding-free image"
    assert found.controls["on the finding-free image"].value == pytest.approx(auroc(run, alone), abs=1e-6)
    assert found.with_marker_alone is not None
    assert found.explained is not None
    assert found.with_marker_alone.value == pytest.approx(auroc(run, bare * alone), abs=1e-6)
    assert found.explained.interval.value == pytest.approx(auroc(run, bare * alone) - auroc(run, bare), abs=1e-6)
    assert found.gain.interval.value == pytest.approx(auroc(run, marked) - auroc(run, bare), abs=1e-6)
    # Two samples an image: who knows both labels gives each a half.
    labels = class_numbers(run)
    known = np.zeros((len(labels), 3))
    for first in range(0, len(labels), 2):
        for label in labels[first : first + 2]:
            known[first : first + 2, label] += 0.5
    np.testing.assert_allclose(findings_known(run), known)
    assert found.all_known is not None
    assert found.pointing is not None
    assert found.all_known.value == pytest.approx(auroc(run, known), abs=1e-6)
    assert found.pointing.interval.value == pytest.approx(auroc(run, marked) - auroc(run, known), abs=1e-6)


def test_where_each_image_has_one_finding_there_is_none_to_point_out() -> None:
    one = MemoryRun(PAPER_STRENGTHS)
    samples = one.samples.assign(image_id=one.samples["sample_id"])
    found = leak(MemoryRun(PAPER_STRENGTHS, samples=samples), CIRCLE, Question(label="mass"), Evaluation(100))
    assert (found.all_known, found.pointing) == (None, None)


def test_without_a_control_or_a_value_for_guessing_nothing_is_invented() -> None:
    bare = MemoryRun({"none": 0.1, "circle/red/1/paper": 0.4})
    found = leak(bare, CIRCLE, Question(), Evaluation(100))
    assert (found.controls, found.by_itself, found.explained) == ({}, "", None)
    assert leak(MemoryRun(PAPER_STRENGTHS), CIRCLE, Question(scoring="cosine"), Evaluation(50)).explained is None
    with pytest.raises(ResultsError, match="Choose AUROC"):
        leak(bare, CIRCLE, Question(metric="mcc"))


def test_what_is_known_of_all_findings_is_what_the_model_card_says() -> None:
    folder = PROJECT_DIR / "precomputed" / "results"
    said = json.loads((folder / "embedded" / "simclip-sim-multi.json").read_text())
    (run,) = [one for one in find_runs(folder / "benchmark") if one.folder.parts[-2:] == ("sim-multi", "simclip")]
    found = leak(run, CIRCLE, Question(), Evaluation(0))
    assert found.all_known is not None
    assert found.all_known.value == pytest.approx(said["all_findings_known_auroc"])
    assert found.marked.value == pytest.approx(said["rows"]["red circle"]["auroc"]["value"])


def test_without_the_finding_free_image_the_control_that_explains_most_gives_a_bound() -> None:
    own, other, blank = "circle/red/1/paper", "circle/red/1/paper@other", "circle/red/1/paper@blank"
    run = MemoryRun({"none": 0.1, own: 0.9, blank: 0.0, other: 0.3})
    found = leak(run, CIRCLE, Question(), Evaluation(100))
    assert (found.by_itself, found.hedge) == ("on another patient's image", "may be")
    condition, value = telling_control(run, CIRCLE, Question(), Evaluation(100)) or ("", 0.0)
    assert condition == "on another patient's image"
    assert value == pytest.approx(auroc(run, scores(run, other)), abs=1e-6)
    assert not leak(MemoryRun(PAPER_STRENGTHS), CIRCLE, Question(), Evaluation(50)).hedge
    assert telling_control(MemoryRun({"none": 0.1, own: 0.9}), CIRCLE, Question()) is None


def test_few_samples_are_said_to_be_few() -> None:
    few = MemoryRun(PAPER_STRENGTHS, n_patients=6, per_patient=1)
    assert leak(few, CIRCLE, Question(), Evaluation(50)).too_few == "6 samples: too few to tell"
