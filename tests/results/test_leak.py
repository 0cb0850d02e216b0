"""A gain taken apart: each part is the plain metric of scores that are put together by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun
from vpe_core.errors import ResultsError
from vpe_core.results import find_runs, open_run
from vpe_core.results.analysis.leak import PUREST, findings_known, leak, telling_control
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
    assert found.by_itself == "on the X-ray without the finding"
    assert found.controls["on the X-ray without the finding"].value == pytest.approx(auroc(run, alone), abs=1e-6)
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
    said = json.loads((folder / "embedded" / "simclip-sim-shift.json").read_text())
    (run,) = [one for one in find_runs(folder / "benchmark") if one.folder.parts[-2:] == ("sim-shift", "simclip")]
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


def test_a_class_that_can_have_no_twin_does_not_take_the_twins_from_the_others() -> None:
    plain = MemoryRun(PAPER_STRENGTHS).samples
    last = plain.sort_values("label", key=lambda labels: labels == "nodule", kind="stable").reset_index(drop=True)
    n = int((last["label"] != "nodule").sum())
    strengths = {**PAPER_STRENGTHS, "circle/red/1/paper@other": 0.5}
    run = MemoryRun(strengths, samples=last, covered={"circle/red/1/paper@twin": n})
    truth, bare, marked = class_numbers(run)[:n], scores(run, "none")[:n], scores(run, "circle/red/1/paper")[:n]

    def of_mass(values: np.ndarray) -> float:
        shares = values / values.sum(1, keepdims=True)
        return float(roc_auc_score(truth == 1, shares[:, 1]))

    found = leak(run, CIRCLE, Question(label="mass"), Evaluation(200))
    assert (found.by_itself, found.hedge) == (PUREST, "")
    assert (found.samples, found.of_samples, found.with_twin, found.without_twin) == (n, len(last), n, ("nodule",))
    assert found.with_marker_alone is not None
    assert found.with_marker_alone.value == pytest.approx(of_mass(bare * scores(run, "circle/red/1/paper@twin")))
    assert found.unmarked.value == pytest.approx(of_mass(bare))
    assert found.marked.value == pytest.approx(of_mass(marked))
    assert found.gain.interval.value == pytest.approx(of_mass(marked) - of_mass(bare))
    for label in ("nodule", None):
        other = leak(run, CIRCLE, Question(label=label), Evaluation(200))
        assert (other.by_itself == PUREST) == (label is None)
        assert (other.samples, other.with_twin) == (n if label is None else len(last), n)
    assert PUREST not in leak(run, CIRCLE, Question(label="nodule"), Evaluation(200)).controls


def test_twins_that_were_measured_for_some_samples_of_a_class_only_do_not_stand_for_it() -> None:
    run = MemoryRun({**PAPER_STRENGTHS, "circle/red/1/paper@other": 0.5}, covered={"circle/red/1/paper@twin": 100})
    found = leak(run, CIRCLE, Question(), Evaluation(100))
    assert found.by_itself == "on another patient's image"
    assert (found.samples, found.with_twin, found.without_twin) == (120, 100, ())


@pytest.mark.parametrize(
    ("label", "unmarked", "with_alone", "gain"),
    [(None, 0.816, 0.822, 0.160), ("calcified granuloma", 0.644, 0.808, 0.287)],
)
def test_on_sim_multi_the_twins_answer_for_all_x_rays_with_a_finding(
    label: str | None, unmarked: float, with_alone: float, gain: float
) -> None:
    run = open_run(PROJECT_DIR / "precomputed" / "results" / "benchmark" / "sim-multi" / "simclip")
    found = leak(run, CIRCLE, Question(label=label), Evaluation(0))
    assert (found.by_itself, found.samples, found.of_samples) == (PUREST, 1500, 1576)
    assert found.with_marker_alone is not None
    assert found.unmarked.value == pytest.approx(unmarked, abs=5e-4)
    assert found.with_marker_alone.value == pytest.approx(with_alone, abs=5e-4)
    assert found.gain.interval.value == pytest.approx(gain, abs=5e-4)
    asked = leak(run, CIRCLE, Question(label="no abnormality"), Evaluation(0))
    assert (asked.by_itself == PUREST, asked.samples, asked.without_twin) == (False, 1576, ("no abnormality",))


def test_few_samples_are_said_to_be_few() -> None:
    few = MemoryRun(PAPER_STRENGTHS, n_patients=6, per_patient=1)
    assert leak(few, CIRCLE, Question(), Evaluation(50)).too_few == "6 samples: too few to tell"
