"""Colours with a fixed meaning over all charts. Told apart by every common kind of colour vision (Okabe & Ito 2008)."""

from __future__ import annotations

from dataclasses import dataclass

from vpe_core.markers import MARKERS
from vpe_core.markers.base import ChartStyle

_ENSEMBLES = {
    "arrow+bbox+circle": ChartStyle("circle", on_dark="#A9795B", on_light="#8C6D56"),
    "crop+none": ChartStyle("circle", on_dark="#E3B6CF", on_light="#CC8FB3"),
}


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours on one kind of background; as in the style sheet of the pages.

    Attributes:
        unmarked: The image without a marker.
        marked: The image with one.
        gain: Better than unmarked.
        loss: Worse than unmarked.
        text: Labels.
        muted: Axes, and what is not significant.
        line: Grid.
        none: No count, no probability.
        dark: Whether the background is.
    """

    unmarked: str
    marked: str
    gain: str
    loss: str
    text: str
    muted: str
    line: str
    none: str
    dark: bool

    @property
    def ramp(self) -> tuple[str, str]:
        """From nothing to much, for counts."""
        return self.none, self.gain

    def marker(self, name: str) -> str:
        """The colour of a marker, or of an ensemble's markers; grey for those that have none of their own."""
        style = MARKERS.get(name).chart if name in MARKERS else _ENSEMBLES.get(name)
        if style is None:
            return self.muted
        return style.on_dark if self.dark else style.on_light


_SHADES = {
    "unmarked": ("#8A99A8", "#6B7987"),
    "marked": ("#E69F00", "#B35C00"),
    "gain": ("#56B4E9", "#0067A3"),
    "loss": ("#E8875A", "#B3470A"),
    "text": ("#E6EAEE", "#17212B"),
    "muted": ("#93A1B0", "#55636F"),
    "line": ("#263140", "#D5DBE2"),
    "none": ("#0F151C", "#F2F4F7"),
}
"""Each colour on a dark background, and on a light one."""
DARK = Palette(**{name: on_dark for name, (on_dark, _) in _SHADES.items()}, dark=True)
LIGHT = Palette(**{name: on_light for name, (_, on_light) in _SHADES.items()}, dark=False)


def marker_symbol(name: str) -> str:
    """The same marker by shape, for whoever cannot tell the colours apart."""
    style = MARKERS.get(name).chart
    return style.symbol if style else "circle"
