"""Rows compared on the page: any two, in a sentence with the numbers of the library, and in the address."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import open_app
from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun, store
from vpe_core.results.analysis.numerals import interval_text, number_text, p_text
from vpe_core.results.analysis.pairs import Side, compare_all, compare_sides
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow, paper_rows
from vpe_core.results.analysis.scores import Evaluation
from vpe_core.settings import get_settings
from vpe_core.variants import Variant

PAGE = "pages/benchmark.py"
CIRCLE, ARROW = (TableRow(Variant.parse(f"{name}/red/1/paper")) for name in ("circle", "arrow"))


def keep(folder: Path, monkeypatch: pytest.MonkeyPatch, *runs: MemoryRun) -> None:
    for run in runs:
        store(run, folder / run.manifest.dataset.name / run.manifest.model.name)
    monkeypatch.setenv("VPE_RESULTS_DIR", str(folder))
    get_settings.cache_clear()


def compared(app: AppTest) -> str:
    assert not app.exception
    assert not app.error
    (found,) = [str(one.body) for one in app.get("html") if 'class="vpl-compared"' in str(one.body)]
    sentence = re.search(r"<bdi>(.*?)</bdi>", found)
    assert sentence
    return unescape(sentence[1])


def test_any_two_rows_are_compared_with_the_numbers_of_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = MemoryRun(PAPER_STRENGTHS)
    keep(tmp_path, monkeypatch, run)
    app = open_app(PAGE)
    assert compared(app).startswith("On made-up, circle ")  # the leading marker against the next best
    assert app.selectbox(key="against").value.startswith("box")
    app.selectbox(key="against").set_value("no marker on made-up, tiny").run()
    others = [Side(run, row) for row in paper_rows() if row != CIRCLE]
    pair = compare_all(Side(run, CIRCLE), others, Question(suffix=True), Evaluation(2000))[0]
    expected = (
        f"circle beats no marker by {number_text(pair.difference.interval.value)} {interval_text(*pair.ends)} "
        f"in macro AUROC ({number_text(pair.value)} against {number_text(pair.other_value)}); "
        f"{p_text(pair.p_corrected)} after correction for 7 comparisons."
    )
    assert compared(app) == f"On made-up, {expected}"
    linked = open_app(PAGE, {"compare": "no marker on made-up, tiny", "against": "circle on made-up, tiny"})
    assert "no marker is worse than circle by" in compared(linked)  # the one that is asked about comes first
    app.selectbox(key="marker").set_value("bbox").run()
    assert app.selectbox(key="compare").value == "box on made-up, tiny"  # what nobody has chosen follows the filters
    assert app.selectbox(key="against").value == "no marker on made-up, tiny"


@pytest.mark.parametrize(("per_patient", "test"), [(1, "DeLong"), (4, "bootstrap")])
def test_on_one_class_delongs_test_counts_where_samples_are_independent(
    per_patient: int, test: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strong, weak = PAPER_STRENGTHS, {"none": 0.12, "circle/red/1/paper": 0.12}
    runs = [
        MemoryRun(strengths, model=model, n_patients=120 // per_patient, per_patient=per_patient)
        for model, strengths in (("tiny", strong), ("zero", weak))
    ]
    keep(tmp_path, monkeypatch, *runs)
    app = open_app(PAGE, {"class": "mass", "model": ["tiny", "zero"]})  # type: ignore[dict-item]
    app.selectbox(key="against").set_value("circle on made-up, zero").run()
    assert "circle with tiny beats circle with zero by" in compared(app)
    assert " in AUROC for mass (" in compared(app)
    (pairs,) = [str(one.body) for one in app.get("html") if 'aria-label="Comparisons"' in str(one.body)]
    titles = re.findall(r'<th scope="row"><bdi>(.*?)</bdi>', pairs)
    assert {"no marker", "arrow", "circle named in the prompt", "circle with zero"} <= set(titles)
    assert set(re.findall(r"<td>([A-Za-z ]+)</td></tr>", pairs)) == {test}
    assert pairs.count("vpl-chosen") == 1


def test_different_data_sets_are_unpaired_and_those_with_other_classes_are_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = MemoryRun(PAPER_STRENGTHS, name="first-set"), MemoryRun(PAPER_STRENGTHS, name="second-set", seed=1)
    samples = one.samples.replace({"label": {"mass": "pacemaker"}})
    keep(tmp_path, monkeypatch, one, other, MemoryRun(PAPER_STRENGTHS, name="third-set", samples=samples))
    app = open_app(PAGE, {"against": "circle on second-set, tiny"})
    pair = compare_sides(Side(one, CIRCLE), Side(other, CIRCLE), Question(suffix=True), Evaluation(2000))
    assert compared(app).startswith("On different X-rays, so unpaired: circle on ")
    assert number_text(abs(pair.difference.interval.value)) in compared(app)
    app.selectbox(key="against").set_value("circle on third-set, tiny").run()
    assert "answer different questions" in compared(app)


def test_a_link_to_a_row_that_is_not_there_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tmp_path, monkeypatch, MemoryRun(PAPER_STRENGTHS))
    app = open_app(PAGE, {"against": "halo on made-up, tiny"})
    assert "halo on made-up, tiny" in " ".join(box.value for box in app.warning).replace("\\", "")
    assert compared(app).startswith("On made-up, circle ")


def test_a_class_that_only_the_second_data_set_has_is_answered_by_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = MemoryRun(PAPER_STRENGTHS, name="first-set", n_patients=20)
    samples = first.samples.replace({"label": {"mass": "pacemaker"}})
    keep(tmp_path, monkeypatch, first, MemoryRun(PAPER_STRENGTHS, name="second-set", samples=samples))
    app = open_app(PAGE, {"class": "pacemaker"})
    assert not app.exception
    assert not app.error
    (table,) = [str(one.body) for one in app.get("html") if 'class="vpl-finding"' in str(one.body)]
    assert "On second-set, a red circle lifts" in table
