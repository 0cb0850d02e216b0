"""A table of scores goes out and comes back with the same values; what is no such table is refused in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.results.memory_run import CLASSES, PAPER_STRENGTHS, MemoryRun
from vpe_core.benchmark import Variant
from vpe_core.errors import ResultsError
from vpe_core.results.controls import geometry_only
from vpe_core.results.exchange import read_scores, scores_table
from vpe_core.results.questions import Question
from vpe_core.results.rows import paper_rows
from vpe_core.results.scores import Evaluation
from vpe_core.results.tables import paper_table

SUFFIX = Question(suffix=True)


@pytest.fixture(scope="module")
def run() -> MemoryRun:
    return MemoryRun(PAPER_STRENGTHS, covered={"arrow/red/1/paper": 60})


@pytest.fixture(scope="module")
def scores(run: MemoryRun) -> pd.DataFrame:
    return scores_table([run], paper_rows(), SUFFIX, Evaluation(0))


def as_csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False).encode()


def as_parquet(table: pd.DataFrame) -> bytes:
    return table.to_parquet(index=False)


@pytest.mark.parametrize(("write", "file"), [(as_csv, "scores.csv"), (as_parquet, "scores.parquet")])
def test_the_table_of_a_loaded_file_is_that_of_the_run(run: MemoryRun, scores: pd.DataFrame, write, file: str) -> None:
    (loaded,) = read_scores(write(scores), file)
    ours, theirs = (paper_table([one], SUFFIX, n_resamples=100) for one in (run, loaded))
    compared = ["value", "low", "high", "gain", "gain_low", "p_holm", "n", "patients"]
    np.testing.assert_allclose(theirs[compared].to_numpy(float), ours[compared].to_numpy(float), atol=1e-6)
    assert list(theirs["suffix"]) == list(ours["suffix"])
    assert loaded.manifest.dataset.simulated
    assert loaded.manifest.dataset.classes == CLASSES


def test_its_lines_may_come_in_any_order(scores: pd.DataFrame) -> None:
    (loaded,) = read_scores(as_csv(scores), "a.csv")
    (shuffled,) = read_scores(as_csv(scores.sample(frac=1, random_state=0)), "a.csv")
    one, other = (paper_table([run], SUFFIX, n_resamples=0) for run in (loaded, shuffled))
    np.testing.assert_allclose(other["value"], one["value"], atol=1e-9)


def test_its_prompts_cannot_be_changed(scores: pd.DataFrame) -> None:
    (loaded,) = read_scores(as_csv(scores), "a.csv")
    table = paper_table([loaded], Question(template="reports"), n_resamples=0)
    assert table["value"].isna().all()
    assert "cannot be changed" in table["missing"].iloc[0]


def test_a_table_with_two_data_sets_gives_two_results(run: MemoryRun, scores: pd.DataFrame) -> None:
    both = pd.concat([scores, scores.assign(dataset="second")])
    assert [one.manifest.dataset.name for one in read_scores(as_csv(both), "a.csv")] == ["made-up", "second"]


def changed(scores: pd.DataFrame, **columns: object) -> bytes:
    return as_csv(scores.assign(**columns))


def other_in_line_2(scores: pd.DataFrame, column: str) -> pd.DataFrame:
    other = scores[column][scores[column] != scores[column].iloc[0]].iloc[0]
    return scores.assign(**{column: [other, *scores[column].iloc[1:]]})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda scores: b"\x00\xff\x00", "no CSV or Parquet"),
        (lambda scores: b"", "no CSV or Parquet"),
        (lambda scores: as_csv(scores.drop(columns="patient_id")), "patient_id is missing"),
        (lambda scores: as_csv(scores.drop(columns=[f"p({label})" for label in CLASSES])), r"p\(CLASS\)"),
        (lambda scores: changed(scores, **{"p(mass)": 3.0}), "add up to 1 in a.csv, but line 2"),
        (lambda scores: changed(scores, **{"p(mass)": "x"}), "add up to 1"),
        (lambda scores: changed(scores, label="tumour"), "label 'tumour'"),
        (lambda scores: as_csv(scores.replace({"variant": {"crop": "spiral"}})), "variant that is not known"),
        (lambda scores: changed(scores, sample_id=None), "no sample_id in line 2"),
        (lambda scores: as_csv(pd.concat([scores, scores.iloc[[3]]])), "a sample twice"),
        (lambda scores: as_csv(other_in_line_2(scores, "label")), "more than one label"),
        (lambda scores: as_csv(other_in_line_2(scores, "patient_id")), "more than one patient_id"),
        (lambda scores: as_csv(scores[(scores["suffix"] == "") | (scores["sample_id"] != "s3")]), "other samples"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_scores_is_refused(scores: pd.DataFrame, spoil, message: str) -> None:
    with pytest.raises(ResultsError, match=message):
        read_scores(spoil(scores), "a.csv")


def test_a_file_that_only_claims_to_be_parquet_is_refused() -> None:
    with pytest.raises(ResultsError, match="no CSV or Parquet"):
        read_scores(b"PAR1 and no more", "a.parquet")


def test_scores_that_are_no_probabilities_are_not_written(run: MemoryRun) -> None:
    with pytest.raises(ResultsError, match="paper's scoring"):
        scores_table([run], paper_rows(), Question(scoring="cosine"), Evaluation(0))


def test_what_the_table_lacks_is_not_in_the_results(scores: pd.DataFrame) -> None:
    (loaded,) = read_scores(as_csv(scores), "a.csv")
    with pytest.raises(ResultsError, match="not in the loaded table"):
        loaded.rows(Variant.parse("spotlight"))
    assert loaded.attention(Variant()) is None


def test_an_image_without_a_size_has_no_place_and_is_no_error(scores: pd.DataFrame) -> None:
    (loaded,) = read_scores(changed(scores, image_width=0), "a.csv")
    assert loaded.samples["image_width"].isna().all()
    assert geometry_only(loaded, Question()) is None


def test_a_marker_of_other_samples_than_the_unmarked_ones_has_a_value_but_no_gain(scores: pd.DataFrame) -> None:
    first = scores["sample_id"].isin(scores["sample_id"].unique()[:40])
    (loaded,) = read_scores(as_csv(scores[first == (scores["variant"] == "none")]), "a.csv")
    table = paper_table([loaded], n_resamples=0).set_index("row")
    assert table.loc["circle", "value"] > 0
    assert np.isnan(table.loc["circle", "gain"])
