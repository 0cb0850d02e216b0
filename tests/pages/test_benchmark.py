"""The benchmark page through Streamlit's own test runner, on made-up results in the results folder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import imports, link_of, open_app
from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun, store
from tests.results.test_importer import write_experiment
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.tables import paper_table
from vpe_core.results.exchange.importer import import_experiments
from vpe_core.settings import get_settings

PAGE = "pages/benchmark.py"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    for name in ("first-set", "second-set"):
        store(MemoryRun(PAPER_STRENGTHS, name=name, seed=len(name)), folder / name / "tiny")
    store(
        MemoryRun({"none": 0.12, "circle/red/1/paper": 0.12}, name="first-set", model="zero"),
        folder / "first-set/zero",
    )
    return folder


@pytest.fixture(autouse=True)
def with_results(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_RESULTS_DIR", str(results))
    get_settings.cache_clear()


def table_of(app: AppTest) -> str:
    return next(str(element.body) for element in app.get("html") if "vpl-results" in str(element.body))


def sentence_of(app: AppTest) -> str:
    found = re.search(r'<p class="vpl-finding"[^>]*><bdi>(.*?)</bdi>', table_of(app))
    assert found
    return unescape(found[1])


def said(app: AppTest) -> str:
    """All errors, as plain text."""
    return " ".join(error.value for error in app.error).replace("\\", "")


def test_the_sentence_and_the_table_hold_the_numbers_of_the_results() -> None:
    app = open_app(PAGE)
    assert not app.exception
    expected = paper_table([MemoryRun(PAPER_STRENGTHS, name="first-set", seed=9)], Question()).set_index("row")
    circle = expected.loc["circle"]
    sentence = sentence_of(app)
    assert f"from {expected.loc['none', 'value']:.3f} to {circle['value']:.3f} (+{circle['gain']:.3f} [" in sentence
    assert f"the same circle reaches {circle['elsewhere']:.3f}" in sentence
    table = table_of(app)
    assert table.count('class="vpl-control"') == 3  # random place, X-ray without the finding, another patient
    assert table.count('<span class="vpl-pill">simulated</span>') == 3  # beside the sentence and each data set


def test_filters_come_from_the_address_and_change_the_table() -> None:
    app = open_app(PAGE, {"data": "second-set", "metric": "MCC", "marker": "arrow"})
    assert not app.exception
    assert app.multiselect(key="data").value == ["second-set"]
    assert "a red arrow lifts tiny's MCC" in sentence_of(app)
    app.selectbox(key="marker").set_value("bbox").run()
    app.selectbox(key="metric").set_value("auroc").run()
    app.selectbox(key="class").set_value("mass").run()
    assert "a red box lifts tiny's AUROC for mass" in sentence_of(app)


def test_an_address_that_makes_no_sense_shows_the_defaults() -> None:
    app = open_app(
        PAGE, {"data": "nowhere", "metric": "beauty", "marker": "<script>", "class": "x" * 5000, "chart": "?"}
    )
    assert not app.exception
    assert "On first-set, a red circle lifts tiny's macro AUROC" in sentence_of(app)
    (box,) = warnings_of(app)
    assert "x" * 50 not in box


def test_a_marker_that_does_nothing_is_said_to_do_nothing() -> None:
    app = open_app(PAGE, {"model": "zero"})
    assert not app.exception
    assert "does not clearly change zero's macro AUROC" in sentence_of(app)
    assert any("was not measured here" in info.value for info in app.info)


def test_models_stand_side_by_side() -> None:
    app = open_app(PAGE)
    app.multiselect(key="model").set_value(["tiny", "zero"]).run()
    assert not app.exception
    assert table_of(app).count('scope="colgroup"') == 3


def warnings_of(app: AppTest) -> list[str]:
    return [warning.value.replace("\\", "") for warning in app.warning]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data", "nosuch"), ("model", "nosuch"), ("marker", ""), ("metric", ""), ("width", "99 px"), ("protocol", "x"),
        ("rows", "zz"), ("scoring", "zz"), ("ensembles", "zz"), ("label", "nosuch"), ("class", "x"), ("color", "green"),
        ("suffix", "x"), ("named", "maybe"), ("intervals", "maybe"), ("chart", "x"), ("say nosuch", "x"),
    ],
)  # fmt: skip
def test_what_of_a_link_is_not_here_is_said_until_something_else_is_chosen(name: str, value: str) -> None:
    app = open_app(PAGE, {name: value, "utm_source": "letter"})
    assert not app.exception
    (box,) = warnings_of(app)
    assert f"“{name if name in ('label', 'say nosuch') else value}”" in box
    assert "utm" not in box
    assert "On first-set, a red circle lifts" in sentence_of(app)
    assert warnings_of(app.run()) == [box]
    app.selectbox(key="marker").set_value("arrow").run()
    assert not warnings_of(app)


def test_all_that_is_missing_of_a_link_stands_in_one_box_and_a_good_link_has_none() -> None:
    app = open_app(PAGE, {"data": "nosuch", "model": "nosuch", "marker": "zz", "metric": "zz", "width": "zz"})
    (box,) = warnings_of(app)
    assert "data set “nosuch”, model “nosuch”, marker “zz”, metric “zz”, width “zz”" in box
    good = {"data": "first-set", "marker": "arrow", "metric": "MCC", "rows": "", "named": "true", "say mass": "a lump"}
    assert not warnings_of(open_app(PAGE, good))


def test_a_link_may_spell_names_in_other_ways() -> None:
    app = open_app(PAGE, {"metric": "balanced-accuracy", "marker": "BBox", "color": "Red"})
    assert not warnings_of(app)
    assert "On first-set, a red box lifts tiny's balanced accuracy" in sentence_of(app)
    assert link_of(app) == {"metric": "Balanced accuracy", "marker": "box"}


def test_a_marker_that_one_of_the_results_lacks_is_said_once_in_words_and_one_click_leads_to_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    green = {**PAPER_STRENGTHS, "circle/green/1/paper": 0.5}
    store(MemoryRun(PAPER_STRENGTHS, name="first-set"), tmp_path / "first-set" / "tiny")
    store(MemoryRun(green, name="second-set"), tmp_path / "second-set" / "tiny")
    monkeypatch.setenv("VPE_RESULTS_DIR", str(tmp_path))
    get_settings.cache_clear()
    for button, sentence in (
        ("bench_offer_look", "On first-set, a red circle lifts"),
        ("bench_offer_results", "On second-set, a green circle"),
    ):
        app = open_app(PAGE, {"color": "green"})
        assert not app.exception
        (info,) = app.info
        assert info.value.replace("\\", "") == "On first-set, a green circle was not measured with tiny."
        assert "vpl-finding" not in table_of(app)
        everything = " ".join(str(one.value) for one in (*app.caption, *app.warning, *app.error))
        assert "circle/green" not in everything
        assert "green circle" not in everything
        assert "Not measured (tiny on first-set, tiny on second-set): " in everything.replace("\\", "")
        assert not app.get("plotly_chart")
        app.button(key=button).click().run()
        assert not app.exception
        assert sentence_of(app).startswith(sentence)


def test_nothing_chosen_is_said_in_words() -> None:
    app = open_app(PAGE)
    app.multiselect(key="model").set_value([]).run()
    assert not app.exception
    assert "Choose a model to see results." in app.info[0].value


def test_a_combination_without_results_says_so_and_one_click_leads_back_with_all_other_filters_kept() -> None:
    app = open_app(PAGE, {"data": "second-set", "model": "zero", "metric": "MCC"})
    assert not app.exception
    assert "There are no results of zero on second-set." in app.info[0].value.replace("\\", "")
    offers = [one for one in app.button if (one.key or "").startswith("bench_offer")]
    assert [one.label.replace("\\", "") for one in offers] == ["Show zero on first-set", "Show tiny on second-set"]
    offers[1].click().run()
    assert not app.exception
    assert (app.multiselect(key="data").value, app.multiselect(key="model").value) == (["second-set"], ["tiny"])
    assert app.selectbox(key="metric").value == "mcc"
    assert "On second-set" in sentence_of(app)


def test_the_papers_prompt_stays_the_papers_when_data_sets_and_markers_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, template in (("first-set", "A chest x-ray with {class}{suffix}."), ("second-set", "{class}{suffix}")):
        store(MemoryRun(PAPER_STRENGTHS, name=name, template=template), tmp_path / name / "tiny")
    monkeypatch.setenv("VPE_RESULTS_DIR", str(tmp_path))
    get_settings.cache_clear()
    app = open_app(PAGE)
    prompt = app.selectbox(key="prompt")
    first = list(prompt.options)
    app.multiselect(key="data").set_value(["second-set"]).run()
    app.selectbox(key="marker").set_value("arrow").run()
    assert not app.exception
    assert not app.error
    # The browser keeps the option's words: other ones for the same prompt would come back as a typed prompt.
    assert list(app.selectbox(key="prompt").options) == first


@pytest.mark.parametrize(
    "chart", ["Bars", "ROC", "Precision and recall", "Reliability", "Confusion", "Box size", "Attention"]
)
def test_every_chart_is_drawn(chart: str) -> None:
    app = open_app(PAGE, {"chart": chart, "data": "first-set"})
    assert not app.exception
    assert not app.error
    figures = [json.loads(element.proto.spec) for element in app.get("plotly_chart")]
    assert len(figures) == 3  # and the controls of every marker, once somebody unfolds them
    assert all(element.proto.alt for element in app.get("plotly_chart"))
    assert figures[-1]["data"]


def test_a_metric_without_classes_and_a_scoring_without_probabilities_still_show_a_page() -> None:
    app = open_app(PAGE, {"metric": "MCC", "data": "first-set"})
    assert any("no value for a single class" in info.value.replace("\\", "") for info in app.info)
    app = open_app(PAGE, {"scoring": "cosine, each class alone", "chart": "Reliability", "data": "first-set"})
    assert not app.exception
    assert any("Expected probabilities" in info.value.replace("\\", "") for info in app.info)


def test_a_prompt_that_is_stored_is_asked_without_the_model() -> None:
    app = open_app(PAGE, {"data": "first-set", "suffix": "without"})
    app.selectbox(key="prompt").set_value("reports").run()
    assert not app.exception
    assert not app.error
    assert "vs the paper's prompt" in unescape(table_of(app))


@pytest.mark.parametrize(
    ("prompt", "message"),
    [("Film without a place for it", "needs {class}"), ("Film: {class} {oops}", "{oops}"), ("Film: {class}", "tiny")],
)
def test_a_prompt_that_cannot_be_asked_is_refused_and_the_papers_answer_stays(prompt: str, message: str) -> None:
    app = open_app(PAGE, {"data": "first-set", "prompt": prompt})
    assert not app.exception
    assert message in said(app)
    assert "On first-set, a red circle lifts" in sentence_of(app)


def test_a_prompt_of_ones_own_is_encoded_and_compared_with_the_papers(
    results: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The results come from the embedded model of the test's home, so that its text tower fits them."""
    from dashboard.frame.shared_models import served_model
    from vpe_core.models import load_model

    served_model.clear()
    model = load_model("simclip")

    class FromModel(MemoryRun):
        @staticmethod
        def encode(text: str):  # type: ignore[no-untyped-def]
            return model.encode_texts([text])[0]

    monkeypatch.setattr("tests.results.memory_run.WIDTH", model.dimension)
    store(FromModel(PAPER_STRENGTHS, name="own", model="simclip"), tmp_path / "own" / "simclip")
    monkeypatch.setenv("VPE_RESULTS_DIR", str(tmp_path))
    get_settings.cache_clear()
    app = open_app(PAGE, {"prompt": "Film of {class}", "say mass": "a large lump", "suffix": "without"})
    assert not app.exception
    assert not app.error
    assert "vs the paper's prompt" in unescape(table_of(app))
    assert re.search(r'class="vpl-is-prompt[^"]*" title="95% interval', table_of(app))


def test_no_torch_until_a_prompt_is_edited() -> None:
    assert not imports(
        "torch",
        PAGE,
        "app.selectbox(key='metric').set_value('auprc').run()",
        "app.selectbox(key='marker').set_value('arrow').run()",
        "assert 'vpl-results' in str([element.body for element in app.get('html')])",
    )


def test_provenance_tells_weights_data_and_date() -> None:
    app = open_app(PAGE, {"data": "first-set"})
    facts = next(str(element.body) for element in app.get("html") if "vpl-facts" in str(element.body))
    for fact in ("The set first-set", "30 patients", " UTC", "simulated X-rays", "0" * 64):
        assert fact in facts


def test_without_results_the_page_says_how_to_get_them(tmp_path: Path, change_settings: Callable[..., None]) -> None:
    change_settings(VPE_RESULTS_DIR=tmp_path)
    app = open_app(PAGE)
    assert not app.exception
    assert "no results here yet" in app.info[0].value
    assert app.code[0].value.startswith("python -m vpe_core benchmark run --dataset sim-multi --model simclip")


def test_results_of_the_official_code_stand_on_the_page_and_their_prompts_cannot_be_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = ("NIH14", "BIOMEDCLIPMODEL")
    for look in (("None",), ("crop",), ("bbox", "red", "1")):
        write_experiment(tmp_path / "experiments", *head, *look)
    import_experiments(tmp_path / "experiments", tmp_path / "results")
    monkeypatch.setenv("VPE_RESULTS_DIR", str(tmp_path / "results"))
    get_settings.cache_clear()
    app = open_app(PAGE, {"marker": "box"})
    assert not app.exception
    assert not app.error
    assert "On nih14, a red box" in sentence_of(app)
    assert "biomedclip's macro AUROC" in sentence_of(app)
    assert "simulated" not in table_of(app)
    assert app.selectbox(key="prompt").disabled
    assert "prompts cannot be changed" in " ".join(caption.value for caption in app.caption)
