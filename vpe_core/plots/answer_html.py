"""The live answer as one piece of HTML: bars and overlays.

HTML rather than figures: all of it is painted in one go and nothing jumps, it is read aloud as a table with pictures,
and its text can be selected. Whatever a class name contains, it is shown as plain text.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from vpe_core.plots.html import render
from vpe_core.plots.percent import percent, points_between

if TYPE_CHECKING:
    from typing import Self

    from vpe_core.types import Heatmap

_ROWS_SHOWN, _LIKELIEST_SHOWN = 12, 8
"""Longer tables fold the rest, so that sentence and maps stay on the screen."""


@dataclass(frozen=True, slots=True)
class MapValues:
    """A map's values on a coarse grid, for a readout on the page.

    Attributes:
        levels: One byte a cell, row by row: 255 for the strongest value.
        columns: Cells from left to right.
        rows: Cells from top to bottom.
        picture_wh: Size of the X-ray in pixels, in which places are told.
    """

    levels: bytes
    columns: int
    rows: int
    picture_wh: tuple[int, int]

    @classmethod
    def of(cls, heatmap: Heatmap, picture_wh: tuple[int, int], longest: int = 64) -> Self:
        """The values of a heatmap in the middle of each cell, `longest` cells along its longer side."""
        scale = min(1.0, longest / max(heatmap.size_wh))
        columns, rows = (max(1, round(side * scale)) for side in heatmap.size_wh)
        across, down = (
            ((np.arange(cells) + 0.5) * side / cells).astype(int)
            for cells, side in zip((columns, rows), heatmap.size_wh, strict=True)
        )
        values = heatmap.values[np.ix_(down, across)]
        top = float(heatmap.values.max())
        levels = np.rint(255 * values / top if top > 0 else np.zeros_like(values)).astype(np.uint8)
        return cls(levels.tobytes(), columns, rows, picture_wh)

    @property
    def base64(self) -> str:
        """The levels as text."""
        return b64encode(self.levels).decode("ascii")


@dataclass(frozen=True, slots=True)
class OverlayImage:
    """An overlay: a JPEG, its size in pixels, what it shows in words, and perhaps its values."""

    jpeg: bytes
    size_wh: tuple[int, int]
    alt: str
    values: MapValues | None = None

    @property
    def base64(self) -> str:
        """The JPEG as text."""
        return b64encode(self.jpeg).decode("ascii")


def answer_bars(
    classes: Sequence[str],
    without: Sequence[float],
    with_marker: Sequence[float] | None = None,
    *,
    marker: str = "marker",
    source: str = "",
    simulated: bool = False,
    guess: float | None = None,
    winners: Collection[int] = (),
    undecided: tuple[float, float] | None = None,
    means_nothing: bool = False,
) -> Markup:
    """A table of bars: without the marker, with it, and the change in percentage points.

    The order is that of the unmarked answer, so that no row moves when something is drawn.

    Args:
        classes: Class names.
        without: Probability of each class for the unmarked image, 0 to 1.
        with_marker: The same for the marked image; None while nothing is drawn.
        marker: What the marker is called, such as "circle".
        source: Where the answer comes from, shown below.
        simulated: Whether the X-ray is simulated, which is said at the upper left.
        guess: A class's probability by guessing, for the line across the bars; one of all classes by default.
        winners: Numbers of the classes that the answer names; they are highlighted.
        undecided: Where each class is asked about by itself, the probabilities between which it is neither present nor
            absent: their bounds are drawn in place of the line of a guess.
        means_nothing: Whether the numbers mean nothing: bars are then hatched grey, and changes have no colour.
    """
    marked: Sequence[float | None] = with_marker if with_marker is not None else [None] * len(classes)
    order = sorted(range(len(classes)), key=lambda index: -without[index])
    bars = {index: _bar(classes[index], without[index], marked[index], index in winners) for index in order}
    unfolded = _unfolded(order, without, with_marker, winners)
    folded = [index for index in order if index not in unfolded]
    highest = max((max(without[index], marked[index] or 0.0) for index in folded), default=0.0)
    return render(
        "answer_bars",
        marker=marker,
        source=source,
        simulated=simulated,
        guess=percent(1 / len(classes) if guess is None else guess),
        guess_width=_width(1 / len(classes) if guess is None else guess),
        undecided=[100 * bound for bound in undecided] if undecided else None,
        means_nothing=means_nothing,
        bars=[bars[index] for index in order if index in unfolded],
        folded=[bars[index] for index in folded],
        folded_below=math.floor(100 * highest) + 1,
    )


def overlay_pair(
    without: OverlayImage, with_marker: OverlayImage | None, *, marker: str, shows: str = "", reason: str = ""
) -> Markup:
    """The two overlays side by side; an empty frame of the same size while nothing is drawn.

    Args:
        without: Of the unmarked image.
        with_marker: Of the marked image; None while nothing is drawn.
        marker: What the marker is called, such as "circle".
        shows: What the maps are maps of, as `AttentionMethod.shows` says it: their common title.
        reason: One sentence more on that, for whoever points at the title.
    """
    return render("overlay_pair", without=without, with_marker=with_marker, marker=marker, shows=shows, reason=reason)


@dataclass(frozen=True, slots=True)
class _Bar:
    """A class in the table: its two bars in percent, its numbers as texts, and what kind of change it is."""

    name: str
    width_without: float
    width_with: float
    numbers: str
    wins: bool
    change: str = ""
    kind: str = ""


def _bar(name: str, without: float, marked: float | None, wins: bool) -> _Bar:
    if marked is None:
        return _Bar(name, _width(without), 0, percent(without), wins)
    change = points_between(without, marked)
    kind = "" if change == "0" else " vpl-gain" if marked > without else " vpl-loss"
    return _Bar(name, _width(without), _width(marked), f"{percent(without)} → {percent(marked)}", wins, change, kind)


def _unfolded(
    order: Sequence[int], without: Sequence[float], marked: Sequence[float] | None, winners: Collection[int]
) -> frozenset[int]:
    """Those that the answer names, the likeliest in either answer, and those that changed most as there is room."""
    after = without if marked is None else marked
    likeliest = sorted(order, key=lambda index: -max(without[index], after[index]))[:_LIKELIEST_SHOWN]
    changed = sorted(order, key=lambda index: -abs(after[index] - without[index]))
    return frozenset([*winners, *list(dict.fromkeys((*likeliest, *changed)))[:_ROWS_SHOWN]])


def _width(share: float) -> float:
    return 100 * min(max(share, 0.0), 1.0)
