"""The paper's table against scikit-learn on scores that are computed here, sample by sample."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.results.memory_run import CLASSES, PAPER_STRENGTHS, MemoryRun
from vpe_core.errors import MetricError, PromptError, ResultsError
from vpe_core.metrics import holm
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow, paper_rows
from vpe_core.results.analysis.scores import Evaluation, score_variant
from vpe_core.results.analysis.tables import paper_table, per_class
from vpe_core.variants import Variant

CIRCLE = "circle/red/1/paper"
RESAMPLES = 200


@pytest.fixture(scope="module")
def run() -> MemoryRun:
    return MemoryRun(PAPER_STRENGTHS)


@pytest.fixture(scope="module")
def table(run: MemoryRun) -> pd.DataFrame:
    return paper_table([run], n_resamples=RESAMPLES)


def by_hand(run: MemoryRun, key: str, suffix: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Labels and the paper's probabilities, one sample at a time."""
    texts = [MemoryRun.encode(f"A chest x-ray with signs of {label}{suffix}.") for label in CLASSES]
    probabilities = []
    for embedding in run.embeddings(Variant.parse(key)):
        logits = [12.0 * float(embedding @ text) / float(np.linalg.norm(embedding)) for text in texts]
        exponentials = np.exp(np.array(logits) - max(logits))
        probabilities.append(exponentials / exponentials.sum())
    labels = run.samples["label"].map(CLASSES.index).to_numpy()[run.rows(Variant.parse(key))]
    return labels, np.array(probabilities)


def line(table: pd.DataFrame, row: str) -> pd.Series:
    (found,) = [one for _, one in table.iterrows() if one["row"] == row]
    return found


def test_the_rows_are_the_papers_eight(table: pd.DataFrame) -> None:
    assert list(table["row"]) == [
        "none", "crop", "arrow", "arrow + suffix", "box", "box + suffix", "circle", "circle + suffix",
    ]  # fmt: skip
    assert list(table["suffix"]) == ["", "", "", "indicated by a red arrow", "", "indicated by a red bounding box", "",
                                     "indicated by a red circle"]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "key", "suffix"),
    [("none", "none", ""), ("crop", "crop", ""), ("circle", CIRCLE, ""),
     ("circle + suffix", CIRCLE, " indicated by a red circle")],
)  # fmt: skip
def test_values_are_those_of_scikit_learn(table: pd.DataFrame, run: MemoryRun, row: str, key: str, suffix: str) -> None:
    labels, probabilities = by_hand(run, key, suffix)
    expected = roc_auc_score(labels, probabilities, multi_class="ovr")
    assert line(table, row)["value"] == pytest.approx(expected, abs=1e-6)


def test_gains_are_over_the_unmarked_image_and_their_intervals_enclose_them(table: pd.DataFrame) -> None:
    unmarked = line(table, "none")
    assert np.isnan(unmarked["gain"])
    for row in ("crop", "arrow", "circle + suffix"):
        marked = line(table, row)
        assert marked["gain"] == pytest.approx(marked["value"] - unmarked["value"])
        assert marked["gain_low"] < marked["gain"] < marked["gain_high"]
    assert line(table, "circle")["gain_low"] > 0.1
    assert line(table, "crop")["gain_low"] < 0 < line(table, "crop")["gain_high"]


def test_p_values_are_corrected_over_all_runs_but_not_for_controls(run: MemoryRun) -> None:
    rows = (*paper_rows(), TableRow(Variant.parse(f"{CIRCLE}@random")))
    both = paper_table([run, MemoryRun(PAPER_STRENGTHS, name="second", seed=1)], rows=rows, n_resamples=RESAMPLES)
    counted = ~both["control"]
    assert counted.sum() == 16
    np.testing.assert_array_equal(both.loc[counted, "p_holm"], holm(both.loc[counted, "p"]))
    assert both.loc[~counted, "p_holm"].isna().all()
    assert both.loc[~counted, "p"].notna().all()


def test_elsewhere_is_on_another_patient_or_else_on_grey(table: pd.DataFrame, run: MemoryRun) -> None:
    labels, probabilities = by_hand(run, f"{CIRCLE}@other")
    expected = roc_auc_score(labels, probabilities, multi_class="ovr")
    assert line(table, "circle")["elsewhere"] == pytest.approx(expected, abs=1e-6)
    assert line(table, "circle")["elsewhere_picture"] == "other"
    labels, probabilities = by_hand(run, "arrow/red/1/paper@blank")
    expected = roc_auc_score(labels, probabilities, multi_class="ovr")
    assert line(table, "arrow")["elsewhere"] == pytest.approx(expected, abs=1e-6)
    assert line(table, "arrow")["elsewhere_picture"] == "blank"
    assert np.isnan(line(table, "box")["elsewhere"])


def test_a_variant_of_some_samples_is_compared_with_the_same_samples_unmarked() -> None:
    run = MemoryRun(PAPER_STRENGTHS, covered={CIRCLE: 40})
    circle = line(paper_table([run], n_resamples=RESAMPLES), "circle")
    labels, marked = by_hand(run, CIRCLE)
    _, unmarked = by_hand(run, "none")
    assert (circle["n"], circle["patients"]) == (40, 10)
    assert circle["unmarked"] == pytest.approx(circle["value"] - circle["gain"], abs=1e-12)
    expected = roc_auc_score(labels, marked, multi_class="ovr") - roc_auc_score(
        labels, unmarked[:40], multi_class="ovr"
    )
    assert circle["gain"] == pytest.approx(expected, abs=1e-6)


def test_progress_counts_the_lines_of_all_runs(run: MemoryRun) -> None:
    seen: list[tuple[int, int]] = []
    paper_table([run, run], n_resamples=2, rows=paper_rows()[:3], progress=lambda *step: seen.append(step))
    assert seen == [(done, 6) for done in range(1, 7)]


def test_what_was_not_measured_says_so() -> None:
    table = paper_table([MemoryRun({"none": 0.2, CIRCLE: 0.5})], n_resamples=RESAMPLES)
    assert "crop was not measured" in line(table, "crop")["missing"]
    assert np.isnan(line(table, "crop")["value"])
    assert line(table, "circle")["missing"] == ""
    without = line(paper_table([MemoryRun({CIRCLE: 0.5})], n_resamples=RESAMPLES), "circle")
    assert without["value"] > 0.5
    assert np.isnan(without["gain"])


def test_one_class_alone(run: MemoryRun) -> None:
    table = paper_table([run], Question(metric="auprc", label="mass"), n_resamples=RESAMPLES)
    labels, probabilities = by_hand(run, CIRCLE)
    expected = average_precision_score(labels == 1, probabilities[:, 1])
    assert line(table, "circle")["value"] == pytest.approx(expected, abs=1e-6)
    accuracy = paper_table([run], Question(metric="accuracy", label="mass"), n_resamples=RESAMPLES)
    assert accuracy["value"].isna().all()


def test_a_class_without_samples_is_named_and_not_counted() -> None:
    run = MemoryRun(PAPER_STRENGTHS)
    run.samples = run.samples.assign(label=run.samples["label"].replace("nodule", "mass"))
    run.fingerprint = "no nodules"
    circle = line(paper_table([run], n_resamples=RESAMPLES), "circle")
    assert circle["undefined"] == "nodule"
    assert circle["value"] > 0.5


def of_labels(*labels: str) -> MemoryRun:
    run = MemoryRun(PAPER_STRENGTHS)
    run.samples = run.samples.assign(label=np.resize(labels, len(run.samples)))
    run.fingerprint = f"of {labels}"
    return run


@pytest.mark.parametrize(
    ("labels", "question", "reason"),
    [
        (("mass",), Question(), "All samples are of one class, mass, so there is nothing to tell apart and AUROC"),
        (("mass",), Question(metric="mcc"), "All samples are of one class, mass"),
        (("mass",), Question(metric="auprc", label="nodule"), "All samples are of one class, mass"),
        (("mass", "effusion"), Question(label="nodule"), "No sample is of the class nodule, so its AUROC"),
        (("mass", "effusion"), Question(metric="mcc", label="mass"), "MCC has one value for all classes"),
    ],
)
def test_a_value_that_is_undefined_says_why(labels: tuple[str, ...], question: Question, reason: str) -> None:
    circle = line(paper_table([of_labels(*labels)], question, n_resamples=0), "circle")
    assert np.isnan(circle["value"])
    assert circle["missing"].startswith(reason)


def test_a_constant_prediction_has_no_mcc_and_says_so() -> None:
    run = MemoryRun({"none": 0.0, CIRCLE: 0.0})
    run._embeddings = {key: np.tile(values[:1], (len(values), 1)) for key, values in run._embeddings.items()}
    table = paper_table([run], Question(metric="mcc"), n_resamples=0)
    predicted = run.classes[score_variant(run, Variant(), Question()).scores[0].argmax()]
    assert line(table, "none")["missing"] == f"All samples are taken for one class, {predicted}, so MCC is undefined."
    assert line(paper_table([run], n_resamples=0), "none")["value"] == 0.5


def test_values_without_resamples_have_no_intervals(run: MemoryRun, table: pd.DataFrame) -> None:
    quick = paper_table([run], n_resamples=0)
    np.testing.assert_array_equal(quick["value"], table["value"])
    np.testing.assert_array_equal(quick["gain"], table["gain"])
    assert quick[["low", "high", "gain_low", "p", "p_holm"]].isna().all(axis=None)


def test_another_prompt_is_compared_with_the_papers(run: MemoryRun) -> None:
    asked: list[str] = []

    def encode(results: object, texts: list[str]) -> np.ndarray:
        asked.extend(texts)
        return np.stack([MemoryRun.encode(text) for text in texts])

    question = Question(template="Film: {class}{suffix}", class_words=(("mass", "nodule or mass"),))
    table = paper_table([run], question, n_resamples=RESAMPLES, reference=Question(), text_encoder=encode)
    paper = paper_table([run], n_resamples=RESAMPLES)
    np.testing.assert_allclose(table["prompt_gain"], table["value"] - paper["value"], atol=1e-12)
    assert (table["prompt_gain_low"] <= table["prompt_gain"]).all()
    assert "Film: nodule or mass" in asked
    assert "Film: effusion indicated by a red circle" in asked
    assert len(asked) == len(set(asked)) == 12  # three classes, without and with three suffixes, each once


def test_the_papers_prompts_ask_no_encoder(run: MemoryRun) -> None:
    def refuse(results: object, texts: list[str]) -> np.ndarray:
        raise AssertionError(texts)

    for scoring in ("paper", "cosine", "pairs"):
        paper_table([run], Question(scoring=scoring), n_resamples=RESAMPLES, text_encoder=refuse)


def test_prompts_that_are_not_stored_need_an_encoder(run: MemoryRun) -> None:
    with pytest.raises(ResultsError, match="not stored"):
        score_variant(run, Variant(), Question(template="Film: {class}"))
    with pytest.raises(PromptError, match="class"):
        score_variant(run, Variant(), Question(template="Film"))


def test_pairs_weigh_a_class_against_its_opposite(run: MemoryRun) -> None:
    scored = score_variant(run, Variant.parse(CIRCLE), Question(scoring="pairs"))
    assert ((scored.scores > 0) & (scored.scores < 1)).all()
    assert not np.allclose(scored.scores.sum(axis=1), 1)


def test_a_metric_that_needs_probabilities_refuses_cosines(run: MemoryRun) -> None:
    with pytest.raises(MetricError, match="probabilities"):
        paper_table([run], Question(scoring="cosine", metric="ece"), n_resamples=RESAMPLES)


def test_each_class_without_and_with_the_marker(run: MemoryRun) -> None:
    table = per_class(run, TableRow(Variant.parse(CIRCLE)), Question(), Evaluation(RESAMPLES))
    assert list(table["label"]) == list(CLASSES)
    for key, column in (("none", "unmarked"), (CIRCLE, "marked")):
        labels, probabilities = by_hand(run, key)
        expected = [roc_auc_score(labels == number, probabilities[:, number]) for number in range(3)]
        np.testing.assert_allclose(table[column], expected, atol=1e-6)
    np.testing.assert_allclose(table["gain"], table["marked"] - table["unmarked"])
    assert len(per_class(run, TableRow(Variant.parse(CIRCLE)), Question(metric="mcc"), Evaluation(RESAMPLES))) == 0


def asked_at_once(n: int, ask: Callable[[], object]) -> list[object]:
    """What n threads get that ask at the same time; an error as itself."""
    together = threading.Barrier(n)

    def one(_number: int) -> object:
        together.wait()
        try:
            return ask()
        except BaseException as error:
            return error

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(one, range(n)))


def test_what_many_ask_at_once_is_computed_once() -> None:
    evaluation, computed = Evaluation(), []

    def compute() -> object:
        time.sleep(0.05)
        computed.append(object())
        return computed[-1]

    answers = asked_at_once(8, lambda: evaluation.values_alone().get_or_compute("key", compute))
    assert len(computed) == 1
    assert answers == computed * 8
    assert evaluation.get_or_compute("key", compute) is computed[0]


def test_an_error_reaches_all_who_asked_and_is_not_kept() -> None:
    evaluation, failed = Evaluation(), []

    def fail() -> object:
        time.sleep(0.05)
        failed.append(ResultsError("no"))
        raise failed[-1]

    assert asked_at_once(8, lambda: evaluation.get_or_compute("key", fail)) == failed * 8
    assert len(failed) == 1
    assert evaluation.get_or_compute("key", lambda: "yes") == "yes"


def test_who_is_stopped_while_computing_stops_nobody_else() -> None:
    evaluation, starts = Evaluation(), []

    def compute() -> object:
        starts.append(threading.get_ident())
        time.sleep(0.05)
        if len(starts) == 1:
            raise KeyboardInterrupt
        return "yes"

    answers = asked_at_once(8, lambda: evaluation.get_or_compute("key", compute))
    assert len(starts) == 2
    assert sum(answer == "yes" for answer in answers) == 7


def test_a_prompt_that_many_ask_for_at_once_is_encoded_once() -> None:
    asked: list[str] = []

    def encode(results: object, texts: list[str]) -> np.ndarray:
        time.sleep(0.05)
        asked.extend(texts)
        return np.stack([MemoryRun.encode(text) for text in texts])

    runs = iter([MemoryRun({"none": 0.2}, name=str(number)) for number in range(6)])
    evaluation = Evaluation(0, encode)
    question = Question(template="Film: {class}")
    asked_at_once(6, lambda: evaluation.scored(next(runs), Variant(), question))
    assert sorted(asked) == [f"Film: {label}" for label in CLASSES]


def test_an_evaluation_computes_once_and_forgets_the_oldest(run: MemoryRun) -> None:
    evaluation = Evaluation(RESAMPLES, kept=3)
    first = evaluation.measured(run, Variant.parse(CIRCLE), Question())
    assert evaluation.measured(run, Variant.parse(CIRCLE), Question(label="mass")) is first
    for key in ("none", "crop"):
        evaluation.measured(run, Variant.parse(key), Question())
    assert evaluation.measured(run, Variant.parse(CIRCLE), Question()) is not first
