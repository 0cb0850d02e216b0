"""Files of results on the benchmark page: loaded, downloaded, refused and forgotten."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from tests.pages.test_benchmark import PAGE, results, said, sentence_of, table_of, with_results
from tests.pages.test_pages import open_app
from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun, store
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import paper_rows
from vpe_core.results.analysis.scores import Evaluation
from vpe_core.results.exchange.score_tables import scores_table
from vpe_core.settings import get_settings

__all__ = ["results", "with_results"]


@pytest.mark.parametrize("name", ["scores.parquet", "scores", "1.2.840.1"])
def test_loaded_results_are_shown_at_once_whatever_the_file_is_called(name: str) -> None:
    run = MemoryRun(PAPER_STRENGTHS, name="their-set", model="theirs")
    table = scores_table([run], paper_rows(), Question(), Evaluation(0))
    app = open_app(PAGE)
    app.file_uploader(key="bench_file").set_value((name, table.to_parquet(index=False), "")).run()
    assert not app.exception
    assert (app.multiselect(key="data").value, app.multiselect(key="model").value) == (
        ["their-set"],
        [f"theirs ({name})"],
    )
    assert "On their-set, a red circle lifts" in sentence_of(app)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_downloaded_probabilities_show_the_same_when_they_are_loaded_whatever_the_classes_are_called(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, template = {"mass": "a lump in the mass of the lung"}, "Film of {class}{suffix}"
    run = MemoryRun(PAPER_STRENGTHS, name="own-set", class_words=words, template=template)
    store(run, tmp_path / "own-set" / "tiny")
    monkeypatch.setenv("VPE_RESULTS_DIR", str(tmp_path))
    get_settings.cache_clear()
    table = scores_table([run], paper_rows(), Question(suffix=True), Evaluation(0))
    data = table.to_csv().encode() if ending == "csv" else table.to_parquet(index=False)
    app = open_app(PAGE, {"suffix": "without"})  # the other rows' phrasings are not stored
    before = sentence_of(app)
    app.file_uploader(key="bench_file").set_value((f"mine.{ending}", data, "")).run()
    assert not app.exception
    assert app.multiselect(key="model").value == [f"tiny (mine.{ending})"]
    numbers = re.findall(r"from [\d.]+ to [\d.]+ \(\S+", before)
    assert re.findall(r"from [\d.]+ to [\d.]+ \(\S+", sentence_of(app)) == numbers
    assert app.selectbox(key="prompt").disabled
    app.multiselect(key="model").set_value(["tiny", f"tiny (mine.{ending})"]).run()
    assert not app.exception
    assert app.text_input(key="say mass").placeholder == words["mass"]
    assert "cannot be changed" not in unescape(table_of(app))
    app.text_input(key="say mass").set_value(words["mass"]).run()  # the paper's own words
    assert "vs the paper's prompt" not in unescape(table_of(app))
    app.selectbox(key="prompt").set_value("reports").run()
    assert "cannot be changed" in unescape(table_of(app))


def test_forgetting_loaded_results_leads_back_to_what_was_shown_before() -> None:
    run = MemoryRun(PAPER_STRENGTHS, name="their-set", model="theirs")
    data = scores_table([run], paper_rows(), Question(), Evaluation(0)).to_parquet(index=False)
    app = open_app(PAGE, {"data": "second-set"})
    before = sentence_of(app)
    for name in ("a.parquet", "b.parquet"):
        app.file_uploader(key="bench_file").set_value((name, data, "")).run()
    app.file_uploader(key="bench_file").set_value(("bad.csv", b"c\n1\n", "")).run()
    assert "are missing" in said(app)
    captions = " ".join(caption.value for caption in app.caption).replace("\\", "")
    assert "theirs (a.parquet) on their-set, theirs (b.parquet) on their-set" in captions
    app.multiselect(key="model").set_value(["tiny"]).run()
    app.button(key="bench_show_loaded").click().run()
    assert app.multiselect(key="model").value == ["theirs (a.parquet)", "theirs (b.parquet)"]
    app.button(key="bench_forget").click().run()
    assert not app.exception
    assert not app.error
    assert (app.multiselect(key="data").value, app.multiselect(key="model").value) == (["second-set"], ["tiny"])
    assert sentence_of(app) == before
    assert app.file_uploader(key="bench_file1").value is None


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("IM000001", b"\0" * 128 + b"DICM", "IM000001 is neither"),
        ("book.csv", b"PK\3\4....[Content_Types].xml", "is an Excel file; save it as CSV"),
        ("none.zip", b"", "is empty"),
        ("run", b"PK\3\4", "is no ZIP file"),
        ("notes.zip", b"a,b\n1,2\n", "are missing"),
    ],
)
def test_a_file_of_another_kind_is_refused_in_words_until_the_next_one_comes(
    name: str, data: bytes, words: str
) -> None:
    app = open_app(PAGE, {"data": "first-set"})
    app.file_uploader(key="bench_file").set_value((name, data, "")).run()
    assert not app.exception
    assert words in said(app)
    app.file_uploader(key="bench_file").set_value(("other.csv", b"c\n1\n", "")).run()
    assert words == "are missing" or words not in said(app)
    app.file_uploader(key="bench_file").clear().run()
    assert said(app) == ""
