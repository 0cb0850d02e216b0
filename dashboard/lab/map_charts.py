"""Charts of maps: shares layer by layer, curves of deletion and insertion, markers with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from vpe_core.lab.faithfulness import Faithfulness
from vpe_core.lab.layers import Layers
from vpe_core.lab.mapping import title_of
from vpe_core.lab.set_maps import SetMaps
from vpe_core.metrics import Interval
from vpe_core.plots.figure import error_bar, name_rows, new_figure, rows_height
from vpe_core.plots.percent import percent
from vpe_core.plots.theme import Palette
from vpe_core.results.analysis.gaze import GazeOfMarker

_CURVE_PX = 250
_APART = 0.17
_ENDS = ("value", "low", "high")
_SIDE = 0.12
"""By how much dots without the marker stand to the left, those with it to the right."""


def chart_of_layers(layers: Layers, palette: Palette) -> go.Figure:
    """The share in the region by layer, without and with the marker: a dot a head, a line for the mean of a layer."""
    figure = new_figure(palette, _CURVE_PX, showlegend=False)
    numbers = np.arange(1, layers.heads.n_layers + 1)
    figure.add_hline(layers.area, line={"color": palette.muted, "width": 1, "dash": "dot"})
    ways = (("no marker", palette.unmarked, -_SIDE), ("with the marker", palette.marked, _SIDE))
    for which, (name, color, side) in enumerate(ways):
        shares = layers.shares[which]
        if not np.isfinite(shares).all():
            continue
        for head in range(layers.heads.n_heads):
            figure.add_scatter(
                x=numbers + side, y=shares[:, head], mode="markers", marker={"color": color, "size": 5, "opacity": 0.6},
                hovertemplate=f"layer %{{customdata}}, head {head + 1}, {name}: %{{y:.0%}}<extra></extra>",
                customdata=numbers,
            )  # fmt: skip
        figure.add_scatter(
            x=numbers + side, y=layers.curves[which], mode="lines", line={"color": color, "width": 2}, hoverinfo="skip",
        )  # fmt: skip
    figure.update_xaxes(title_text="layer", dtick=1 if layers.heads.n_layers <= 12 else 2, showgrid=False)
    figure.update_yaxes(range=[-0.03, 1.03], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%")
    return figure


def chart_of_orders(found: Faithfulness, test: str, chosen: str, palette: Palette) -> go.Figure:
    """The class's probability in one test for all maps, a chosen one in colour, over the range of random orders.

    Args:
        found: The curves.
        test: "deletion" or "insertion".
        chosen: The map in colour.
        palette: Of the page's background.
    """
    figure = new_figure(palette, _CURVE_PX, showlegend=False)
    random = np.stack([getattr(one, test) for one in found.random])
    x = found.shares
    figure.add_scatter(
        x=[*x, *x[::-1]], y=[*random.max(axis=0), *random.min(axis=0)[::-1]], fill="toself", mode="none",
        fillcolor="rgba(138,153,168,0.25)", hoverinfo="skip",
    )  # fmt: skip
    for name in sorted(found.curves, key=lambda one: one == chosen):
        is_chosen = name == chosen
        figure.add_scatter(
            x=x, y=getattr(found.curves[name], test), mode="lines",
            line={"color": palette.marked if is_chosen else palette.muted, "width": 3 if is_chosen else 1.2},
            hovertemplate=f"{title_of(name)}<br>%{{x:.0%}} of the patches: %{{y:.2f}}<extra></extra>",
        )  # fmt: skip
    said = "taken away" if test == "deletion" else "put in"
    figure.update_xaxes(title_text=f"patches {said}", tickformat=".0%", nticks=6)
    figure.update_yaxes(range=[-0.03, 1.03], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".2~f")
    return figure


def chart_of_shares(rows: Sequence[GazeOfMarker], names: Sequence[str], palette: Palette) -> go.Figure:
    """The share in the box by marker: the median without and with it, with the middle half of the samples."""
    figure = new_figure(palette, rows_height(len(rows)), showlegend=False)
    ways = (("unmarked", "no marker", palette.unmarked, 0.14), ("marked", "with it", palette.marked, -0.14))
    for field, name, color, side in ways:
        quantiles = np.array([getattr(row, field) for row in rows])
        figure.add_scatter(
            x=quantiles[:, 2], y=np.arange(len(rows)) + side, mode="markers", marker={"color": color, "size": 8},
            error_x=error_bar(quantiles[:, 2], quantiles[:, 1], quantiles[:, 3], color),
            customdata=[
                f"{title}, {name}<br>median {percent(row[2])}, middle half {percent(row[1])} to {percent(row[3])}"
                for title, row in zip(names, quantiles, strict=True)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    name_rows(figure, list(names), palette)
    figure.update_xaxes(tickformat=".0%", nticks=6)
    return figure


def chart_of_set_maps(found: SetMaps, names: Sequence[str], measure: str, palette: Palette) -> go.Figure:
    """One measure of maps over a data set: without and with the marker, with 95% intervals, against chance (dotted).

    Args:
        found: The maps.
        names: Those that are shown, from the top.
        measure: "hit" or "iou".
        palette: Of the page's background.
    """
    figure = new_figure(palette, rows_height(len(names)), showlegend=False)
    rows, titles = np.arange(len(names)), [title_of(name) for name in names]
    ways = (
        ("unmarked", "no marker", palette.unmarked, -_APART),
        ("marked", f"with the {found.marker}", palette.marked, _APART),
    )
    for way, said, color, side in ways:
        scores = [getattr(found.maps[name], way) for name in names]
        chance = [found.chance_hit if measure == "hit" else one.chance_iou for one in scores]
        ends = rows + side - _APART, rows + side + _APART
        figure.add_scatter(
            x=[x for one in chance for x in (one, one, None)],
            y=[y for pair in zip(*ends, strict=True) for y in (*pair, None)],
            mode="lines", line={"color": palette.muted, "width": 2, "dash": "dot"}, hoverinfo="skip",
        )  # fmt: skip
        value, low, high = (np.array([getattr(getattr(one, measure), end) for one in scores]) for end in _ENDS)
        figure.add_scatter(
            x=value, y=rows + side, mode="markers", marker={"color": color, "size": 9},
            error_x=error_bar(value, low, high, color),
            customdata=[
                f"{title}, {said}<br>{value[row]:.2f} [{low[row]:.2f}, {high[row]:.2f}], chance {chance[row]:.2f}"
                for row, title in enumerate(titles)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    name_rows(figure, titles, palette)
    if measure == "hit":
        figure.update_xaxes(range=[-0.02, 1.04], tickvals=[0, 0.5, 1], tickformat=".0%")
    else:
        figure.update_xaxes(rangemode="tozero", nticks=5, tickformat=".2~f")
    return figure


def chart_of_intervals(values: Sequence[Interval], names: Sequence[str], palette: Palette, *, unit: str) -> go.Figure:
    """A number by marker with its 95% interval, against 0; grey where the interval holds 0.

    Args:
        values: One a row.
        names: Of the rows.
        palette: Of the page's background.
        unit: What is on the axis; "points" for shares in percentage points.
    """
    factor = 100 if unit == "points" else 1
    figure = new_figure(palette, rows_height(len(values)), showlegend=False)
    figure.add_vline(0, line={"color": palette.muted, "width": 1})
    value, low, high = (factor * np.array([getattr(one, end) for one in values]) for end in _ENDS)
    for color, apart in ((palette.gain, low > 0), (palette.loss, high < 0), (palette.muted, ~((low > 0) | (high < 0)))):
        places = np.flatnonzero(apart).tolist()
        figure.add_scatter(
            x=value[places], y=places, mode="markers", marker={"color": color, "size": 10},
            error_x=error_bar(value[places], low[places], high[places], color),
            customdata=[f"{names[at]}<br>{value[at]:.2f} [{low[at]:.2f}, {high[at]:.2f}]" for at in places],
            hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    name_rows(figure, list(names), palette)
    figure.update_xaxes(tickformat="+.3~g", labelalias={"+0": "0"}, nticks=6)
    return figure
