"""Markers that change what lies outside the region: spotlight (dimmed) and blur."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageFilter

from vpe_core.markers.base import ChartStyle, Ink, Marker
from vpe_core.markers.painting import region_mask

if TYPE_CHECKING:
    from vpe_core.types import Region

BLUR_SHARE = 0.03
"""Standard deviation of the blur as a share of the image's shorter side: ribs go, the lungs' outline stays."""


def draw_spotlight(image: Image.Image, region: Region, ink: Ink) -> Image.Image:
    """Dim everything outside the region; opacity 1 makes it black."""
    dimmed = Image.blend(image, Image.new("RGB", image.size), ink.opacity)
    return Image.composite(image, dimmed, region_mask(region, image.size))


def draw_blur(image: Image.Image, region: Region, ink: Ink) -> Image.Image:
    """Blur everything outside the region: the "blur reverse mask" of Yang et al., Fine-Grained Visual Prompting (2023).

    Opacity mixes the blurred surroundings with the sharp ones.
    """
    blurred = image.filter(ImageFilter.GaussianBlur(BLUR_SHARE * min(image.size)))
    surroundings = Image.blend(image, blurred, ink.opacity)
    return Image.composite(image, surroundings, region_mask(region, image.size))


SPOTLIGHT = Marker(
    "Spotlight", draw_spotlight, uses=frozenset({"opacity"}), opacity=0.6,
    chart=ChartStyle("star", on_dark="#3D8BD4", on_light="#00558A"),
)  # fmt: skip
BLUR = Marker(
    "Blurred surroundings", draw_blur, uses=frozenset({"opacity"}),
    chart=ChartStyle("x", on_dark="#D55E00", on_light="#A34700"),
)  # fmt: skip
