from __future__ import annotations

import io
import re

import numpy as np
import pandas as pd
import pytest

from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun
from vpe_core.plots.table_html import Head, paper_table_html
from vpe_core.results.analysis.numerals import difference_text, interval_text, number_text, p_text, signed_text
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


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((0.0004, 0.0001, 0.0007), "+0.0004 [+0.0001, +0.0007]"), ((0.119, 0.101, 0.137), "+0.119 [+0.101, +0.137]"),
        ((0.0004, -0.01, 0.011), "0.000 [−0.010, +0.011]"), ((0.0001, -0.0002, 0.0004), "+0.0001 [−0.0002, +0.0004]"),
        ((0.0, 0.0, 0.0), "0.000 [0.000, 0.000]"), ((-0.00002, np.nan, np.nan), "−0.00002"), ((np.nan,) * 3, "–"),
        ((0.05, 0.00003, 0.1), "+0.05000 [+0.00003, +0.10000]"),
    ],
)  # fmt: skip
def test_a_difference_has_the_digits_that_it_needs(numbers: tuple[float, float, float], expected: str) -> None:
    assert difference_text(*numbers) == expected


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
    assert (
        f"{signed_text(circle['gain'])} {interval_text(circle['gain_low'], circle['gain_high'], signed=True)}*"
        in " ".join(found)
    )
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
        assert "simulated X-rays, no real patients" in write(table, {0: "one"})
        assert "simulated X-rays, no real patients: one" in write(both, {0: "one", 1: "two"})
        assert "simulated" not in write(real, {1: "two"})
    assert pd.read_csv(io.StringIO(to_csv(table)))["simulated"].all()


def test_csv_comes_back_as_the_same_table(table: pd.DataFrame) -> None:
    again = pd.read_csv(io.StringIO(to_csv(table)))
    np.testing.assert_allclose(again["value"], table["value"])
    assert list(again.columns) == [*table.columns, "best", "significant"]
    assert again["best"].tolist() == best_lines(table).tolist()
    p = table["p_holm"].where(~table["control"], table["above_chance_p_holm"])
    assert again["significant"].tolist() == (p < 0.05).tolist()
    control = again[again["control"]].iloc[0]
    assert control["above_chance"] == pytest.approx(control["value"] - 0.5)
    assert again.loc[~again["control"], "above_chance"].isna().all()


@pytest.mark.parametrize("write", [to_markdown, to_latex])
def test_exports_say_how_they_are_read(table: pd.DataFrame, write) -> None:  # type: ignore[no-untyped-def]
    text = write(table, {0: "sim"})
    for words in (
        "macro AUROC; simulated X-rays, no real patients; sim: n = 120;", "95", "intervals by patient",
        "Holm-corrected p", "bold: best of its column", "0.5 = gives nothing away", "above chance",
    ):  # fmt: skip
        assert words in text
    assert "out of its domain" not in text
    assert "out of its domain" in write(table.assign(out_of_domain=True, simulated=False), {0: "nih14"})


def test_a_control_stands_above_chance_not_below_the_unmarked_image(table: pd.DataFrame) -> None:
    control = table[table["control"]].iloc[0]
    (line,) = [line for line in to_markdown(table, {0: "sim"}).splitlines() if "*control:" in line]
    ends = interval_text(control["low"] - 0.5, control["high"] - 0.5, signed=True)
    assert f"{signed_text(control['value'] - 0.5)} above chance {ends}" in line
    for p, star in ((0.01, True), (0.2, False)):
        marked = table.assign(above_chance_p_holm=table["above_chance_p_holm"].where(~table["control"], p))
        (line,) = [line for line in to_markdown(marked, {0: "sim"}).splitlines() if "*control:" in line]
        assert line.rstrip(" |").endswith("]*") == star
        assert f"{ends}*" in line or not star
        html = str(paper_table_html(marked, [Head("sim")], metric="AUROC"))
        assert ("vpl-leaks" in html) == star
        last = pd.read_csv(io.StringIO(to_csv(marked))).iloc[-1]
        assert (bool(last["significant"]), bool(last["control"])) == (star, True)


@pytest.mark.parametrize("write", [to_markdown, to_latex])
def test_exports_say_who_was_asked_in_which_words_and_how_markers_are_drawn(table: pd.DataFrame, write) -> None:  # type: ignore[no-untyped-def]
    text = write(table, {0: "sim"}, prompts=["Signs of {class}{suffix}."])
    said = text.replace(r"\{", "{").replace(r"\}", "}")
    assert "Model: tiny; prompt: “Signs of {class}{suffix}.”; drawn: red, 1 px, paper protocol." in said


def test_latex_has_its_braces_in_pairs_and_gains_in_the_size_of_values(table: pd.DataFrame) -> None:
    text = to_latex(table, {0: "sim"}, prompts=["Signs of {class}{suffix}."])
    bare = re.sub(r"\\[{}]", "", text)
    depth = np.cumsum([(one == "{") - (one == "}") for one in bare])
    assert (depth.min(), depth[-1]) == (0, 0)
    assert text.count(r"\begin{") == text.count(r"\end{") == 1
    for line in (one for one in text.splitlines() if one.endswith(r"\\") and "scriptsize" in one):
        assert re.sub(r" \{\\scriptsize \[[^\]]*\]\}", "", line).count("scriptsize") == 0
