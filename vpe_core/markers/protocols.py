"""The two protocols: `paper` reproduces Denner et al. (MIDL 2025) pixel for pixel, `native` draws for people.

`paper`: the image is stretched over its own range to 8-bit RGB and squashed to 256 x 256 pixels; the region is scaled
and truncated to whole pixels; the marker is drawn with Pillow's ImageDraw; crops are cut from the full resolution.

`native`: the marker is drawn, anti-aliased, on the full-resolution image as people see it.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from PIL import Image, ImageDraw

from vpe_core.errors import MarkerError, RegionError
from vpe_core.images import as_image, as_pixels
from vpe_core.markers.base import Ink, Marker, PaperRegion
from vpe_core.markers.catalog import MARKERS, NONE
from vpe_core.markers.colors import parse_color
from vpe_core.types import Arrow, as_region

if TYPE_CHECKING:
    from vpe_core.images import ImageSource
    from vpe_core.types import AnyRegion, Point, Region

Protocol: TypeAlias = Literal["paper", "native"]

PAPER_WIDTH, NATIVE_WIDTH, MAX_WIDTH = 1.0, 3.0, 64.0
DEFAULT_COLOR = "red"
NATIVE_REFERENCE_PX = 512
PAPER_SIDE_PX = 256


def draw_marker(
    image: ImageSource,
    region: AnyRegion | None = None,
    marker: str | None = None,
    *,
    color: str = DEFAULT_COLOR,
    width: float | None = None,
    opacity: float | None = None,
) -> Image.Image:
    """Draw a marker for people: on the image in full resolution, anti-aliased, by the `native` protocol.

    The same as `render_variant(..., protocol="native")`, for whoever needs no other protocol.

    Args:
        image: A Pillow image of any mode, an array, a path or bytes; it is not changed. RGB images and arrays keep
            their colours, others become grey. Draw on the result to add another marker.
        region: A `Box`, `Polygon` or `Arrow` in pixels of the image, or (x0, y0, x1, y1). It may reach beyond the
            image, not lie outside.
        marker: A name from `vpe_core.markers.names()`; None and "none" leave the image unmarked.
        color: A colour name, or "#rrggbb".
        width: Line width in pixels of an image whose shorter side has 512 pixels; None for the protocol's 3. On an
            image whose shorter side has s pixels the line is max(1, width * s / 512) pixels wide, so it looks alike at
            every resolution.
        opacity: Above 0 and up to 1; None for the marker's own default.

    Returns:
        A new RGB image of the same size; a crop is smaller.

    Raises:
        ImageReadError: The image cannot be read, or is none.
        MarkerError: The marker, colour, width or opacity is not valid.
        RegionError: A marker needs a region, and there is none in the image.

    Example:
        >>> from vpe_core import Box
        >>> xray = Image.new("L", (512, 512))
        >>> draw_marker(xray, Box(100, 100, 200, 200), "bbox").getpixel((150, 100))
        (255, 0, 0)
    """
    rgb = as_image(image).convert("RGB")
    chosen = MARKERS.get(marker or "none")
    ink = native_ink(chosen, rgb.size, color=color, width=width, opacity=opacity)
    if chosen is NONE:
        return rgb
    return chosen.draw(rgb, _region_inside(region, rgb.size), ink)


def native_ink(
    marker: Marker,
    size_wh: tuple[int, int],
    *,
    color: str = DEFAULT_COLOR,
    width: float | None = None,
    opacity: float | None = None,
) -> Ink:
    """What `draw_marker` draws a marker with on an image of this size; arguments and errors as there."""
    width_px = max(1.0, _valid_width(width, "native") * min(size_wh) / NATIVE_REFERENCE_PX)
    return Ink(parse_color(color), width_px, _valid_opacity(opacity, marker))


def render_variant(
    image: ImageSource,
    region: AnyRegion | None = None,
    marker: str | None = None,
    *,
    protocol: Protocol = "paper",
    color: str = DEFAULT_COLOR,
    width: float | None = None,
    opacity: float | None = None,
) -> Image.Image:
    """What a model is shown: one image with one marker, by one of the two protocols.

    Args:
        image: A path, bytes, Pillow image, array or `XrayPixels`. Only paths and bytes are decoded, so give something
            decoded where speed matters; for many variants of one image use `VariantRenderer`.
        region: As for `draw_marker`, in pixels of the source image.
        marker: As for `draw_marker`. Markers that the paper does not have are drawn on its 256 x 256 image.
        protocol: "paper" or "native".
        color: A colour name, or "#rrggbb".
        width: None for the protocol's own: 1 in "paper", whole pixels of the 256 x 256 image; 3 in "native", as for
            `draw_marker`.
        opacity: Above 0 and up to 1; None for the marker's own default.

    Returns:
        A new RGB image. "paper": 256 x 256, or a crop in full resolution. "native": as `draw_marker`.

    Raises:
        ImageReadError: The image cannot be read.
        MarkerError: The marker, protocol, colour, width or opacity is not valid.
        RegionError: A marker needs a region, and there is none in the image.
    """
    return VariantRenderer(image, protocol).render(region, marker, color=color, width=width, opacity=opacity)


class VariantRenderer:
    """All variants of one image, which is decoded, stretched and squashed only once.

    Args:
        image: As for `render_variant`.
        protocol: "paper" or "native".

    Raises:
        ImageReadError: The image cannot be read.
        MarkerError: There is no such protocol.
    """

    def __init__(self, image: ImageSource, protocol: Protocol = "paper") -> None:
        if protocol not in get_args(Protocol):
            raise MarkerError(f"Expected the protocol 'paper' or 'native', but got {str(protocol)[:40]!r}.")
        self._protocol = protocol
        if protocol == "native":
            self._picture = as_image(image)
        else:
            self._pixels = as_pixels(image)

    def render(
        self,
        region: AnyRegion | None = None,
        marker: str | None = None,
        *,
        color: str = DEFAULT_COLOR,
        width: float | None = None,
        opacity: float | None = None,
        drawn: Image.Image | None = None,
        keep_grey: bool = False,
    ) -> Image.Image:
        """One variant; arguments, result and errors as for `render_variant`.

        `drawn` is an earlier result, which the marker is added to; a crop takes no notice of it. With `keep_grey`, the
        paper's crop of a grey image has the mode "L": a model makes the same of it with less than half the work.
        """
        if self._protocol == "native":
            picture = self._picture if drawn is None else drawn
            return draw_marker(picture, region, marker, color=color, width=width, opacity=opacity)
        chosen = MARKERS.get(marker or "none")
        ink = Ink(parse_color(color), _valid_width(width, "paper"), _valid_opacity(opacity, chosen))
        under = self._small if drawn is None else drawn
        if chosen is NONE:
            return under.copy()
        inside = _region_inside(region, self._pixels.size_wh)
        if chosen.crops:
            crop = chosen.draw(self._full, inside, ink)
            return crop if keep_grey else crop.convert("RGB")
        return self._render_paper(chosen, inside, ink, under)

    def _render_paper(self, marker: Marker, region: Region, ink: Ink, under: Image.Image) -> Image.Image:
        width, height = self._pixels.size_wh
        if marker.draw_paper is None:
            return marker.draw(under, region.scaled(PAPER_SIDE_PX / width, PAPER_SIDE_PX / height), ink)
        if ink.width_px != int(ink.width_px) or ink.width_px < 1:
            raise MarkerError(f"The paper's protocol draws lines of whole pixels, but got the width {ink.width_px}.")
        marked = under.copy()
        marker.draw_paper(ImageDraw.Draw(marked), paper_region(region, self._pixels.size_wh), ink)
        return marked if ink.opacity == 1 else Image.blend(under, marked, ink.opacity)

    @cached_property
    def _full(self) -> Image.Image:
        return self._pixels.min_max()

    @cached_property
    def _small(self) -> Image.Image:
        return self._full.resize((PAPER_SIDE_PX, PAPER_SIDE_PX)).convert("RGB")


def paper_region(region: Region, size_wh: tuple[int, int]) -> PaperRegion:
    """A region of a source image of this size on the paper's 256 x 256 image, truncated to whole pixels."""
    x_ratio, y_ratio = size_wh[0] / PAPER_SIDE_PX, size_wh[1] / PAPER_SIDE_PX

    def truncated(point: Point) -> tuple[int, int]:
        return int(point[0] / x_ratio), int(point[1] / y_ratio)

    x0, y0, x1, y1 = region.box.xyxy
    shaft = (truncated(region.tail), truncated(region.tip)) if isinstance(region, Arrow) else None
    return PaperRegion((*truncated((x0, y0)), *truncated((x1, y1))), (PAPER_SIDE_PX, PAPER_SIDE_PX), shaft)


def default_width(protocol: Protocol) -> float:
    """The line width of a protocol where none is given."""
    return PAPER_WIDTH if protocol == "paper" else NATIVE_WIDTH


def _region_inside(region: AnyRegion | None, size_wh: tuple[int, int]) -> Region:
    if region is None:
        raise RegionError("This marker needs a region: give a Box, a Polygon or an Arrow in image pixels.")
    known = as_region(region)
    known.box.clipped(*size_wh)
    return known


def _valid_width(width: float | None, protocol: Protocol) -> float:
    if width is None:
        return default_width(protocol)
    if not (math.isfinite(width) and 0 < width <= MAX_WIDTH):
        raise MarkerError(f"Expected a line width above 0 and up to {MAX_WIDTH:g}, but got {width}.")
    return float(width)


def _valid_opacity(opacity: float | None, marker: Marker) -> float:
    if opacity is None:
        return marker.opacity
    if not (math.isfinite(opacity) and 0 < opacity <= 1):
        raise MarkerError(f"Expected an opacity above 0 and up to 1, but got {opacity}.")
    return float(opacity)
