"""The lab's charts: ways of marking in rows, and curves. No streamlit here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from vpe_core.lab import MarkerStyle
from vpe_core.lab.axes import AXES
from vpe_core.lab.compare import Compared
from vpe_core.lab.sweeps import SweepCurve
from vpe_core.markers import get as get_marker
from vpe_core.plots.figure import new_figure
from vpe_core.plots.percent import percent
from vpe_core.plots.theme import Palette, marker_symbol

_ROW_PX = 21
_LEAST_PX, _MORE_PX = 7, 3
_CURVE_PX = 250
_SYMBOLS = ("circle", "square", "diamond", "cross")


def chart_of_ways(found: Compared, target: str, present: int, palette: Palette) -> go.Figure:
    """The class's probability in every way of marking: a row for each marker and colour, a larger dot for a wider line.

    Args:
        found: What was compared.
        target: The class.
        present: The place of the present marker among the ways.
        palette: Of the page's background.
    """
    rows = list(dict.fromkeys(map(_row, found.styles)))
    widths = sorted({style.width for style in found.styles})
    figure = new_figure(palette, _ROW_PX * len(rows) + 70, showlegend=False)
    before = float(found.unmarked[found.column])
    figure.add_vline(before, line={"color": palette.unmarked, "width": 2})
    figure.add_annotation(
        x=before, y=-0.9, text=f"no marker {percent(before)}", showarrow=False, font={"color": palette.unmarked},
        xanchor="left" if before < 0.5 else "right", xshift=4 if before < 0.5 else -4,
    )  # fmt: skip
    for name in dict.fromkeys(style.marker for style in found.styles):
        these = [place for place, style in enumerate(found.styles) if style.marker == name]
        figure.add_scatter(
            x=found.probabilities[these, found.column],
            y=[rows.index(_row(found.styles[place])) for place in these],
            mode="markers",
            marker={
                "color": palette.marker(name), "symbol": marker_symbol(name),
                "size": [_LEAST_PX + _MORE_PX * widths.index(found.styles[place].width) for place in these],
                "line": {"width": 1.5, "color": palette.marker(name)},
            },
            customdata=[_way_words(found, place) for place in these],
            hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=[found.probabilities[present, found.column]], y=[rows.index(_row(found.styles[present]))], mode="markers",
        marker={"symbol": "circle-open", "size": 22, "color": palette.text, "line": {"width": 2}}, hoverinfo="skip",
    )  # fmt: skip
    figure.update_yaxes(
        tickvals=list(range(len(rows))), ticktext=rows, range=[len(rows) - 0.4, -1.4], showgrid=False,
        tickfont={"color": palette.text},
    )  # fmt: skip
    figure.update_xaxes(title_text=f"Probability of {target}", range=[-0.02, 1.02], tickformat=".1~f", nticks=6)
    return figure


def chart_of_curves(curves: Sequence[SweepCurve], titles: Sequence[str], palette: Palette) -> go.Figure:
    """Curves of several models along one axis: solid the class's probability, dotted the attention in the region."""
    axis = AXES.get(curves[0].axis)
    figure = new_figure(palette, _CURVE_PX, showlegend=False)
    for number, (curve, title) in enumerate(zip(curves, titles, strict=True)):
        color = curve_colors(palette)[number % len(_SYMBOLS)]
        values = list(curve.values)
        if max(curve.n_pictures) > 1:
            figure.add_scatter(
                x=[*values, *reversed(values)], y=[*curve.high, *reversed(curve.low)], fill="toself", mode="none",
                fillcolor=_faint(color), hoverinfo="skip",
            )  # fmt: skip
        figure.add_scatter(
            x=values, y=curve.probability, mode="lines+markers", name=title, line={"color": color, "width": 2},
            marker={"symbol": _SYMBOLS[number % len(_SYMBOLS)], "size": 7},
            hovertemplate=f"{title}<br>%{{x:~g}} {axis.unit}: %{{y:.2f}}<extra></extra>",
        )  # fmt: skip
        if not np.isnan(curve.attention).all():
            figure.add_scatter(
                x=values,
                y=curve.attention,
                mode="lines",
                line={"color": color, "width": 1.5, "dash": "dot"},
                hovertemplate=f"{title}, attention in the region<br>%{{x:~g}} {axis.unit}: %{{y:.2f}}<extra></extra>",
            )
        figure.add_hline(curve.unmarked, line={"color": color, "width": 1, "dash": "dash"}, opacity=0.5)
    if (present := curves[0].present) is not None:
        figure.add_vline(present, line={"color": palette.muted, "width": 1})
        is_left = present < (min(curves[0].values) + max(curves[0].values)) / 2
        figure.add_annotation(
            x=present, y=1.06, text="now", showarrow=False, font={"color": palette.muted},
            xanchor="left" if is_left else "right", xshift=3 if is_left else -3,
        )  # fmt: skip
    figure.update_xaxes(title_text=axis.unit, tickformat="~g", nticks=7)
    figure.update_yaxes(range=[-0.03, 1.12], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".2~f")
    return figure


def curve_colors(palette: Palette) -> tuple[str, ...]:
    """Colours for models, the first one that of what is marked; symbols tell them apart as well."""
    return palette.marked, palette.gain, palette.marker("crop"), palette.marker("grayscale-tint")


def _row(style: MarkerStyle) -> str:
    name = get_marker(style.marker).short_title
    return f"{name}, {style.color_name or style.color}" if "color" in style.uses else name


def _way_words(found: Compared, place: int) -> str:
    attention = found.attention[place]
    share = "" if np.isnan(attention) else f"<br>attention in the region {percent(float(attention))}"
    return f"<b>{found.styles[place].title}</b><br>{found.probabilities[place, found.column]:.2f}{share}"


def _faint(color: str) -> str:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.15)"
