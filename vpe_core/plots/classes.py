"""Class by class: dumbbells from unmarked to marked, and which classes are confused."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from vpe_core.plots.figure import name_rows, new_figure, rows_height, styled
from vpe_core.plots.plotly import go, make_subplots
from vpe_core.plots.theme import Palette
from vpe_core.results.analysis.numerals import interval_text, number_text, signed_text


def dumbbells(table: pd.DataFrame, palette: Palette, *, marker: str, title: str = "") -> go.Figure:
    """For each class the value without and with a marker, joined by a line.

    Args:
        table: From `per_class`, or from `attention_inside`, which has no intervals.
        palette: Of the page's background.
        marker: What the marker is called.
        title: Of the axis.
    """
    figure = new_figure(palette, rows_height(len(table), 88))
    places = np.arange(len(table))
    gaps = np.full(len(table), None)
    figure.add_scatter(
        x=np.column_stack([table["unmarked"], table["marked"], gaps]).ravel(),
        y=np.column_stack([places, places, gaps]).ravel(),
        mode="lines",
        line={"color": palette.line, "width": 4},
        hoverinfo="skip",
        showlegend=False,
    )
    for column, name, color in (
        ("unmarked", "without", palette.unmarked),
        ("marked", f"with the {marker}", palette.marked),
    ):
        figure.add_scatter(
            x=table[column],
            y=places,
            mode="markers",
            name=name,
            marker={"color": color, "size": 12},
            customdata=[_words(line) for _, line in table.iterrows()],
            hovertemplate="%{customdata}<extra></extra>",
        )
    name_rows(figure, list(table["label"]), palette)
    figure.update_xaxes(title_text=title, nticks=6)
    return figure


def confusion_pair(tables: Mapping[str, pd.DataFrame], palette: Palette, *, marker: str) -> go.Figure:
    """Two confusion matrices, without and with a marker; colour is the share of the true class, the number its count.

    Args:
        tables: From `confusion`.
        palette: Of the page's background.
        marker: What the marker is called.
    """
    titles = ("without", f"with the {marker}")
    figure = make_subplots(1, 2, subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.03)
    size = len(tables["unmarked"])
    styled(figure, palette, rows_height(size, 190), showlegend=False)
    for column, shown in enumerate(("unmarked", "marked"), start=1):
        counts = tables[shown]
        totals = counts.sum(axis=1).to_numpy()[:, None]
        shares = np.divide(counts.to_numpy(), totals, out=np.zeros(counts.shape), where=totals > 0)
        figure.add_heatmap(
            z=shares,
            x=list(counts.columns),
            y=list(counts.index),
            text=counts.to_numpy().astype(str),
            texttemplate="%{text}",
            colorscale=[list(end) for end in zip((0, 1), palette.ramp, strict=True)],
            zmin=0,
            zmax=1,
            showscale=False,
            hovertemplate="true: %{y}<br>answered: %{x}<br>%{text} samples, %{z:.0%} of the class<extra></extra>",
            row=1,
            col=column,
        )
    figure.update_yaxes(autorange="reversed", showgrid=False, tickfont={"color": palette.text})
    figure.update_xaxes(showgrid=False, tickangle=-40, tickfont={"color": palette.text})
    figure.update_xaxes(title_text="answer")
    figure.update_yaxes(title_text="true class", col=1)
    figure.update_layout(margin={"t": 36})
    return figure


def _words(line: pd.Series) -> str:
    def value(column: str) -> str:
        low, high = line.get(f"{column}_low", np.nan), line.get(f"{column}_high", np.nan)
        return f"{number_text(line[column])} {interval_text(low, high)}".strip()

    words = f"<b>{line['label']}</b>, {line['n']} samples<br>{value('unmarked')} → {value('marked')}"
    if "gain" in line:
        words += f"<br>{signed_text(line['gain'])} {interval_text(line['gain_low'], line['gain_high'])}"
    return words
