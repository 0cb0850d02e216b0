"""Markers beside their controls: what the finding under a marker adds to the marker's size and place."""

from __future__ import annotations

import pandas as pd

from vpe_core.plots.figure import error_bar, name_rows, new_figure, rows_height
from vpe_core.plots.plotly import go
from vpe_core.plots.theme import Palette, marker_symbol
from vpe_core.results.analysis.controls import CONTROLS, UNMARKED
from vpe_core.results.analysis.geometry import GEOMETRY
from vpe_core.results.analysis.numerals import interval_text, number_text
from vpe_core.results.analysis.rows import marker_title

_ON_FINDING = CONTROLS[0][0]


def control_chart(table: pd.DataFrame, palette: Palette, *, title: str) -> go.Figure:
    """What markers reach on the finding (filled) and in their controls (hollow), each marker in its colour and shape.

    Two upright lines: no marker at all, and what the box's four numbers tell without any image.

    Args:
        table: From `vpe_core.results.analysis.controls.controls`.
        palette: Of the page's background.
        title: Of the metric.
    """
    markers = [marker for marker in dict.fromkeys(table["marker"]) if marker]
    conditions = [name for name, _ in CONTROLS if (table["condition"] == name).any()]
    figure = new_figure(palette, rows_height(len(conditions), 40) + 14 * len(conditions) * max(len(markers) - 1, 0))
    for _, line in table[table["condition"].isin([UNMARKED, GEOMETRY])].iterrows():
        figure.add_trace(_upright(line, len(conditions), palette))
    for number, marker in enumerate(markers):
        shift = 0.26 * (number - (len(markers) - 1) / 2)
        lines = table[table["marker"] == marker]
        places = [conditions.index(one) + shift for one in lines["condition"]]
        figure.add_trace(_dots(lines, places, palette))
    name_rows(figure, conditions, palette)
    figure.update_xaxes(title_text=title, nticks=6, tickformat=".2~f")
    return figure


def _dots(lines: pd.DataFrame, places: list[float], palette: Palette) -> go.Scatter:
    """One marker's values with their intervals, filled where it stands on the finding."""
    marker = str(lines["marker"].iloc[0])
    color = palette.marker(marker)
    shape = marker_symbol(marker).removesuffix("-open")
    return go.Scatter(
        x=lines["value"],
        y=places,
        mode="markers",
        name=marker_title(marker),
        marker={
            "symbol": [shape if one == _ON_FINDING else f"{shape}-open" for one in lines["condition"]],
            "size": 12, "color": color, "line": {"color": color, "width": 2},
        },
        error_x=error_bar(lines["value"], lines["low"], lines["high"], color),
        customdata=[
            f"{marker_title(marker)} {line['condition']}<br>{number_text(line['value'])} "
            f"{interval_text(line['low'], line['high'])}<br>{line['n']} samples"
            for _, line in lines.iterrows()
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def _upright(line: pd.Series, n_rows: int, palette: Palette) -> go.Scatter:
    """An upright line through all rows, named in the legend."""
    geometry = line["condition"] == GEOMETRY
    return go.Scatter(
        x=[line["value"], line["value"]],
        y=[-0.6, n_rows - 0.4],
        mode="lines",
        name=f"{line['condition']}: {number_text(line['value'])}",
        line={
            "color": palette.loss if geometry else palette.unmarked,
            "width": 2,
            "dash": "dash" if geometry else "solid",
        },
        hoverinfo="name",
    )
