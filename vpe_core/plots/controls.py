"""Markers beside their controls: what the finding under a marker adds to the marker's size and place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from vpe_core.plots.figure import error_bar, rows_height, styled
from vpe_core.plots.theme import MARKER_SYMBOLS, Palette
from vpe_core.results.controls import CONTROLS, GEOMETRY, UNMARKED
from vpe_core.results.numerals import interval_text, number_text
from vpe_core.results.tables import marker_title

_ON_FINDING = CONTROLS[0][0]


def control_chart(table: pd.DataFrame, palette: Palette, *, title: str) -> go.Figure:
    """For each marker a panel: filled where it stands on the finding, hollow in its controls.

    Two lines through all panels: no marker at all, and what the box's four numbers tell without any image.

    Args:
        table: From `vpe_core.results.controls.controls`.
        palette: Of the page's background.
        title: Of the metric.
    """
    markers = [marker for marker in dict.fromkeys(table["marker"]) if marker]
    conditions = [name for name, _ in CONTROLS if (table["condition"] == name).any()]
    figure = make_subplots(
        1, max(len(markers), 1), shared_yaxes=True, shared_xaxes="all", horizontal_spacing=0.025,
        subplot_titles=[marker_title(marker) for marker in markers],
    )  # fmt: skip
    styled(figure, palette, rows_height(len(conditions), 110), showlegend=False)
    for column, marker in enumerate(markers, start=1):
        lines = table[table["marker"] == marker]
        for part, true in (
            (lines[lines["condition"] == _ON_FINDING], True),
            (lines[lines["condition"] != _ON_FINDING], False),
        ):
            figure.add_trace(
                _dots(part, [conditions.index(one) for one in part["condition"]], true, palette), 1, column
            )
    figure.update_layout(
        shapes=[line for column in range(len(markers)) for line in _reference_lines(table, column, palette)]
    )
    figure.update_xaxes(nticks=5, tickformat=".1f")
    figure.update_xaxes(title_text=title, col=1)
    figure.update_yaxes(range=[len(conditions) - 0.4, -0.7], showgrid=False)
    figure.update_yaxes(
        tickvals=list(range(len(conditions))), ticktext=conditions, tickfont={"color": palette.text, "size": 13}, col=1
    )
    figure.update_layout(margin={"t": 34, "b": 44})
    return figure


def _dots(lines: pd.DataFrame, places: list[int], true: bool, palette: Palette) -> go.Scatter:
    """Values with their intervals, filled if the marker stands on the finding."""
    color = palette.marked if true else palette.muted
    shape = MARKER_SYMBOLS.get(next(iter(lines["marker"]), ""), "circle").removesuffix("-open")
    return go.Scatter(
        x=lines["value"],
        y=places,
        mode="markers+text",
        text=[number_text(value) for value in lines["value"]],
        textposition="top center",
        textfont={"color": palette.text if true else palette.muted, "size": 12},
        marker={
            "symbol": shape if true else f"{shape}-open", "size": 13, "color": color,
            "line": {"color": color, "width": 2},
        },
        error_x=error_bar(lines["value"], lines["low"], lines["high"], color),
        customdata=[
            f"{line['condition']}: {number_text(line['value'])} {interval_text(line['low'], line['high'])}"
            f"<br>{line['n']} samples"
            for _, line in lines.iterrows()
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def _reference_lines(table: pd.DataFrame, column: int, palette: Palette) -> Iterator[dict[str, Any]]:
    """Upright lines through a panel: no marker, and the box's numbers alone."""
    panel = "" if column == 0 else str(column + 1)
    for condition, color, dash in ((UNMARKED, palette.unmarked, "solid"), (GEOMETRY, palette.loss, "dash")):
        for value in table.loc[table["condition"] == condition, "value"]:
            yield {
                "type": "line", "xref": f"x{panel}", "x0": value, "x1": value,
                "yref": f"y{panel} domain", "y0": 0, "y1": 1,
                "line": {"color": color, "width": 2, "dash": dash},
            }  # fmt: skip
