"""Cases on the benchmark page, and what links, other pages and other people's runs may leave on it."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

from dashboard.benchmark.cases import case_words
from dashboard.benchmark.table import look_of
from tests.pages.test_benchmark import PAGE, results, table_of, with_results
from tests.pages.test_pages import open_app
from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun, store
from vpe_core.settings import get_settings
from vpe_core.variants import Variant

__all__ = ["results", "with_results"]


def test_cases_are_numbers_where_the_xrays_are_not_here() -> None:
    app = open_app(PAGE, {"data": "first-set"})
    assert any("not on this machine" in caption.value for caption in app.caption)
    cases = [str(element.body) for element in app.get("html") if 'class="vpl-case"' in str(element.body)]
    assert len(cases) == 10
    assert re.search(r"\d+% → (&gt;)?\d+%</b> <span class=\"vpl-gain\">\+\d+ points", cases[0])


def test_a_case_is_told_in_the_figures_that_the_live_demo_shows() -> None:
    case = pd.Series({"label": "mass", "before": 0.2851, "after": 0.0449, "said_before": "a", "said_after": "a"})
    said = unescape(case_words(pd.Series({**case, "change": -0.2402}), in_percent=True))
    assert "29% → 4%" in said
    assert "−25 points" in said  # that of the whole percents beside it
    sure = pd.Series({**case, "before": 0.001, "after": 0.999, "change": 0.998})
    assert "<1% → >99%" in unescape(case_words(sure, in_percent=True))


def test_the_folded_prompt_tells_its_words_and_a_sentence_has_no_capital_in_its_midst() -> None:
    app = open_app(PAGE, {"data": "first-set", "metric": "Accuracy", "prompt": "An image of {class}"})
    assert "Prompt: An image of {class}" in [one.label.replace("\\", "") for one in app.expander]
    assert "tiny's accuracy" in unescape(table_of(app))
    app.selectbox(key="prompt").set_value("as in the paper").run()
    assert "Prompt: A chest x-ray with signs of {class}." in [one.label.replace("\\", "") for one in app.expander]
    assert look_of(Variant("blur", "red", None, "paper")) == "blurring the surroundings"


def test_an_ensemble_that_comes_back_by_its_title_is_no_typed_prompt() -> None:
    app = open_app(PAGE, {"data": "first-set", "suffix": "without"})
    app.selectbox(key="prompt").set_value("average of 5 report phrasings").run()
    app.multiselect(key="data").set_value(["second-set"]).run()
    app.selectbox(key="marker").set_value("arrow").run()
    assert not app.error
    assert "vs the paper's prompt" in unescape(table_of(app))


def test_another_pages_part_of_the_address_goes_and_a_second_link_is_checked_too() -> None:
    app = open_app(PAGE, {"sample": "case_a", "width": "6", "model": "simclip", "marks": "circle:1,2,30,40"})
    assert not app.warning
    assert not app.query_params
    app.switch_page("pages/overview.py").run()
    app.switch_page(PAGE)
    app.query_params["metric"] = "beauty"
    assert "beauty" in str([one.value for one in app.run().warning])


def test_somebodys_new_results_do_not_change_what_is_shown_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(MemoryRun(PAPER_STRENGTHS, name="our-set"), tmp_path / "home/results/benchmark/our-set/tiny")
    store(MemoryRun(PAPER_STRENGTHS, name="a-set"), tmp_path / "results/a-set/tiny")
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("VPE_RESULTS_DIR", str(tmp_path / "results"))
    get_settings.cache_clear()
    app = open_app(PAGE)
    assert app.multiselect(key="data").value == ["our-set"]
    assert list(app.multiselect(key="data").options) == ["our-set", "a-set"]


def test_cases_are_sorted_filtered_and_counted() -> None:
    app = open_app(PAGE, {"data": "first-set", "cases_order": "Largest loss", "cases": "20"})
    assert not app.exception
    assert not app.warning

    def cases() -> list[str]:
        return [str(one.body) for one in app.get("html") if 'class="vpl-case"' in str(one.body)]

    assert len(cases()) == 20
    assert re.search(r"−\d+ points", cases()[0])
    app.toggle(key="flips").set_value(True).run()
    assert all("→" in case.split("said")[1] for case in cases())
    app.selectbox(key="cases_class").set_value("nodule").run()
    assert {re.findall("<bdi>(.*?)</bdi>", case)[0] for case in cases()} == {"nodule"}
    app.segmented_control(key="cases_order").set_value("Class").run()
    assert not app.exception
