"""Visual markers: box, circle, arrow, crop and others, by the paper's protocol or drawn for people.

from vpe_core.markers import get, names

names()            # ("none", "bbox", "circle", ...)
get("bbox").title  # "Bounding box"
"""

from vpe_core.markers.arrow import automatic_arrow
from vpe_core.markers.base import ChartStyle, Ink, Marker
from vpe_core.markers.catalog import MARKERS
from vpe_core.markers.colors import color_word, parse_color
from vpe_core.markers.protocols import Protocol, VariantRenderer, draw_marker, render_variant

names = MARKERS.names
get = MARKERS.get

__all__ = [
    "MARKERS",
    "ChartStyle",
    "Ink",
    "Marker",
    "Protocol",
    "VariantRenderer",
    "automatic_arrow",
    "color_word",
    "draw_marker",
    "get",
    "names",
    "parse_color",
    "render_variant",
]
