"""Colours with a fixed meaning over all charts. Told apart by every common kind of colour vision (Okabe & Ito 2008)."""

from __future__ import annotations

from dataclasses import dataclass

from vpe_core.markers import MARKERS


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
        ensembles: One colour for each ensemble of markers.
        ramp: From nothing to much, for counts.
        dark: Whether the background is.
    """

    unmarked: str
    marked: str
    gain: str
    loss: str
    text: str
    muted: str
    line: str
    ensembles: dict[str, str]
    ramp: tuple[str, str]
    dark: bool

    def marker(self, name: str) -> str:
        """The colour of a marker, or of an ensemble's markers; grey for those that have none of their own."""
        style = MARKERS.get(name).chart if name in MARKERS else None
        if style is None:
            return self.ensembles.get(name, self.muted)
        return style.on_dark if self.dark else style.on_light


DARK = Palette(
    unmarked="#8A99A8",
    marked="#E69F00",
    gain="#56B4E9",
    loss="#E8875A",
    text="#E6EAEE",
    muted="#93A1B0",
    line="#263140",
    ensembles={
        "arrow+bbox+circle": "#A9795B",
        "crop+none": "#E3B6CF",
    },
    ramp=("#0F151C", "#56B4E9"),
    dark=True,
)
LIGHT = Palette(
    unmarked="#6B7987",
    marked="#B35C00",
    gain="#0067A3",
    loss="#B3470A",
    text="#17212B",
    muted="#55636F",
    line="#D5DBE2",
    ensembles={
        "arrow+bbox+circle": "#8C6D56",
        "crop+none": "#CC8FB3",
    },
    ramp=("#F2F4F7", "#0067A3"),
    dark=False,
)


def marker_symbol(name: str) -> str:
    """The same marker by shape, for whoever cannot tell the colours apart."""
    style = MARKERS.get(name).chart
    return style.symbol if style else "circle"
