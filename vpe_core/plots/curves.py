"""Curves: ROC, precision against recall, reliability."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from vpe_core.plots.figure import new_figure
from vpe_core.plots.plotly import go
from vpe_core.plots.theme import Palette
from vpe_core.results.analysis.curves import ALL_CLASSES

_SIDE_PX = 440


def curve_pair(
    table: pd.DataFrame, palette: Palette, *, kind: Literal["roc", "pr"], marker: str, label: str | None = None
) -> go.Figure:
    """The curve without and with a marker; for all classes their mean, and each class's own curve faintly.

    Args:
        table: From `vpe_core.results.analysis.curves.curves`.
        palette: Of the page's background.
        kind: "roc" or "pr".
        marker: What the marker is called.
        label: The one class that is shown; None for all.
    """
    figure = new_figure(palette, _SIDE_PX)
    if kind == "roc":
        _diagonal(figure, palette)
    main = label or ALL_CLASSES
    for shown, name, color in (
        ("unmarked", "without", palette.unmarked),
        ("marked", f"with the {marker}", palette.marked),
    ):
        for one, points in table[table["shown"] == shown].groupby("label", sort=False):
            figure.add_scatter(
                x=points["x"],
                y=points["y"],
                mode="lines",
                name=name,
                legendgroup=shown,
                showlegend=bool(one == main),
                opacity=1 if one == main else 0.22,
                line={"color": color, "width": 3 if one == main else 1.2, "shape": "linear" if kind == "roc" else "vh"},
                hovertemplate=f"{one}, {name}<br>%{{x:.2f}}, %{{y:.2f}}<extra></extra>",
            )
    titles = ("False positive rate", "True positive rate") if kind == "roc" else ("Recall", "Precision")
    figure.update_xaxes(title_text=titles[0], range=[0, 1.01])
    figure.update_yaxes(title_text=titles[1], range=[0, 1.02])
    return figure


def reliability_pair(table: pd.DataFrame, palette: Palette, *, marker: str) -> go.Figure:
    """How often the likeliest class is right against how sure the model is; on the diagonal it is as good as it thinks.

    Args:
        table: From `reliability_table`.
        palette: Of the page's background.
        marker: What the marker is called.
    """
    figure = new_figure(palette, _SIDE_PX)
    _diagonal(figure, palette)
    for shown, name, color in (
        ("unmarked", "without", palette.unmarked),
        ("marked", f"with the {marker}", palette.marked),
    ):
        points = table[table["shown"] == shown]
        if points.empty:
            continue
        figure.add_scatter(
            x=points["confidence"],
            y=points["accuracy"],
            mode="lines+markers",
            name=f"{name}: calibration error {points['ece'].iloc[0]:.3f}",
            line={"color": color, "width": 2},
            marker={"color": color, "size": 6 + 16 * (points["n"] / points["n"].sum()) ** 0.5},
            customdata=points["n"],
            hovertemplate="sure %{x:.2f}, right %{y:.2f}<br>%{customdata} samples<extra></extra>",
        )
    figure.update_xaxes(title_text="Probability of the likeliest class", range=[0, 1.02])
    figure.update_yaxes(title_text="Share that is right", range=[0, 1.02])
    return figure


def _diagonal(figure: go.Figure, palette: Palette) -> None:
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": palette.muted, "dash": "dot", "width": 1},
        hoverinfo="skip",
        showlegend=False,
    )
