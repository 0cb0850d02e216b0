"""What all charts share: no decoration, direct labels, heights that fit the number of rows."""

from __future__ import annotations

from typing import Any

from vpe_core.plots.plotly import go
from vpe_core.plots.theme import Palette

ROW_PX = 30
_MARGIN = {"l": 8, "r": 16, "t": 12, "b": 8}


def new_figure(palette: Palette, height: int, **layout: Any) -> go.Figure:
    """An empty figure in the palette, transparent, so that it sits on any background.

    Args:
        palette: Of the page's background.
        height: In pixels.
        layout: More of plotly's layout.
    """
    return styled(go.Figure(), palette, height, **layout)


def styled(figure: go.Figure, palette: Palette, height: int, **layout: Any) -> go.Figure:
    """The figure, with all its panels, in the palette."""
    axis = {
        "gridcolor": palette.line,
        "zeroline": False,
        "linecolor": palette.line,
        "tickfont": {"color": palette.muted},
        "title": {"font": {"color": palette.muted}},
        "automargin": True,
    }
    figure.update_layout(
        height=height,
        margin=_MARGIN,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": palette.text, "size": 13},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": None},
        hoverlabel={"align": "left"},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": palette.muted, "activecolor": palette.text},
        **layout,
    )
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    return figure


def name_rows(figure: go.Figure, names: list[str], palette: Palette) -> None:
    """Number the rows of a chart 0, 1, … from the top, with names on the left."""
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=names,
        range=[len(names) - 0.4, -0.6],
        showgrid=False,
        showline=False,
        tickfont={"color": palette.text, "size": 13},
    )


def enlarge(figure: go.Figure, factor: float) -> None:
    """Larger type in the same chart, and the height for it: for a projector."""
    size = round(figure.layout.font.size * factor)
    figure.update_layout(font_size=size, height=round(figure.layout.height * factor))
    figure.update_xaxes(tickfont_size=size)
    figure.update_yaxes(tickfont_size=size)
    figure.for_each_annotation(lambda note: note.update(font_size=size))
    if title_px := figure.layout.title.font.size:
        figure.update_layout(title_font_size=round(title_px * factor))


def rows_height(n_rows: int, extra: int = 60) -> int:
    """The height of a chart with so many rows, in pixels."""
    return max(n_rows, 2) * ROW_PX + extra


def error_bar(values: Any, low: Any, high: Any, color: str, thickness: float = 2) -> dict[str, Any]:
    """Plotly's error bars from the ends of intervals."""
    return {
        "type": "data",
        "symmetric": False,
        "array": high - values,
        "arrayminus": values - low,
        "color": color,
        "thickness": thickness,
        "width": 0,
    }
