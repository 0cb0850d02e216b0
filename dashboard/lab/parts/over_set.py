"""Over a data set, from stored results: which map finds the findings, and what each marker does to the attention."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.benchmark.results import Column, columns, evaluation, run_command
from dashboard.frame.html import render
from dashboard.frame.palette import palette
from dashboard.lab.map_charts import chart_of_intervals, chart_of_shares
from dashboard.lab.parts.set_maps import show_set_maps
from dashboard.lab.show import chart, say_whose
from dashboard.lab.subject import Subject
from dashboard.lab.take_along import Row, set_csv_button
from dashboard.lab.work import computed
from vpe_core.markers import get as get_marker
from vpe_core.plots.percent import percent, points
from vpe_core.results.analysis.gaze import QUANTILES, GazeOfMarker, gaze_by_marker
from vpe_core.results.analysis.rows import marker_title
from vpe_core.variants import Variant

if TYPE_CHECKING:
    from vpe_core.metrics import Interval
    from vpe_core.results.analysis.scores import Evaluation, Results
    from vpe_core.types import Progress

TITLE = "Over a data set"
QUESTION = "Which map finds the findings, and do attention and answer follow the marker?"


def show_over_set(subject: Subject) -> None:
    """The maps that are stored of a data set, and the attention of stored results."""
    show_set_maps(subject)
    _show_markers(subject)


def _show_markers(subject: Subject) -> None:
    """Each marker of stored results, in one look, against no marker."""
    st.markdown("**Does attention go where the marker is, and does the answer get better where it does?**")
    stored = columns()
    if not stored:
        st.info("There are no stored results here yet. This command measures some:", icon=":material/table_chart:")
        st.code(run_command("sim-multi", subject.model), language="bash")
        return
    at = next((number for number, one in enumerate(stored) if one.run.manifest.model.name == subject.model), 0)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="lab_set_row"):
        column = st.selectbox(
            "Results", stored, at, format_func=lambda one: f"{one.dataset}, {one.who}", key="lab_set_results"
        )
        looks = looks_of(column.run)
        look = st.selectbox("Drawn as", tuple(looks), key="lab_set_look") if looks else None
    rows: tuple[GazeOfMarker, ...] | None = computed(
        "over_set",
        (column.dataset, column.who, column.file, str(column.run.manifest.finished), look),
        partial(_measure, column.run, looks.get(look or "", ()), evaluation()),
        counts="markers",
    )
    if rows is None:
        return
    simulated = column.run.manifest.dataset.simulated
    if not rows:
        st.info("These results hold no attention, or no marker with its unmarked picture.", icon=":material/info:")
        return
    present = next((row for row in rows if row.variant.marker == subject.scene.style.marker), rows[0])
    said = f"{marker_title(present.variant.marker).capitalize()}: {present.words()}"
    say_whose(subject, column.run.manifest.model.name, column.run.manifest.model.weights_sha256)
    st.html(render("lab_sentence", text=said, simulated=simulated))
    names = [marker_title(row.variant.marker) for row in rows]
    charts = {
        "Share of attention in the box": chart_of_shares(rows, names, palette()),
        "What the marker adds, in points": chart_of_intervals(
            [row.gain for row in rows], names, palette(), unit="points"
        ),
        "Correlation with what the answer gains": chart_of_intervals(
            [row.correlation for row in rows], names, palette(), unit="correlation"
        ),
    }
    with st.container(key="lab_set"):
        for number, (title, figure) in enumerate(charts.items()):
            with st.container(key=f"lab_set_{number}", gap=None):
                st.html(render("paragraph", kind="lab-axis", text=title))
                chart(figure, f"set {number}", f"{title}, for {len(rows)} markers", subject, named=False)
    st.caption("Left, grey: no marker; in colour: with it; a dot is the median, a line the middle half of the samples.")
    st.html(
        render(
            "lab_set", rows=list(zip(names, rows, strict=True)), percent=percent, points=points, dataset=column.dataset,
            who=column.who,
        )
    )  # fmt: skip
    set_csv_button("attention-over-set", lambda: rows_of(rows, column), simulated=simulated)


def rows_of(rows: Sequence[GazeOfMarker], column: Column) -> list[Row]:
    """Each marker's shares (quartiles), and what it adds with its interval."""
    model = column.run.manifest.model
    return [
        {
            "marker": (one := row.variant).marker, "color": one.color, "width": one.width, "protocol": one.protocol,
            "samples": row.n,
            **_quartiles("unmarked", row.unmarked), **_quartiles("marked", row.marked),
            **_interval("adds", row.gain), **_interval("rises_in", row.follows),
            **_interval("correlation", row.correlation),
            "dataset": column.dataset, "model": model.name, "weights_sha256": model.weights_sha256,
        }
        for row in rows
    ]  # fmt: skip


def _quartiles(way: str, shares: Sequence[float]) -> Row:
    return {f"share_{way}_{100 * at:g}%": share for at, share in zip(QUANTILES, shares, strict=True)}


def _interval(name: str, one: Interval) -> Row:
    return {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}


def _measure(
    run: Results, variants: Sequence[Variant], shared: Evaluation, report: Progress
) -> tuple[GazeOfMarker, ...]:
    return gaze_by_marker(run, evaluation=shared, variants=variants, report=report)


def looks_of(run: Results) -> dict[str, list[Variant]]:
    """For each colour, width and protocol in which markers were drawn, the markers drawn so; the paper's look first.

    What a marker does not use does not part it from others: a blur is among the markers of each colour.
    """
    marked = [
        variant for variant in run.variants if variant.marked and not variant.is_control and variant.size_factor == 1
    ]
    drawn = [variant for variant in marked if {"color", "width"} <= get_marker(variant.marker).uses] or marked
    looks: dict[str, list[Variant]] = {}
    for one in sorted(drawn, key=lambda one: (one.protocol != "paper", one.color != "red", one.color, one.width)):
        name = f"{one.color}, {one.width:g} px, {'as in the paper' if one.protocol == 'paper' else 'as for people'}"
        looks.setdefault(name, [other for other in marked if _looks_like(other, one)])
    return looks


def _looks_like(other: Variant, one: Variant) -> bool:
    uses = get_marker(other.marker).uses
    return (
        other.protocol == one.protocol
        and ("color" not in uses or other.color == one.color)
        and ("width" not in uses or other.width == one.width)
    )
