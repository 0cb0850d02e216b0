"""Colours with a fixed meaning over all charts. Told apart by every common kind of colour vision (Okabe & Ito 2008)."""

from __future__ import annotations

UNMARKED = "#8A99A8"
MARKED = "#E69F00"
GAIN = "#56B4E9"
LOSS = "#E8875A"

MARKER_COLORS = {
    "none": UNMARKED,
    "circle": "#E69F00",
    "bbox": "#56B4E9",
    "arrow": "#009E73",
    "crop": "#CC79A7",
    "contour": "#F0E442",
    "spotlight": "#0072B2",
    "blur": "#D55E00",
    "grayscale-tint": "#B6A6D6",
    "point": "#C9C9C9",
}
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
