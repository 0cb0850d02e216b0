"""Gains and values with their intervals: forest plot, grouped bars, gain against box size."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from vpe_core.plots.figure import error_bar, name_rows, new_figure, rows_height
from vpe_core.plots.plotly import go
from vpe_core.plots.theme import Palette
from vpe_core.results.analysis.numerals import interval_text, number_text, p_text, signed_text
from vpe_core.results.exchange.formats import SIGNIFICANT, fewer_samples

_FAINT = 0.35
_ZERO = {"+0": "0"}
"""No gain has no sign."""


def forest(lines: pd.DataFrame, palette: Palette, *, higher_is_better: bool = True) -> go.Figure:
    """The gain of each row over the unmarked image with its interval; grey where it may be chance. No controls.

    Args:
        lines: Those of one run, from `paper_table`.
        palette: Of the page's background.
        higher_is_better: As the metric has it.
    """
    shown = lines[lines["gain"].notna() & ~lines["control"]].reset_index(drop=True)
    figure = new_figure(palette, rows_height(len(shown)), showlegend=False)
    figure.add_vline(0, line={"color": palette.muted, "width": 1})
    better = (shown["gain"] > 0) == higher_is_better
    apart = (shown["p_holm"] < SIGNIFICANT) & (shown["too_few"] == "")
    apart &= shown["gain"].map(signed_text) != signed_text(0.0)
    for kind, color in (
        (apart & better, palette.gain),
        (apart & ~better, palette.loss),
        (~apart, palette.muted),
    ):
        part = shown[kind]
        figure.add_scatter(
            x=part["gain"],
            y=part.index,
            mode="markers",
            marker={"color": color, "size": 10},
            error_x=error_bar(part["gain"], part["gain_low"], part["gain_high"], color),
            customdata=[_gain_words(line) for _, line in part.iterrows()],
            hovertemplate="%{customdata}<extra></extra>",
        )
    name_rows(figure, list(shown["row"]), palette)
    figure.update_xaxes(tickformat="+.3~f", labelalias=_ZERO, nticks=6)
    return figure


def grouped_bars(
    table: pd.DataFrame, heads: Mapping[int, str], palette: Palette, *, title: str, chance: float | None = None
) -> go.Figure:
    """The value of each row with its interval, a group for each run; suffixes are hatched, fewer samples marked †.

    Results out of the model's domain are faint.

    Args:
        table: From `paper_table`.
        heads: For each run what it is called.
        palette: Of the page's background.
        title: Of the metric.
        chance: What guessing reaches; a line that the legend names.
    """
    shown, fewer = table[~table["control"]], fewer_samples(table)
    more = max(len(shown[["row", "marker"]].drop_duplicates()) - 8, 0)  # than the paper has: a longer legend
    figure = new_figure(palette, 420 + 20 * more, barmode="group", bargap=0.18, bargroupgap=0.06)
    for (row, marker), lines in shown.groupby(["row", "marker"], sort=False):
        suffix = bool(lines["suffix"].iloc[0])
        color = palette.marker(str(marker))
        figure.add_bar(
            x=[heads[run] for run in lines["run"]],
            y=lines["value"],
            name=f"{row}†" if fewer[lines.index].any() else str(row),
            marker={
                "color": color,
                "opacity": [_FAINT if one else 1.0 for one in lines["out_of_domain"]],
                "pattern": {
                    "shape": "/" if suffix else "",
                    "fillmode": "overlay",
                    "fgcolor": palette.text,
                    "size": 6,
                    "solidity": 0.2,
                },
            },
            error_y=error_bar(lines["value"], lines["low"], lines["high"], palette.text, 1.2),
            customdata=[_value_words(line) for _, line in lines.iterrows()],
            hovertemplate="%{customdata}<extra></extra>",
        )
    if chance is not None:
        figure.add_hline(chance, line={"color": palette.muted, "dash": "dot"}, name="chance", showlegend=True)
    values = [0.0, 1.0, *shown["value"].dropna()]
    figure.update_yaxes(title_text=title, range=[min(values), 1.02 * max(values)])
    figure.update_xaxes(tickfont={"color": palette.text})
    return figure


def gain_by_size(table: pd.DataFrame, palette: Palette) -> go.Figure:
    """How much the true class's score gains, against how large the finding is.

    Args:
        table: From `gain_by_box_size`.
        palette: Of the page's background.
    """
    figure = new_figure(palette, 360, showlegend=False)
    figure.add_hline(0, line={"color": palette.muted, "width": 1})
    color = palette.marked
    figure.add_scatter(
        x=100 * table["area"],
        y=table["gain"],
        mode="lines+markers",
        line={"color": color, "width": 1.5},
        marker={"color": color, "size": 10},
        error_y=error_bar(table["gain"], table["gain_low"], table["gain_high"], color),
        customdata=[
            f"{100 * line['area_low']:.1f} to {100 * line['area_high']:.1f}% of the image, {line['n']} samples<br>"
            f"{line['before']:.2f} → {line['after']:.2f}, {signed_text(line['gain'])} "
            f"{interval_text(line['gain_low'], line['gain_high'])}"
            for _, line in table.iterrows()
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.update_xaxes(type="log", title_text="Box size, % of the image (fifths of the samples)", tickformat="~g")
    figure.update_yaxes(title_text="Gain in the true class's score", tickformat="+.2~f", labelalias=_ZERO)
    return figure


def _gain_words(line: pd.Series) -> str:
    parts = (
        f"<b>{line['row']}</b>: {signed_text(line['gain'])} {interval_text(line['gain_low'], line['gain_high'])}",
        p_text(line["p_holm"]) and f"Holm-corrected {p_text(line['p_holm'])}",
        f"{line['n']} samples of {line['patients']} patients",
    )
    return "<br>".join(part for part in parts if part)


def _value_words(line: pd.Series) -> str:
    return f"<b>{line['row']}</b>: {number_text(line['value'])} {interval_text(line['low'], line['high'])}"
