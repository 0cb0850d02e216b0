"""Markers that colour the region itself: a transparent tint, and a small dot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.markers.base import ChartStyle, Ink, Marker, tells_place
from vpe_core.markers.painting import ShapeMask, fill_region
from vpe_core.types import Arrow, Box

if TYPE_CHECKING:
    from PIL import Image

    from vpe_core.types import Region

DOT_WIDTHS = 2.0
"""Radius of the dot in line widths."""


def draw_tint(image: Image.Image, region: Region, ink: Ink) -> Image.Image:
    """Tint the region on the grey X-ray: Yao et al., Colorful Prompt Tuning (2021)."""
    shape = ShapeMask(region.box, image.size)
    fill_region(shape, region)
    return shape.paint(image, ink)


def draw_point(image: Image.Image, region: Region, ink: Ink) -> Image.Image:
    """A filled dot at the arrow's tip, or in the middle of any other region's box."""
    x, y = region.tip if isinstance(region, Arrow) else region.box.center
    radius_px = DOT_WIDTHS * ink.width_px
    dot = Box(x - radius_px, y - radius_px, x + radius_px, y + radius_px)
    shape = ShapeMask(dot, image.size)
    shape.ellipse(dot)
    return shape.paint(image, ink)


GRAYSCALE_TINT = Marker(
    "Tinted region", draw_tint, uses=frozenset({"color", "opacity"}), opacity=0.35, short_title="tint",
    chart=ChartStyle("hexagon", on_dark="#B6A6D6", on_light="#6C5B9E"),
)  # fmt: skip
POINT = Marker(
    "Point", draw_point, phrase="dot", drawn_as="dot", treatment=False, tells=tells_place,
    chart=ChartStyle("cross", on_dark="#C9C9C9", on_light="#5F5F5F"),
)  # fmt: skip
