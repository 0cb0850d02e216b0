from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from xml.etree import ElementTree

import pandas as pd
import pytest

from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun
from vpe_core.plots.table_html import Head, paper_table_html
from vpe_core.results.analysis.numerals import interval_text, number_text, signed_text
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow, paper_rows
from vpe_core.results.analysis.tables import paper_table
from vpe_core.variants import Variant

ROWS = (*paper_rows(), TableRow(Variant.parse("circle/red/1/paper@random")))
HEADS = [Head("made-up", simulated=True)]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return paper_table([MemoryRun(PAPER_STRENGTHS)], rows=ROWS, n_resamples=1000)


def body(html: str) -> list[ElementTree.Element]:
    """The rows of the table."""
    root = ElementTree.fromstring(html[html.index("<table") : html.index("</table>") + 8].replace("&nbsp;", " "))
    return [row for tbody in root.findall("tbody") for row in tbody if row.get("class") != "vpl-controls-head"]


def texts(row: ElementTree.Element) -> list[str]:
    return ["".join(cell.itertext()) for cell in row]


def test_every_row_has_value_gain_and_its_value_elsewhere(table: pd.DataFrame) -> None:
    rows = body(paper_table_html(table, HEADS, metric="AUROC"))
    assert len(rows) == len(ROWS)
    circle = table[table["row"] == "circle"].iloc[0]
    assert texts(rows[6]) == [
        "circle", "–", number_text(circle["value"]), signed_text(circle["gain"]), number_text(circle["elsewhere"]),
    ]  # fmt: skip
    assert texts(rows[7])[:2] == ["circle", "red circle"]


def test_the_best_is_bold_gains_are_coloured_and_controls_apart(table: pd.DataFrame) -> None:
    rows = body(paper_table_html(table, HEADS, metric="AUROC"))
    best = [texts(row)[2] for row in rows if "vpl-best" in row[2].get("class", "")]
    assert best == [number_text(table.loc[~table["control"], "value"].max())]
    assert "vpl-gain" in rows[6][3].get("class", "")
    assert "vpl-gain" not in rows[1][3].get("class", "")  # the crop's gain may be chance
    assert [row.get("class") for row in rows] == [None] * 8 + ["vpl-control"]


def test_a_gain_of_a_metric_that_should_be_low_is_a_loss(table: pd.DataFrame) -> None:
    rows = body(paper_table_html(table, HEADS, metric="ECE", higher_is_better=False))
    assert "vpl-loss" in rows[6][3].get("class", "")


def test_intervals_are_on_hover_and_written_on_demand(table: pd.DataFrame) -> None:
    circle = table[table["row"] == "circle"].iloc[0]
    span = interval_text(circle["low"], circle["high"])
    rows = body(paper_table_html(table, HEADS, metric="AUROC"))
    assert span in rows[6][2].get("title", "")
    assert "120 samples of 30 patients" in rows[6][2].get("title", "")
    assert "Holm-corrected p" in rows[6][3].get("title", "")
    assert span not in texts(rows[6])[2]
    assert span in texts(body(paper_table_html(table, HEADS, metric="AUROC", intervals=True))[6])[2]


def test_what_is_missing_is_a_dash_with_a_reason() -> None:
    table = paper_table([MemoryRun({"none": 0.1, "circle/red/1/paper": 0.4})], n_resamples=100)
    crop = body(paper_table_html(table, HEADS, metric="AUROC"))[1]
    assert texts(crop)[2:] == ["–", ""]  # and no column for a control that was not measured
    assert "crop was not measured" in crop[2].get("title", "")


def test_another_prompt_brings_a_column() -> None:
    run = MemoryRun(PAPER_STRENGTHS)
    question = Question(template="reports")
    table = paper_table([run], question, rows=paper_rows(suffixes=(False,)), n_resamples=100, reference=Question())
    rows = body(paper_table_html(table, HEADS, metric="AUROC", prompt_change=True))
    assert texts(rows[4])[4] == signed_text(table["prompt_gain"][4])


def test_runs_stand_side_by_side_and_say_whose_they_are() -> None:
    runs = [MemoryRun(PAPER_STRENGTHS), MemoryRun({"none": 0.1}, model="other")]
    html = paper_table_html(
        paper_table(runs, n_resamples=50),
        [Head("made-up", "tiny", True), Head("made-up", "<b>other</b>")],
        metric="AUROC",
    )
    assert all(len(row) == 8 for row in body(html))
    assert html.count("simulated") == 1
    assert "&lt;b&gt;other&lt;/b&gt;" in html
    assert not re.search("<b>", html)
    assert "<b>other</b>" in unescape(html)


def test_a_control_stands_above_chance_and_is_neither_gain_nor_loss(table: pd.DataFrame) -> None:
    control = body(paper_table_html(table, HEADS, metric="AUROC"))[-1]
    line = table[table["control"]].iloc[0]
    assert texts(control)[0] == "control: circle, random place"
    assert texts(control)[3] == signed_text(line["value"] - 0.5)
    leaks = line["low"] > 0.5 or line["high"] < 0.5
    assert ("vpl-leaks" if leaks else "vpl-even") in control[3].get("class", "")
    assert not {"vpl-gain", "vpl-loss"} & set(control[3].get("class", "").split())
    html = paper_table_html(table, HEADS, metric="AUROC")
    assert "control: same marker, another patient (0.5 = gives nothing away)" in html


def test_what_rounds_to_nothing_is_no_gain() -> None:
    table = paper_table([MemoryRun(PAPER_STRENGTHS)], n_resamples=100)
    table.loc[table["row"] == "circle", ["gain", "p_holm"]] = (0.0004, 0.001)
    circle = body(paper_table_html(table, HEADS, metric="AUROC"))[6]
    assert (texts(circle)[3], circle[3].get("class")) == ("0.000", "vpl-is-gain")


def test_how_many_samples_there_are_is_seen_and_few_or_foreign_ones_stand_out() -> None:
    table = paper_table([MemoryRun(PAPER_STRENGTHS, covered={"circle/red/1/paper": 40})], n_resamples=50)
    head = Head("Made up", name="made-up", too_few="6 samples: too few to tell", out_of_domain=True)
    html = paper_table_html(table, [head], metric="AUROC")
    assert " n = 120</small>" in html
    of_class = str(paper_table_html(table, [replace(head, of_class=40)], metric="AUROC"))
    assert " n = 40 of 120</small>" in of_class
    assert texts(body(html)[6])[2].endswith("n = 40")
    assert "n = " not in texts(body(html)[2])[2]
    assert "6 samples: too few to tell" in html
    assert "out of its domain" in html
    assert all("vpl-astray" in cell.get("class", "") for row in body(html) for cell in row[2:])
