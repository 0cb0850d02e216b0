"""Ensembles on the benchmark page: off by default, switched on by a filter or the address."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_benchmark import PAGE, sentence_of, table_of
from tests.pages.test_pages import open_app
from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun, store
from tests.results.test_importer import write_experiment
from vpe_core.results.analysis.rows import ensemble_rows, paper_rows
from vpe_core.results.analysis.tables import paper_table
from vpe_core.results.exchange.importer import import_experiments
from vpe_core.settings import get_settings

TITLES = ["marker ensemble", "marker ensemble", "crop + full image"]


@pytest.fixture(autouse=True)
def with_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store(MemoryRun(PAPER_STRENGTHS, name="first-set"), tmp_path / "results" / "first-set" / "tiny")
    monkeypatch.setenv("VPE_RESULTS_DIR", str(tmp_path / "results"))
    get_settings.cache_clear()


def ensembles_in(app: AppTest) -> list[str]:
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>', table_of(app))
    return [row for row in rows if row in TITLES]


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption).replace("\\", "")


@pytest.mark.parametrize("chart", ["Bars", "Attention"])
def test_they_stand_in_table_and_charts_beside_an_unchanged_answer(chart: str) -> None:
    app = open_app(PAGE, {"chart": chart})
    assert not app.exception
    assert ensembles_in(app) == []
    before = sentence_of(app)
    app.segmented_control(key="ensembles").set_value("mean embedding").run()
    assert not app.exception
    assert not app.error
    assert ensembles_in(app) == TITLES
    assert sentence_of(app) == before
    rows = (*paper_rows(), *ensemble_rows("embedding"))
    expected = paper_table([MemoryRun(PAPER_STRENGTHS, name="first-set")], rows=rows, n_resamples=0)
    for value in expected["value"][-3:]:
        assert f"{value:.3f}" in table_of(app)
    assert "Marker ensemble: mean embedding of arrow, box and circle." in captions(app)
    figures = [json.loads(element.proto.spec) for element in app.get("plotly_chart")]
    assert {*TITLES, "marker ensemble + suffix"} <= set(figures[0]["layout"]["yaxis"]["ticktext"])  # the forest plot
    if chart == "Bars":
        assert {*TITLES, "marker ensemble + suffix"} <= {bar.get("name") for bar in figures[-1]["data"]}


def test_the_address_switches_them_on_and_nonsense_leaves_them_off() -> None:
    app = open_app(PAGE, {"ensembles": "mean score", "suffix": "without"})
    assert not app.exception
    assert ensembles_in(app) == ["marker ensemble", "crop + full image"]
    assert "mean score of crop and full image" in captions(app)
    for nonsense in ("<script>", "embedding", "x" * 5000, ""):
        app = open_app(PAGE, {"ensembles": nonsense})
        assert not app.exception
        assert not app.error
        assert ensembles_in(app) == []


def test_probabilities_alone_have_no_mean_embedding_and_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for look in (("None",), ("crop",), *((name, "red", "1") for name in ("arrow", "bbox", "circle"))):
        write_experiment(tmp_path / "experiments", "NIH14", "BIOMEDCLIPMODEL", *look)
    import_experiments(tmp_path / "experiments", tmp_path / "official")
    monkeypatch.setenv("VPE_RESULTS_DIR", str(tmp_path / "official"))
    get_settings.cache_clear()
    app = open_app(PAGE, {"ensembles": "mean embedding"})
    assert not app.exception
    assert "holds probabilities, no embeddings: an ensemble can only be the mean score" in unescape(table_of(app))
    assert "an ensemble can only be the mean score." in captions(app)
    app.segmented_control(key="ensembles").set_value("mean score").run()
    assert not app.exception
    assert "no embeddings" not in table_of(app)
