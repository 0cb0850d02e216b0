"""The benchmark page's leak card: what a marker gives away, and the boxes of whole data sets."""

from __future__ import annotations

import shutil
from html import unescape

from streamlit.testing.v1 import AppTest

from tests.pages.test_benchmark import PAGE, results, with_results
from tests.pages.test_pages import open_app
from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun
from vpe_core.leaks import LabelledBoxes, LeakTable, TableSource, measure_leak
from vpe_core.results.analysis.leak_card import leak_card
from vpe_core.results.analysis.matched import matched
from vpe_core.results.analysis.numerals import number_text
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.exchange.leak_words import card_words, matched_words
from vpe_core.settings import get_settings
from vpe_core.types import Box
from vpe_core.variants import Variant

__all__ = ["results", "with_results"]


def card_of(app: AppTest) -> str:
    """What a marker gives away: the card, what is left where that tells nothing, and boxes of whole data sets."""
    return unescape(" ".join(str(one.body) for one in app.get("html") if 'class="vpl-leak-card' in str(one.body)))


def test_the_leak_card_holds_the_numbers_of_the_library() -> None:
    run, row = MemoryRun(PAPER_STRENGTHS, name="first-set", seed=9), TableRow(Variant.parse("circle/red/1/paper"))
    for query in ({}, {"metric": "MCC"}):  # it is in AUROC, whatever the table is in
        app = open_app(PAGE, {"data": "first-set", **query})
        shown, asked = card_of(app), Question(suffix=True)
        card, left = leak_card(run, row, asked), matched(run, row, asked)
        assert card_words(card, look="a red circle", noun="circle").headline in shown
        assert matched_words(left, "circle").headline in shown
        assert card.geometry is not None
        assert card.by_itself is not None
        for one in (card.geometry, card.by_itself, card.marked, card.unmarked):
            assert number_text(one.overall.auroc.value) in shown
        assert "same circle, X-ray without the finding" in shown
        assert '<span class="vpl-pill">simulated</span>' in shown


def test_boxes_of_real_data_sets_are_shown_as_real_beside_what_is_simulated() -> None:
    assert "vpl-real" not in card_of(open_app(PAGE, {"data": "first-set"}))
    folder = get_settings().precomputed_dir / "leaks"
    folder.mkdir()
    run = MemoryRun(PAPER_STRENGTHS)
    boxes = LabelledBoxes.of(
        (str(line.label), str(line.patient_id), Box(line.x0, line.y0, line.x1, line.y1), (256, 256))
        for line in run.samples.itertuples()
    )
    source = TableSource("cohort", "<b>Cohort</b>", "all", terms="Nobody's.", url="https://example.org/table")
    measured = measure_leak(LeakTable(boxes, source, len(boxes)), n_resamples=100)
    try:
        (folder / "cohort.json").write_text(measured.to_json())
        app = open_app(PAGE, {"data": "first-set", "marker": "arrow"})
        (shown,) = [str(one.body) for one in app.get("html") if 'class="vpl-leak-sets"' in str(one.body)]
        assert "vpl-real" in shown
        assert "&lt;b&gt;Cohort" in shown
        assert "Nobody&#39;s." in shown
        told = measured.of_marker("arrow")
        assert told is not None
        strong = next(part for part in shown.split("<tr") if "what this marker shows" in part)
        assert "place only" in strong
        assert number_text(told.auroc.value) in strong
        assert "No model and no image was involved" in shown
        said = "the place that a red arrow shows by itself tells findings apart"
        first = next(str(one.body) for one in app.get("html") if "vpl-leak-first" in str(one.body))
        assert f"{said}: AUROC {number_text(told.auroc.value)} on" in first
    finally:
        shutil.rmtree(folder)
