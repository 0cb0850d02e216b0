from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun
from vpe_core.results.analysis.numerals import interval_text, number_text, p_text, signed_text
from vpe_core.results.analysis.rows import TableRow, paper_rows
from vpe_core.results.analysis.tables import paper_table
from vpe_core.results.exchange.formats import best_lines, fewer_samples, to_csv, to_latex, to_markdown
from vpe_core.variants import Variant


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rows = (*paper_rows(), TableRow(Variant.parse("circle/red/1/paper@random")))
    return paper_table([MemoryRun(PAPER_STRENGTHS)], rows=rows, n_resamples=1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (number_text(0.8416), "0.842"), (number_text(np.nan), "–"), (number_text(-0.2), "−0.200"),
        (number_text(-0.0003), "0.000"),
        (signed_text(0.1194), "+0.119"), (signed_text(-0.0046), "−0.005"), (signed_text(-0.0004), "0.000"),
        (interval_text(0.1, 0.2), "[0.100, 0.200]"), (interval_text(np.nan, 0.2), ""),
        (interval_text(-0.1, 0.2, signed=True), "[−0.100, +0.200]"), (p_text(0.0004), "p < 0.001"),
        (p_text(0.0432), "p = 0.043"), (p_text(np.nan), ""),
    ],
)  # fmt: skip
def test_numbers_in_writing(text: str, expected: str) -> None:
    assert text == expected


def test_the_best_of_a_column_is_no_control_and_follows_the_metric(table: pd.DataFrame) -> None:
    best = table[best_lines(table)]
    assert len(best) == 1
    assert best["value"].item() == table.loc[~table["control"], "value"].max()
    assert (
        table[best_lines(table, higher_is_better=False)]["value"].item() == table.loc[~table["control"], "value"].min()
    )


def test_markdown_has_a_line_a_row_and_the_values_of_the_table(table: pd.DataFrame) -> None:
    lines = to_markdown(table, {0: "sim | multi"}).splitlines()
    assert lines[0] == r"| Marker | Suffix | sim \| multi | gain |"
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[2:11]]
    assert cells[0][0] == "none"
    assert cells[-1][0] == "*control: circle, random place*"
    circle = table[table["row"] == "circle"].iloc[0]
    (found,) = [row for row in cells if row[0] == "circle"]
    assert number_text(circle["value"]) in " ".join(found)
    assert f"{signed_text(circle['gain'])} {interval_text(circle['gain_low'], circle['gain_high'])}*" in " ".join(found)
    assert sum("**" in line for line in lines[2:11]) == 1


def test_latex_escapes_what_latex_reads(table: pd.DataFrame) -> None:
    text = to_latex(table, {0: "sim_multi & 100%"})
    assert "p $<$ 0.05" in text  # bare, the usual fonts print another sign
    assert r"sim\_multi \& 100\%" in text
    assert text.count(r" \\") == 10
    circle = table[table["row"] == "circle"].iloc[0]
    assert f"{number_text(circle['value'])}" in text
    assert rf"{{\scriptsize {interval_text(circle['low'], circle['high'])}}}" in text
    assert text.count(r"\textbf{") == 1
    assert r"\textit{control: circle, random place}" in text
    assert "−" not in text


def test_a_marker_of_fewer_samples_is_named_and_never_the_best() -> None:
    strengths = {"none": 0.2, "circle/red/1/paper": 0.9, "arrow/red/1/paper": 0.5}
    fewer = paper_table([MemoryRun(strengths, covered={"circle/red/1/paper": 40})], n_resamples=0)
    assert fewer[fewer_samples(fewer)]["row"].tolist() == ["circle", "circle + suffix"]
    assert fewer[best_lines(fewer)]["marker"].unique().tolist() == ["arrow"]
    text = to_markdown(fewer, {0: "sim"})
    assert f"{number_text(fewer.set_index('row').loc['circle', 'value'])}†" in text
    assert "† fewer samples than other markers" in text


def test_what_is_simulated_is_said_where_the_table_goes(table: pd.DataFrame) -> None:
    real = table.assign(run=1, simulated=False)
    both = pd.concat([table, real])
    for write in (to_markdown, to_latex):
        assert "simulated X-rays, no patients" in write(table, {0: "one"})
        assert "simulated X-rays, no patients: one" in write(both, {0: "one", 1: "two"})
        assert "simulated" not in write(real, {1: "two"})
    assert pd.read_csv(io.StringIO(to_csv(table)))["simulated"].all()


def test_csv_comes_back_as_the_same_table(table: pd.DataFrame) -> None:
    again = pd.read_csv(io.StringIO(to_csv(table)))
    np.testing.assert_allclose(again["value"], table["value"])
    assert list(again.columns) == [*table.columns, "best", "significant"]
    assert again["best"].tolist() == best_lines(table).tolist()
    assert again["significant"].tolist() == (table["p_holm"] < 0.05).tolist()


@pytest.mark.parametrize("write", [to_markdown, to_latex])
def test_exports_say_how_they_are_read(table: pd.DataFrame, write) -> None:  # type: ignore[no-untyped-def]
    text = write(table, {0: "sim"})
    for words in (
        "macro AUROC; simulated X-rays, no patients; sim: n = 120;", "95", "intervals by patient",
        "Holm-corrected p", "bold: best of its column", "0.5 = gives nothing away", "above chance",
    ):  # fmt: skip
        assert words in text
    assert "out of its domain" not in text
    assert "out of its domain" in write(table.assign(out_of_domain=True, simulated=False), {0: "nih14"})


def test_a_control_stands_above_chance_not_below_the_unmarked_image(table: pd.DataFrame) -> None:
    control = table[table["control"]].iloc[0]
    (line,) = [line for line in to_markdown(table, {0: "sim"}).splitlines() if "*control:" in line]
    ends = interval_text(control["low"] - 0.5, control["high"] - 0.5)
    assert f"{signed_text(control['value'] - 0.5)} above chance {ends}" in line
