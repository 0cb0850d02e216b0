"""The live answer as one piece of HTML: bars, sentence, overlays.

HTML rather than figures: all of it is painted in one go and nothing jumps, it is read aloud as a table with pictures,
and its text can be selected. Whatever a class name contains, it is shown as plain text.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from vpe_core.plots.html import render

if TYPE_CHECKING:
    from typing import Self

    from vpe_core.types import Heatmap

_MINUS = "\N{MINUS SIGN}"
_VISIBLE_CHANGE = 0.005
"""Below this, a change would be printed as 0.00."""


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
) -> Markup:
    """A table of bars, the most probable class first: without the marker, with it, and the change.

    Args:
        classes: Class names.
        without: Probability of each class for the unmarked image, 0 to 1.
        with_marker: The same for the marked image; None while nothing is drawn.
        marker: What the marker is called, such as "circle".
        source: Where the answer comes from, shown at the upper right.
        simulated: Whether the X-ray is simulated, which is said there, too.
    """
    marked: Sequence[float | None] = with_marker if with_marker is not None else [None] * len(classes)
    rows = sorted(zip(classes, without, marked, strict=True), key=lambda row: -max(row[1], row[2] or 0))
    bars = [_bar(*row) for row in rows]
    return render("answer_bars", marker=marker, source=source, simulated=simulated, bars=bars)


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


def signed(value: float) -> str:
    """A change with its sign, two decimals: +0.66, or a true minus sign."""
    if abs(value) < _VISIBLE_CHANGE:
        return "0.00"
    return f"{'+' if value > 0 else _MINUS}{abs(value):.2f}"


@dataclass(frozen=True, slots=True)
class _Bar:
    """A class in the table: its two bars in percent, its numbers as texts, and what kind of change it is."""

    name: str
    width_without: float
    width_with: float
    numbers: str
    change: str = ""
    kind: str = ""


def _bar(name: str, without: float, marked: float | None) -> _Bar:
    if marked is None:
        return _Bar(name, _percent(without), 0, f"{without:.2f}")
    change = marked - without
    kind = "" if abs(change) < _VISIBLE_CHANGE else " vpl-gain" if change > 0 else " vpl-loss"
    numbers = f"{without:.2f} → {marked:.2f}"
    return _Bar(name, _percent(without), _percent(marked), numbers, signed(change), kind)


def _percent(share: float) -> float:
    return 100 * min(max(share, 0.0), 1.0)
