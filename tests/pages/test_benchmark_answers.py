"""What the benchmark page says at its top: for every selection, and what it must not say in silence."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_benchmark import table_of
from tests.pages.test_pages import open_app
from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun, store
from vpe_core.results.analysis.numerals import interval_text, signed_text
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import paper_rows
from vpe_core.results.analysis.scores import Evaluation
from vpe_core.results.analysis.tables import paper_table
from vpe_core.results.exchange.score_tables import scores_table
from vpe_core.settings import get_settings

PAGE = "pages/benchmark.py"


def keep(folder: Path, monkeypatch: pytest.MonkeyPatch, *runs: MemoryRun) -> None:
    for run in runs:
        store(run, folder / run.manifest.dataset.name / run.manifest.model.name)
    monkeypatch.setenv("VPE_RESULTS_DIR", str(folder))
    get_settings.cache_clear()


def headline(app: AppTest) -> list[str]:
    assert not app.exception
    assert not app.error
    return [unescape(line) for line in re.findall(r"<li><bdi>(.*?)</bdi></li>", table_of(app))]


def boxes(app: AppTest) -> str:
    return " ".join(box.value for box in app.warning).replace("\\", "")


def test_each_data_set_and_model_that_is_shown_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weak = {"none": 0.12, "circle/red/1/paper": 0.12}
    runs = [
        MemoryRun(PAPER_STRENGTHS, name="first-set"), MemoryRun(PAPER_STRENGTHS, name="second-set", seed=1),
        MemoryRun(weak, name="first-set", model="zero"),
    ]  # fmt: skip
    keep(tmp_path, monkeypatch, *runs)
    lines = headline(open_app(PAGE, {"model": ["tiny", "zero"]}))  # type: ignore[dict-item]
    table = paper_table([runs[0], runs[2], runs[1]], Question(suffix=True), rows=paper_rows())
    first, _, second = (one for _, one in table[table["row"] == "circle"].iterrows())

    def said(line) -> str:  # type: ignore[no-untyped-def]
        ends = interval_text(line["gain_low"], line["gain_high"], signed=True)
        return f"{signed_text(line['gain'])} {ends} on {line['dataset']}"

    assert lines[0].startswith("tiny: ")
    assert said(first) in lines[0]
    assert said(second) in lines[0]
    assert re.fullmatch(r"zero: \S+ \[.*\] on first-set \(not clear\)", lines[1])


def test_a_class_that_a_data_set_lacks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = MemoryRun(PAPER_STRENGTHS, name="first-set")
    samples = first.samples.replace({"label": {"mass": "pacemaker"}})
    keep(tmp_path, monkeypatch, first, MemoryRun(PAPER_STRENGTHS, name="second-set", samples=samples))
    assert "second-set has no mass." in headline(open_app(PAGE, {"class": "mass"}))


def test_few_samples_are_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tmp_path, monkeypatch, MemoryRun(PAPER_STRENGTHS, name="few", n_patients=6, per_patient=1))
    app = open_app(PAGE)
    assert "tiny on few: 6 samples: too few to tell." in boxes(app)
    assert "6 samples: too few to tell</small>" in table_of(app)
    assert not re.search("vpl-best|vpl-gain|vpl-loss", table_of(app))
    said = [unescape(str(one.body)) for one in app.get("html")]
    assert any("<bdi>6 samples: too few to tell. On few, a red circle moves" in one for one in said)
    assert any("; 6 samples: too few to tell.</bdi>" in one for one in said)
    assert any(
        "6 samples: too few to tell how much of a gain is only what the circle gives away" in one for one in said
    )


def test_a_model_out_of_its_domain_has_a_banner_and_muted_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = MemoryRun(PAPER_STRENGTHS, name="real-set", model="simclip")
    changed = run.manifest.dataset.model_copy(update={"simulated": False})
    run.manifest = run.manifest.model_copy(update={"dataset": changed})
    keep(tmp_path, monkeypatch, run)
    app = open_app(PAGE)
    assert not app.exception
    assert "has seen only simulated X-rays" in boxes(app)
    assert "out of its domain</span>" in table_of(app)
    cells = re.findall(r'<td class="(vpl-is-[^"]*)"', table_of(app))
    assert cells
    assert all("vpl-astray" in kinds for kinds in cells)


def test_a_loaded_table_has_no_empty_rows_and_no_raw_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tmp_path, monkeypatch, MemoryRun(PAPER_STRENGTHS, name="first-set"))
    run = MemoryRun(PAPER_STRENGTHS, name="their-set", model="theirs")
    table = scores_table([run], paper_rows(suffixes=(False,)), Question(), Evaluation(0))
    app = open_app(PAGE)
    app.file_uploader(key="bench_file").set_value(("theirs.csv", table.to_csv(index=False).encode(), "")).run()
    assert not app.exception
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td>', table_of(app))
    assert rows == [(name, "–") for name in ("no marker", "crop", "arrow", "box", "circle")]
    everything = " ".join([table_of(app), boxes(app), *(str(one.value) for one in app.caption)])
    assert "/red/" not in everything


def test_data_sets_have_readable_heads_and_links_keep_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, monkeypatch, MemoryRun(PAPER_STRENGTHS, name="sim-shift"))
    app = open_app(PAGE, {"data": "sim-shift"})
    assert not app.exception
    assert 'title="sim-shift"><bdi>Portable X-rays (unseen look)</bdi>' in table_of(app)
    assert app.multiselect(key="data").value == ["sim-shift"]
    assert "n = 120" in table_of(app)
