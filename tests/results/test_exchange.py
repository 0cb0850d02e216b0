"""A table of scores goes out and comes back with the same values; what is no such table is refused in words."""

from __future__ import annotations

import csv
import decimal
import io
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.results.memory_run import CLASSES, PAPER_STRENGTHS, MemoryRun
from vpe_core.errors import ResultsError
from vpe_core.results.analysis.geometry import geometry_only
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import paper_rows
from vpe_core.results.analysis.scores import Evaluation
from vpe_core.results.analysis.tables import paper_table
from vpe_core.results.exchange.score_tables import read_scores, scores_table
from vpe_core.variants import Variant

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


FORMS = ("007", "7", "7.0", "07", "2.1", "2.10", "1e5", "100000", "1E5", "true", "True", "inf", "-inf", "nan", "NA",
         "None", "null", "0x10", "1_000", "+7", "12345678901234567890", "1,5", 'a "b"', "2024-01-02")  # fmt: skip


def named_like_numbers(**columns: list[str]) -> pd.DataFrame:
    """A sample a form, twice: for the unmarked image and for a circle. The labels are 01 and 1."""
    n = len(FORMS)
    one = pd.DataFrame(
        {"dataset": "007", "model": "1e5", "suffix": "", "sample_id": FORMS, "image_id": FORMS, "patient_id": FORMS}
    ).assign(label=np.resize(["01", "1"], n), **{"p(01)": np.linspace(0, 1, n), "p(1)": np.linspace(1, 0, n)})
    return pd.concat([one.assign(variant=key) for key in ("none", "circle/red/1/paper")], ignore_index=True)


def as_quoted_csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, quoting=csv.QUOTE_ALL).encode()


@pytest.mark.parametrize(
    ("write", "file"), [(as_csv, "a.csv"), (as_quoted_csv, "a.csv"), (as_parquet, "a.parquet")]
)  # fmt: skip
def test_identifiers_and_labels_are_text_whatever_they_look_like(write, file: str) -> None:
    (loaded,) = read_scores(write(named_like_numbers()), file)
    data = loaded.manifest.dataset
    assert (data.name, loaded.manifest.model.name, data.classes) == ("007", "1e5", ("01", "1"))
    assert data.samples == data.patients == data.images == len(FORMS)
    for name in ("sample_id", "image_id", "patient_id"):
        assert tuple(loaded.samples[name]) == FORMS
    assert set(loaded.samples["label"]) == {"01", "1"}


@pytest.mark.parametrize(
    "labels", [("true", "false"), ("inf", "nan"), ("1.0", "1.00"), ("None", "NA"), ("1e5", "100000")]
)
def test_class_columns_match_labels_of_any_form(labels: tuple[str, str]) -> None:
    renamed = {f"p({old})": f"p({new})" for old, new in zip(("01", "1"), labels, strict=True)}
    table = named_like_numbers().rename(columns=renamed)
    table["label"] = np.resize(labels, len(table))
    (loaded,) = read_scores(as_csv(table), "a.csv")
    assert loaded.manifest.dataset.classes == tuple(sorted(labels))


def test_what_this_page_exports_comes_back_with_its_patients() -> None:
    run = MemoryRun(PAPER_STRENGTHS)
    names = run.samples["patient_id"].str[1:]
    run.samples["patient_id"] = names.where(names != "8", "007")  # "7" and "007"
    (loaded,) = read_scores(as_csv(scores_table([run], paper_rows(), SUFFIX, Evaluation(0))), "a.csv")
    assert list(loaded.samples["patient_id"]) == list(run.samples["patient_id"])


def test_spaces_around_cells_are_no_part_of_them() -> None:
    table = named_like_numbers().drop(columns="image_id")
    plain = table[~table["sample_id"].str.contains('[,"]')]
    (loaded,) = read_scores(as_csv(plain).decode().replace(",", " , ").encode("utf-8-sig"), "a.csv")
    assert {"7", "007"} < set(loaded.samples["sample_id"])
    assert loaded.samples["image_id"].equals(loaded.samples["sample_id"])


@pytest.mark.parametrize(("sign", "decimal"), [(";", ","), (";", "."), ("\t", ".")])
def test_cells_may_be_parted_as_spreadsheets_of_other_countries_do(
    scores: pd.DataFrame, sign: str, decimal: str
) -> None:
    scores = scores.assign(label=scores["label"].replace("mass", "mass, large; round")).rename(
        columns={"p(mass)": "p(mass, large; round)"}
    )
    (plain,) = read_scores(as_csv(scores), "a.csv")
    (loaded,) = read_scores(scores.to_csv(index=False, sep=sign, decimal=decimal).encode(), "a.csv")
    assert loaded.samples.equals(plain.samples)
    for variant in plain.variants:
        np.testing.assert_array_equal(loaded.probabilities(variant), plain.probabilities(variant))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("blank", ["", "   ", ",,,,,"])
@pytest.mark.parametrize("before", [0, 2])
def test_lines_are_numbered_as_a_spreadsheet_shows_them(ending: str, blank: str, before: int) -> None:
    lines = as_csv(named_like_numbers().assign(patient_id="a")).decode().splitlines()
    lines[4:4] = [blank, blank]
    lines[6] = lines[6].replace(",a,", ",,")
    lines = [blank] * before + lines
    with pytest.raises(ResultsError, match=rf"no patient_id in line {before + 7}\."):
        read_scores(ending.join(lines).encode(), "a.csv")
    lines[before + 6] = lines[before + 6].replace(",,", ",a,") + ",0"
    with pytest.raises(ResultsError, match=rf"line {before + 7} has 11 cells, but there are 10 headings"):
        read_scores(ending.join(lines).encode(), "a.csv")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace(",7,7,", ',"7,7,', 1), "line 3 opens a quotation mark that is never closed"),
        (
            lambda text: text.replace("\n007,1e5,,2.1,", '\n"007,1e5,,2.1,').replace("\n007,1e5,,1e5,", '\n"', 1),
            "line 6 opens a quotation mark that is never closed",
        ),
        (lambda text: text.replace(",7,7,", ',"7" mass,7,', 1), "line 3 has a cell that goes on after its closing"),
        (lambda text: text.replace(",7,7,", ', "7" mass,7,', 1), "line 3 has a cell that goes on after its closing"),
        (lambda text: "\n" + text.replace("label,", '"label"2,', 1), "line 2 has a cell that goes on after"),
        (lambda text: text.replace("label,", "patient_id,", 1), "two columns are called 'patient_id'"),
        (lambda text: text.replace(",0.0,1.0", ",False,True", 1), "line 2 has 'False' in the column p"),
        (lambda text: "a,b", "a.csv"),
        (lambda text: "\n,,\n", "it is empty"),
        (lambda text: ",".join(map(str, range(9000))) + "\n1" * 9000, "at most 20,000,000 cells"),
    ],
)  # fmt: skip
def test_a_table_that_would_be_misread_is_refused(change, message: str) -> None:
    text = as_csv(named_like_numbers().drop(columns=["image_id"])).decode()
    with pytest.raises(ResultsError, match=message):
        read_scores(change(text).encode(), "a.csv")


def repeated_text(n: int, text: str) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([text]))


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (lambda: {"label": repeated_text(1_000, "x" * 10_000)}, {}, "at most 3 MB, but got 10"),
        (lambda: {"label": repeated_text(1_000, "x" * 10_000)}, {"store_schema": False}, "at most 3 MB, but got 10"),
        (lambda: {"label": pa.array(["y" * 800_000] * 4)}, {"compression": "zstd", "use_dictionary": False}, "3 MB"),
        (lambda: {"x0": pa.array(np.zeros(210_000, np.int8))}, {}, "at most 200,000 cells, but got 210,000"),
        (lambda: {"x0": pa.array([None] * 1000, pa.list_(pa.float32(), 10_000))}, {}, "cells, but got 10,000,000"),
        (lambda: {"x0": pa.array([[1.0]])}, {}, "columns of numbers and of texts"),
    ],
)
def test_parquet_that_would_become_too_large_is_refused_before_it_is_read(
    columns: Callable[[], dict[str, pa.Array]],
    options: dict[str, object],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = io.BytesIO()
    pq.write_table(pa.table(columns()), content, **options)
    assert len(content.getvalue()) < 20_000
    monkeypatch.setattr("vpe_core.results.exchange.score_tables.MAX_BYTES", 3_000_000)
    monkeypatch.setattr("vpe_core.results.exchange.score_tables.MAX_CELLS", 200_000)
    monkeypatch.setattr(pd, "read_parquet", lambda *_: pytest.fail("it was read"))
    with pytest.raises(ResultsError, match=message):
        read_scores(content.getvalue(), "a.parquet")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a" + b"," * 30_000, "at most 20,000 columns, but got 30,001"),
        (b"a" * 5_000_000, "headings do not end"),
        (b"dataset,label\na," + b"x" * 5_000_000, "line 2 has more than 4 million characters"),
    ],
)
def test_a_csv_of_few_enormous_cells_or_countless_columns_is_refused_in_a_short_sentence(
    data: bytes, message: str
) -> None:
    with pytest.raises(ResultsError, match=message) as refused:
        read_scores(data, "a.csv")
    assert len(str(refused.value)) < 300


def test_columns_that_no_table_of_scores_has_may_hold_documents(scores: pd.DataFrame) -> None:
    content = scores.assign(report="x" * 6_000).to_csv(index=False).encode()
    assert read_scores(content, "a.csv")[0].variants


@pytest.mark.parametrize(
    ("written", "wanted"), [("circle/red/1", "circle/red/1/paper"), ("bbox/red/01/paper", "bbox/red/1/paper")]
)
def test_a_variant_that_is_written_otherwise_is_told_how(scores: pd.DataFrame, written: str, wanted: str) -> None:
    with pytest.raises(ResultsError, match=f"Write '{wanted}'"):
        read_scores(scores.assign(variant=written).drop_duplicates("sample_id").to_csv(index=False).encode(), "a.csv")


def test_parquet_with_a_document_for_a_label_is_refused_in_a_short_sentence(scores: pd.DataFrame) -> None:
    with pytest.raises(ResultsError, match=r"line 2 has a text of 6,000 characters") as refused:
        read_scores(as_parquet(scores.assign(label="x" * 6_000)), "a.parquet")
    assert len(str(refused.value)) < 300


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
        (lambda scores: changed(scores, **{"p(mass)": "40%"}), r"line 2 has '40%' in the column p\(mass\), which"),
        (lambda scores: changed(scores, **{"p(mass)": True}), r"line 2 has 'True' in the column p\(mass\)"),
        (lambda scores: as_csv(scores).decode().encode("utf-16"), "looks like UTF-16. Save it as CSV in UTF-8"),
        (lambda scores: changed(scores, label="é").decode().encode("latin-1"), "UTF-8, but .* Save it as CSV in UTF-8"),
        (lambda scores: b"\n" + as_csv(scores).replace(b"\n", b'\n\n"', 1), "line 4 opens a quotation mark that is"),
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


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (lambda text: text.str.encode("utf-8"), "{}"),
        (lambda text: text.str.encode("utf-8").astype("category"), "{}"),
        (
            lambda text: text.str.encode("utf-16"),
            "column sample_id of a.parquet, but line 2 holds bytes",
        ),
        (lambda text: text.where(text != text.iloc[3], None), "no sample_id in line 5"),
        (lambda text: text.map(lambda name: [name]), "columns of numbers and of texts"),
        (lambda text: text.map(lambda name: {"name": name}), "columns of numbers and of texts"),
        (lambda text: pd.to_datetime(text.str[1:].astype(int), unit="D"), "1970-01-{:02d}"),
        (lambda text: text.str[1:].map(decimal.Decimal), "{:d}"),
    ],
)
def test_identifiers_of_every_type_of_parquet(scores: pd.DataFrame, kind, expected: str) -> None:
    table = scores[scores["sample_id"].isin(["s1", "s2", "s3", "s4", "s5", "s6"])].reset_index(drop=True)
    data = as_parquet(table.assign(sample_id=kind(table["sample_id"])))
    if "{" not in expected:
        with pytest.raises(ResultsError, match=expected):
            read_scores(data, "a.parquet")
        return
    (loaded,) = read_scores(data, "a.parquet")
    names = table["sample_id"].drop_duplicates()
    of = [name if expected == "{}" else int(name[1:]) + ("70" in expected) for name in names]
    assert list(loaded.samples["sample_id"]) == [expected.format(name) for name in of]


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
