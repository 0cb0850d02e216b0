"""Colours with a fixed meaning over all charts. Told apart by every common kind of colour vision (Okabe & Ito 2008)."""

from __future__ import annotations

from dataclasses import dataclass


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
        markers: One colour each, and for each ensemble, the same in all charts.
        ramp: From nothing to much, for counts.
    """

    unmarked: str
    marked: str
    gain: str
    loss: str
    text: str
    muted: str
    line: str
    markers: dict[str, str]
    ramp: tuple[str, str]


DARK = Palette(
    unmarked="#8A99A8",
    marked="#E69F00",
    gain="#56B4E9",
    loss="#E8875A",
    text="#E6EAEE",
    muted="#93A1B0",
    line="#263140",
    markers={
        "none": "#8A99A8",
        "circle": "#E69F00",
        "bbox": "#56B4E9",
        "arrow": "#009E73",
        "crop": "#CC79A7",
        "contour": "#F0E442",
        "spotlight": "#3D8BD4",
        "blur": "#D55E00",
        "grayscale-tint": "#B6A6D6",
        "point": "#C9C9C9",
        "arrow+bbox+circle": "#A9795B",
        "crop+none": "#E3B6CF",
    },
    ramp=("#0F151C", "#56B4E9"),
)
LIGHT = Palette(
    unmarked="#6B7987",
    marked="#B35C00",
    gain="#0067A3",
    loss="#B3470A",
    text="#17212B",
    muted="#55636F",
    line="#D5DBE2",
    markers={
        "none": "#6B7987",
        "circle": "#B35C00",
        "bbox": "#0072B2",
        "arrow": "#007A5A",
        "crop": "#A8487F",
        "contour": "#8A7F00",
        "spotlight": "#00558A",
        "blur": "#A34700",
        "grayscale-tint": "#6C5B9E",
        "point": "#5F5F5F",
        "arrow+bbox+circle": "#8C6D56",
        "crop+none": "#CC8FB3",
    },
    ramp=("#F2F4F7", "#0067A3"),
)
MARKER_SYMBOLS = {
    "none": "circle-open",
    "circle": "circle",
    "bbox": "square",
    "arrow": "triangle-right",
    "crop": "square-open",
    "contour": "diamond",
    "spotlight": "star",
    "blur": "x",
    "grayscale-tint": "hexagon",
    "point": "cross",
}
"""The same markers by shape, for whoever cannot tell the colours apart."""
