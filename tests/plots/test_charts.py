"""Charts show the numbers of their tables: the values are read back out of the figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from tests.results.memory_run import CLASSES, PAPER_STRENGTHS, MemoryRun
from vpe_core.plots.classes import confusion_pair, dumbbells
from vpe_core.plots.controls import control_chart
from vpe_core.plots.curves import curve_pair, reliability_pair
from vpe_core.plots.gains import forest, gain_by_size, grouped_bars
from vpe_core.plots.theme import DARK, LIGHT, marker_symbol
from vpe_core.results.analysis.cases import attention_inside, gain_by_box_size
from vpe_core.results.analysis.controls import controls
from vpe_core.results.analysis.curves import confusion, curves, reliability_table
from vpe_core.results.analysis.geometry import GEOMETRY
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow, paper_rows
from vpe_core.results.analysis.scores import Evaluation
from vpe_core.results.analysis.tables import paper_table, per_class
from vpe_core.variants import Variant

ROW = TableRow(Variant.parse("circle/red/1/paper"))


@pytest.fixture(scope="module")
def run() -> MemoryRun:
    return MemoryRun(PAPER_STRENGTHS)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return Evaluation(1000)


@pytest.fixture(scope="module")
def table(run: MemoryRun, evaluation: Evaluation) -> pd.DataFrame:
    rows = (*paper_rows(), TableRow(Variant.parse("circle/red/1/paper@random")))
    return paper_table([run], rows=rows, evaluation=evaluation)


def points(figure: go.Figure) -> dict[float, float]:
    """All dots of a chart with named rows: row -> value."""
    return {
        y: x for trace in figure.data if "markers" in (trace.mode or "") for x, y in zip(trace.x, trace.y, strict=True)
    }


def test_the_forest_holds_every_gain_and_colours_what_is_sure(table: pd.DataFrame) -> None:
    figure = forest(table, DARK)
    shown = table[table["gain"].notna() & ~table["control"]].reset_index(drop=True)
    assert points(figure) == pytest.approx(shown["gain"].to_dict())
    colors = {y: trace.marker.color for trace in figure.data for y in trace.y}
    circle, crop = shown.index[shown["row"] == "circle"][0], shown.index[shown["row"] == "crop"][0]
    assert colors[circle] == DARK.gain
    assert colors[crop] == DARK.muted
    assert list(figure.layout.yaxis.ticktext) == list(shown["row"])  # a control has no gain
    (trace,) = [one for one in figure.data if circle in list(one.y)]
    place = list(trace.y).index(circle)
    assert trace.x[place] + trace.error_x.array[place] == pytest.approx(shown["gain_high"][circle])


def test_a_gain_that_is_bad_has_the_colour_of_losses(table: pd.DataFrame) -> None:
    figure = forest(table, DARK, higher_is_better=False)
    assert {trace.marker.color for trace in figure.data if len(trace.x)} <= {DARK.loss, DARK.muted}
    assert any(trace.marker.color == DARK.loss and len(trace.x) for trace in figure.data)


def test_bars_have_the_values_and_the_colour_of_their_marker_but_no_controls(table: pd.DataFrame) -> None:
    figure = grouped_bars(table, {0: "made-up"}, LIGHT, title="AUROC", chance=0.5)
    bars = {trace.name: trace for trace in figure.data}
    assert set(bars) == set(table.loc[~table["control"], "row"])
    for row, trace in bars.items():
        assert trace.y[0] == table.set_index("row").loc[row, "value"]
    assert bars["circle"].marker.color == bars["circle + suffix"].marker.color == LIGHT.marker("circle")
    assert bars["circle"].marker.pattern.shape != bars["circle + suffix"].marker.pattern.shape
    assert set(bars["circle"].marker.opacity) == {1.0}
    astray = grouped_bars(table.assign(out_of_domain=True), {0: "made-up"}, LIGHT, title="AUROC")
    assert all(one < 0.5 for trace in astray.data for one in trace.marker.opacity)


def test_dumbbells_join_unmarked_and_marked(run: MemoryRun, evaluation: Evaluation) -> None:
    classes = per_class(run, ROW, Question(), evaluation)
    figure = dumbbells(classes, DARK, marker="circle")
    without, marked = (trace for trace in figure.data if trace.mode == "markers")
    np.testing.assert_array_equal(without.x, classes["unmarked"])
    np.testing.assert_array_equal(marked.x, classes["marked"])
    assert (without.marker.color, marked.marker.color) == (DARK.unmarked, DARK.marked)
    assert list(figure.layout.yaxis.ticktext) == list(CLASSES)
    assert len(dumbbells(attention_inside(run, ROW.variant), DARK, marker="circle").layout.yaxis.ticktext) == 4


def test_controls_are_hollow_and_the_box_numbers_a_line(run: MemoryRun, evaluation: Evaluation) -> None:
    rows = [ROW, TableRow(Variant.parse("arrow/red/1/paper"))]
    measured = controls(run, rows, Question(), evaluation)
    figure = control_chart(measured, DARK, title="AUROC")
    dots = {trace.name: trace for trace in figure.data if trace.mode == "markers"}
    circle = measured[measured["marker"] == "circle"]
    np.testing.assert_array_equal(dots["circle"].x, circle["value"])
    assert list(dots["circle"].marker.symbol) == [
        marker_symbol("circle") if one == "on the finding" else "circle-open" for one in circle["condition"]
    ]
    (line,) = [trace for trace in figure.data if trace.mode == "lines" and GEOMETRY in trace.name]
    assert line.x[0] == line.x[1] == measured.set_index("condition").loc[GEOMETRY, "value"]


def test_confusion_shows_counts_and_colours_shares(run: MemoryRun, evaluation: Evaluation) -> None:
    tables = confusion(run, ROW, Question(), evaluation)
    without, marked = confusion_pair(tables, DARK, marker="circle").data
    np.testing.assert_array_equal(np.array(marked.text, int), tables["marked"])
    np.testing.assert_allclose(np.array(without.z).sum(axis=1), 1)


@pytest.mark.parametrize("label", [None, "mass"])
@pytest.mark.parametrize("kind", ["roc", "pr"])
def test_curves_are_grey_without_and_coloured_with_the_marker(
    run: MemoryRun, evaluation: Evaluation, kind: str, label: str | None
) -> None:
    data = curves(run, ROW, Question(label=label), kind, evaluation)  # type: ignore[arg-type]
    figure = curve_pair(data, DARK, kind=kind, marker="circle", label=label)  # type: ignore[arg-type]
    named = [trace for trace in figure.data if trace.showlegend]
    assert [(trace.name, trace.line.color) for trace in named] == [
        ("without", DARK.unmarked), ("with the circle", DARK.marked),
    ]  # fmt: skip
    lines = [trace for trace in figure.data if trace.name]
    assert len(lines) == (2 if label else 8)


def test_reliability_names_the_calibration_error(run: MemoryRun, evaluation: Evaluation) -> None:
    data = reliability_table(run, ROW, Question(), evaluation)
    figure = reliability_pair(data, DARK, marker="circle")
    error = data.loc[data["shown"] == "marked", "ece"].iloc[0]
    assert any(trace.name == f"with the circle: calibration error {error:.3f}" for trace in figure.data)


def test_box_sizes_are_in_percent(run: MemoryRun, evaluation: Evaluation) -> None:
    data = gain_by_box_size(run, ROW, Question(), evaluation=evaluation)
    (trace,) = gain_by_size(data, DARK).data
    np.testing.assert_allclose(trace.x, 100 * data["area"])
    np.testing.assert_allclose(trace.y, data["gain"])
