"""Rows of ensembles against plain numpy, sample by sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.results.memory_run import CLASSES, PAPER_STRENGTHS, MemoryRun
from tests.results.test_importer import write_experiment
from tests.results.test_tables import CIRCLE, RESAMPLES, line
from vpe_core.ensembles import Ensemble, control_of, is_ensemble
from vpe_core.errors import MarkerError, ResultsError
from vpe_core.metrics import holm
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow, ensemble_rows, paper_rows
from vpe_core.results.analysis.scores import Evaluation, Scored, score_variant
from vpe_core.results.analysis.tables import paper_table, per_class
from vpe_core.results.exchange.formats import ensemble_notes, to_latex, to_markdown
from vpe_core.results.exchange.importer import import_experiments
from vpe_core.results.exchange.score_tables import read_scores, scores_table
from vpe_core.variants import Variant

MARKED = ("arrow/red/1/paper", "bbox/red/1/paper", CIRCLE)
NAMES = ("arrow", "bounding box", "circle")
TITLES = ["marker ensemble", "marker ensemble + suffix", "crop + full image"]
COMBINATIONS = ("embedding", "score")


@pytest.fixture(scope="module")
def run() -> MemoryRun:
    return MemoryRun(PAPER_STRENGTHS, covered={MARKED[0]: 90})


def unit(values: np.ndarray) -> np.ndarray:
    return values / np.sqrt((values.astype(float) ** 2).sum(axis=-1, keepdims=True))


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True)


def texts(suffix: str) -> np.ndarray:
    return unit(np.array([MemoryRun.encode(f"A chest x-ray with signs of {one}{suffix}.") for one in CLASSES]))


def by_hand(run: MemoryRun, keys: tuple[str, ...], suffixes: list[str], combine: str) -> np.ndarray:
    """The probabilities of samples that all members cover, which are the first ones."""
    pictures = [unit(run.embeddings(Variant.parse(key))) for key in keys]
    n = min(map(len, pictures))
    if combine == "score":
        return np.mean(
            [softmax(12 * one[:n] @ texts(word).T) for one, word in zip(pictures, suffixes, strict=True)], axis=0
        )
    words = unit(np.mean([texts(word) for word in suffixes], axis=0))
    return softmax(12 * unit(np.mean([one[:n] for one in pictures], axis=0)) @ words.T)


def expected(run: MemoryRun, row: str, combine: str) -> Scored:
    named = [f" indicated by a red {name}" for name in NAMES]
    keys = ("crop", "none") if row == "crop + full image" else MARKED
    scores = by_hand(run, keys, named if row.endswith("suffix") else [""] * len(keys), combine)
    labels = run.samples["label"].map(CLASSES.index).to_numpy()[: len(scores)]
    return Scored(labels, scores, np.arange(len(scores)))


@pytest.mark.parametrize("combine", COMBINATIONS)
def test_scores_and_values_are_those_of_plain_numpy(run: MemoryRun, combine) -> None:
    rows = ensemble_rows(combine)
    table = paper_table([run], rows=(*paper_rows(), *rows), n_resamples=RESAMPLES)
    assert list(table["row"])[8:] == TITLES
    assert list(table["suffix"])[8:] == ["", "each its own", ""]
    for row in rows:
        right = expected(run, row.title, combine)
        scored = score_variant(run, row.variant, Question(suffix=row.suffix))
        np.testing.assert_allclose(scored.scores, right.scores, atol=1e-9)
        found = line(table, row.title)
        assert found["value"] == pytest.approx(roc_auc_score(right.labels, right.scores, multi_class="ovr"), abs=1e-9)
        unmarked = by_hand(run, ("none",), [""], "score")[right.rows]
        before = roc_auc_score(right.labels, unmarked, multi_class="ovr")
        assert found["gain"] == pytest.approx(found["value"] - before, abs=1e-9)
        assert found["gain_low"] < found["gain"] < found["gain_high"]
        assert found["n"] == len(right.rows) == (120 if row.title == "crop + full image" else 90)
    assert not table["control"].any()
    np.testing.assert_array_equal(table["p_holm"], holm(table["p"].to_numpy()))


def test_one_evaluation_keeps_combinations_colours_suffixes_and_words_apart() -> None:
    keys = [key.replace("red", color) for key in MARKED for color in ("red", "blue")]
    run = MemoryRun({"none": 0.1, "crop": 0.2, **dict.fromkeys(keys, 0.3)})
    shared = Evaluation(0, lambda _, asked: np.stack([MemoryRun.encode(text) for text in asked]))
    asked = [
        (row, question)
        for combine in COMBINATIONS
        for color in ("red", "blue")
        for row in ensemble_rows(combine, color)
        for question in (Question(suffix=row.suffix), Question(suffix=row.suffix and "each its own"))
    ]
    for _ in range(2):
        for row, question in asked:
            alone = score_variant(run, row.variant, question, lambda _, new: np.stack([*map(MemoryRun.encode, new)]))
            np.testing.assert_array_equal(shared.scored(run, row.variant, question).scores, alone.scores)
            measured = shared.measured(run, row.variant, question).overall.value
            assert measured == pytest.approx(roc_auc_score(alone.labels, alone.scores, multi_class="ovr"), abs=1e-9)
    values = {shared.measured(run, row.variant, question).overall.value for row, question in asked}
    assert len(values) == 14  # 2 x 2 looks x (without, named, in other words) and twice crop + full image


def test_elsewhere_is_the_ensemble_on_another_patients_image() -> None:
    strengths = {**PAPER_STRENGTHS, **{f"{key}@other": 0.1 for key in MARKED}}
    run = MemoryRun(strengths)
    ensemble = ensemble_rows("score")[0]
    elsewhere_by_hand = by_hand(run, tuple(f"{key}@other" for key in MARKED), [""] * 3, "score")
    labels = run.samples["label"].map(CLASSES.index)
    table = paper_table([run], rows=ensemble_rows("score"), n_resamples=0)
    reached = roc_auc_score(labels, elsewhere_by_hand, multi_class="ovr")
    assert line(table, "marker ensemble")["elsewhere"] == pytest.approx(reached, abs=1e-9)
    assert np.isnan(line(table, "crop + full image")["elsewhere"])
    control = TableRow(control_of(ensemble.variant, "other"))
    assert control.title == "marker ensemble, another patient"
    assert paper_table([run], rows=[control], n_resamples=0)["control"].all()


def test_what_lacks_a_member_says_which() -> None:
    run = MemoryRun({"none": 0.1, MARKED[0]: 0.3, CIRCLE: 0.3})
    table = paper_table([run], rows=ensemble_rows("embedding"), n_resamples=0)
    assert line(table, "marker ensemble")["missing"] == "bbox/red/1/paper was not measured."
    assert line(table, "crop + full image")["missing"] == "crop was not measured."


def test_native_rows_take_the_crop_of_the_papers_protocol() -> None:
    native = [key.replace("paper", "native") for key in MARKED]
    run = MemoryRun({"none/native": 0.1, "crop": 0.2, **dict.fromkeys(native, 0.3)})
    table = paper_table([run], rows=ensemble_rows("score", protocol="native"), n_resamples=0)
    assert table["value"].notna().all()


def test_each_class_with_an_ensemble(run: MemoryRun) -> None:
    table = per_class(run, ensemble_rows("score")[0], Question(), Evaluation(RESAMPLES))
    right = expected(run, "marker ensemble", "score")
    aurocs = [roc_auc_score(right.labels == number, right.scores[:, number]) for number in range(3)]
    np.testing.assert_allclose(table["marked"], aurocs, atol=1e-9)


def test_probabilities_alone_can_be_averaged_but_not_embeddings(tmp_path: Path) -> None:
    head = ("NIH14", "BIOMEDCLIPMODEL")
    for look in (("None",), ("crop",), *((name, "red", "1") for name in ("arrow", "bbox", "circle"))):
        write_experiment(tmp_path / "experiments", *head, *look)
    (run,) = import_experiments(tmp_path / "experiments", tmp_path / "results")
    members = [run.probabilities(Variant.parse(key)) for key in MARKED]
    rows = ensemble_rows("score", suffixes=(False,))
    table = paper_table([run], rows=rows, n_resamples=RESAMPLES)
    scored = score_variant(run, rows[0].variant, Question())
    np.testing.assert_allclose(scored.scores, sum(members) / 3)
    assert line(table, "marker ensemble")["value"] == pytest.approx(
        roc_auc_score(scored.labels, sum(members) / 3, multi_class="ovr")
    )
    refused = paper_table([run], rows=ensemble_rows("embedding"), n_resamples=0)
    assert refused["value"].isna().all()
    assert refused["missing"].str.contains("holds probabilities, no embeddings: an ensemble can only be").all()


@pytest.mark.parametrize("combine", COMBINATIONS)
def test_a_downloaded_table_of_scores_brings_its_ensembles_back(run: MemoryRun, combine) -> None:
    rows, question = (*paper_rows(), *ensemble_rows(combine)), Question(suffix=True)
    scores = scores_table([run], rows, question, Evaluation(0))
    (loaded,) = read_scores(scores.to_csv(index=False).encode(), "scores.csv")
    ours, theirs = (paper_table([one], question, rows=rows, n_resamples=RESAMPLES) for one in (run, loaded))
    columns = ["value", "low", "high", "gain", "p_holm", "n"]
    np.testing.assert_allclose(theirs[columns].to_numpy(float), ours[columns].to_numpy(float), atol=1e-6)
    drawn = [variant for variant in loaded.variants if not variant.is_control]  # the controls beside them come along
    assert [variant.key for variant in drawn] == ["none", "crop", *MARKED]


def test_a_table_with_nothing_but_ensembles_is_refused(run: MemoryRun) -> None:
    scores = scores_table([run], ensemble_rows("score"), Question(), Evaluation(0))
    with pytest.raises(ResultsError, match="only ensembles"):
        read_scores(scores.to_csv(index=False).encode(), "scores.csv")


def test_exports_say_what_is_averaged(run: MemoryRun) -> None:
    table = paper_table([run], rows=ensemble_rows("embedding"), n_resamples=0)
    notes = [
        "marker ensemble: mean embedding of arrow, box and circle",
        "crop + full image: mean embedding of crop and full image",
    ]
    assert ensemble_notes(table) == notes
    assert to_markdown(table, {0: "made-up"}).endswith("; ".join(notes) + ".\n")
    assert "; ".join(notes) in to_latex(table, {0: "made-up"})
    assert ensemble_notes(pd.DataFrame({"variant": ["none"]})) == []


def test_keys_are_read_back_and_others_refused() -> None:
    for row in (*ensemble_rows("score", "#ff0000", 3, "native"), *ensemble_rows("embedding")):
        assert Ensemble.parse(row.variant.key) == row.variant
        assert is_ensemble(row.variant.key)
    assert not is_ensemble(CIRCLE)
    for key in (CIRCLE, "mean-score(crop)", "mean-vote(crop+none)", "mean-score()"):
        with pytest.raises(ResultsError, match="Expected"):
            Ensemble.parse(key)
    with pytest.raises(MarkerError):
        Ensemble.parse("mean-score(crop+spiral)")
