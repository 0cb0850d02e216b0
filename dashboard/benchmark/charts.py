"""The benchmark's charts: what the marker's geometry explains, gains, classes, and more by choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard.benchmark.filters import Choice
from dashboard.benchmark.first_answers import TABLE, answer
from dashboard.benchmark.results import Column, evaluation
from dashboard.benchmark.table import chart_format, look_of, shown_heads
from dashboard.frame.palette import palette
from dashboard.frame.view import ENLARGED, view
from dashboard.frame.words import as_text
from vpe_core import metrics
from vpe_core.errors import ResultsError, VPEError
from vpe_core.markers.catalog import named_markers
from vpe_core.plots.classes import confusion_pair, dumbbells
from vpe_core.plots.controls import control_chart
from vpe_core.plots.curves import curve_pair, reliability_pair
from vpe_core.plots.figure import enlarge
from vpe_core.plots.gains import forest, gain_by_size, grouped_bars
from vpe_core.plots.take_along import PREFIX, say_simulated
from vpe_core.plots.theme import Palette
from vpe_core.results.analysis.cases import attention_inside, gain_by_box_size
from vpe_core.results.analysis.controls import controls
from vpe_core.results.analysis.curves import confusion, curves, reliability_table
from vpe_core.results.analysis.domain import is_out_of_domain
from vpe_core.results.analysis.numerals import number_text
from vpe_core.results.analysis.rows import TableRow, marker_title
from vpe_core.results.analysis.tables import per_class
from vpe_core.variants import Variant


def main_charts(choice: Choice, table: pd.DataFrame) -> None:
    """Gains beside classes."""
    marker, first = marker_title(choice.look.marker), choice.first
    where = f"{first.who} on {first.dataset}"
    left, right = st.columns(2, gap="large")
    with left:
        _title("Gain over unmarked, with interval", where)
        lines = table[(table["run"] == 0) & ~table["control"]]
        best = metrics.get(choice.question.metric).higher_is_better
        _chart(forest(lines, _palette_of(first), higher_is_better=best), "forest", _gains_in_words(lines), [first])
    with right:
        _title(f"Per class, without and with {look_of(choice.look)}", where)
        _guarded(lambda: _per_class(choice, marker))


@st.fragment
def more_charts(choice: Choice, table: pd.DataFrame) -> None:
    """One more chart out of several, computed when it is chosen."""
    marker = marker_title(choice.look.marker)
    kinds: dict[str, Callable[[], tuple[go.Figure, str]]] = {
        "Bars": lambda: _bars(choice, table),
        "ROC": lambda: _curve(choice, marker, "roc"),
        "Precision and recall": lambda: _curve(choice, marker, "pr"),
        "Reliability": lambda: _reliability(choice, marker),
        "Confusion": lambda: _confusion(choice, marker),
        "Box size": lambda: _box_size(choice),
        "Attention": lambda: _attention(choice, marker),
    }
    kind = st.segmented_control(
        "More charts", tuple(kinds), default="Bars", required=True, key="chart", bind="query-params"
    )

    def draw() -> None:
        figure, words = kinds[kind or "Bars"]()
        _chart(figure, f"more {kind}", words, choice.columns if kind == "Bars" else [choice.first])

    _guarded(draw)


def _palette_of(column: Column) -> Palette:
    """The palette, grey where the model is out of its domain: such numbers are neither gain nor loss."""
    usual = palette()
    if not is_out_of_domain(column.run.manifest):
        return usual
    return replace(usual, gain=usual.muted, loss=usual.muted, marked=usual.muted, unmarked=usual.line)


def _title(text: str, where: str) -> None:
    st.header(as_text(text), anchor=False)
    st.caption(as_text(where))


def _guarded(draw: Callable[[], None]) -> None:
    """A chart that cannot be drawn says why, in its place."""
    try:
        draw()
    except VPEError as error:
        st.info(as_text(str(error)), icon=":material/info:")


def _chart(figure: go.Figure, key: str, alt: str, shown: Sequence[Column]) -> None:
    """A chart of some results; one with numbers from simulated X-rays says so, as a picture and in its file's name."""
    simulated = {column.run.manifest.dataset.simulated for column in shown}
    if True in simulated:
        say_simulated(figure, palette(), "partly simulated X-rays" if False in simulated else "simulated X-rays")
    if any(is_out_of_domain(column.run.manifest) for column in shown):
        say_simulated(figure, palette(), "out of its domain: the model has seen only simulated X-rays")
    if view():
        enlarge(figure, ENLARGED)
    name = f"{PREFIX if True in simulated else ''}benchmark {key}"
    config = {
        "displaylogo": False,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d", "pan2d", "zoom2d"],
        "toImageButtonOptions": {"format": chart_format(), "filename": name, "scale": 2},
    }
    st.plotly_chart(figure, key=f"chart {key}", config=config, alt=alt, theme="streamlit")


@st.fragment
def all_controls(choice: Choice) -> None:
    """The controls of every marker, computed when somebody unfolds them."""
    rows = _controlled(choice)
    if not rows:
        return
    with st.expander("Controls of every marker", key="bench_controls", on_change="rerun") as folded:
        if folded.open:
            _guarded(lambda: _controls(choice, rows))


def _controlled(choice: Choice) -> list[TableRow]:
    """The markers, as the leading one is drawn, that have controls."""
    drawn = {variant.plain for variant in choice.first.run.variants if variant.is_control}
    look, names = choice.look, dict.fromkeys((choice.look.marker, *named_markers()))
    looks = (Variant(marker, look.color, look.width, look.protocol) for marker in names)
    return [TableRow(plain) for plain in looks if plain in drawn]


def _controls(choice: Choice, rows: list[TableRow]) -> None:
    shared = evaluation()
    key = ("controls", choice.first.run.fingerprint, tuple(rows), choice.question)
    table = shared.get_or_compute(key, lambda: controls(choice.first.run, rows, choice.question, shared))
    words = "; ".join(
        f"{line['marker'] and marker_title(line['marker'])} {line['condition']} {number_text(line['value'])}".strip()
        for _, line in table.iterrows()
    )
    figure = control_chart(table, palette(), title=choice.metric_title)
    _chart(figure, "controls", f"Dot plot of controls: {words}.", [choice.first])
    st.caption(
        "Filled: the marker on the finding. Hollow: the same marker elsewhere. Grey line: no marker. Dashed line: a "
        "classifier that sees only the box's x, y, width and height."
    )


def _per_class(choice: Choice, marker: str) -> None:
    shared = evaluation()
    key = ("classes", choice.first.run.fingerprint, choice.lead, choice.question)
    table = answer(TABLE, key, lambda: per_class(choice.first.run, choice.lead, choice.question, shared))
    if table.empty:
        st.info(f"{metrics.get(choice.question.metric).title} has no value for a single class.", icon=":material/info:")
        return
    title = metrics.get(choice.question.metric).title
    _chart(
        dumbbells(table, _palette_of(choice.first), marker=marker, title=title),
        "classes",
        _classes_in_words(table, title),
        [choice.first],
    )


def _bars(choice: Choice, table: pd.DataFrame) -> tuple[go.Figure, str]:
    names = dict(enumerate(shown_heads(choice)))
    chance = metrics.get(choice.question.metric).chance
    figure = grouped_bars(table, names, palette(), title=choice.metric_title, chance=chance)
    return figure, f"Bars of {choice.metric_title} for each marker and data set; the table above has the numbers."


def _curve(choice: Choice, marker: str, kind: str) -> tuple[go.Figure, str]:
    label = choice.question.label
    table = curves(choice.first.run, choice.lead, choice.question, kind, evaluation())  # type: ignore[arg-type]
    name = "ROC" if kind == "roc" else "Precision-recall"
    figure = curve_pair(table, palette(), kind=kind, marker=marker, label=label)  # type: ignore[arg-type]
    return figure, f"{name} curves of {label or 'all classes'} without and with the {marker}."


def _reliability(choice: Choice, marker: str) -> tuple[go.Figure, str]:
    table = reliability_table(choice.first.run, choice.lead, choice.question, evaluation())
    errors = table.groupby("shown")["ece"].first()
    words = ", ".join(f"{name} {number_text(value)}" for name, value in errors.items())
    return reliability_pair(table, palette(), marker=marker), f"Reliability diagram; calibration error {words}."


def _confusion(choice: Choice, marker: str) -> tuple[go.Figure, str]:
    tables = confusion(choice.first.run, choice.lead, choice.question, evaluation())
    right = {name: int(sum(table.iloc[row, row] for row in range(len(table)))) for name, table in tables.items()}
    total = int(tables["marked"].to_numpy().sum())
    words = (
        f"Confusion matrices; right without the {marker}: {right['unmarked']} of {total}, with it {right['marked']}."
    )
    return confusion_pair(tables, palette(), marker=marker), words


def _box_size(choice: Choice) -> tuple[go.Figure, str]:
    table = gain_by_box_size(choice.first.run, choice.lead, choice.question, evaluation=evaluation())
    if table.empty:
        raise ResultsError("Expected samples with boxes to compare their sizes, but there are none.")
    words = ", ".join(f"{100 * line['area']:.1f}% of the image: {line['gain']:+.2f}" for _, line in table.iterrows())
    return gain_by_size(table, palette()), f"Gain in the true class's score by box size: {words}."


def _attention(choice: Choice, marker: str) -> tuple[go.Figure, str]:
    table = attention_inside(choice.first.run, choice.look)
    if table.empty:
        raise ResultsError("Attention was not measured in these results.")
    title = "Median share of the last block's attention inside the finding's box"
    return dumbbells(table, palette(), marker=marker, title=title), _classes_in_words(table, title)


def _gains_in_words(lines: pd.DataFrame) -> str:
    known = lines[lines["gain"].notna()]
    return "Gain over the unmarked image: " + "; ".join(
        f"{line['row']} {line['gain']:+.3f}" for _, line in known.iterrows()
    )


def _classes_in_words(table: pd.DataFrame, title: str) -> str:
    return f"{title}: " + "; ".join(
        f"{line['label']} {number_text(line['unmarked'])} to {number_text(line['marked'])}"
        for _, line in table.iterrows()
    )
