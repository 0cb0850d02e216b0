"""What a marker is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

    from vpe_core.markers.colors import RGB
    from vpe_core.types import Box, Point, Region

Shape: TypeAlias = Literal["box", "ellipse", "arrow", "contour", "dot"]
"""What a person draws on a canvas."""


@dataclass(frozen=True, slots=True)
class Ink:
    """How a marker is drawn on one particular image.

    Attributes:
        rgb: Colour, 0..255 each.
        width_px: Line width in pixels of that image.
        opacity: 0 (invisible) to 1 (solid).
    """

    rgb: RGB
    width_px: float
    opacity: float


@dataclass(frozen=True, slots=True)
class PaperRegion:
    """A region on the paper's small image, in whole pixels; other than a `Box`, it may have shrunk to nothing.

    Attributes:
        corners: (x0, y0, x1, y1), truncated.
        size_wh: Size of the image in pixels.
        shaft: Tail and tip of an arrow that was drawn by hand.
    """

    corners: tuple[int, int, int, int]
    size_wh: tuple[int, int]
    shaft: tuple[Point, Point] | None = None

    @property
    def center(self) -> Point:
        x0, y0, x1, y1 = self.corners
        return (x0 + x1) / 2, (y0 + y1) / 2


class Draw(Protocol):
    """Makes a new RGB image from an RGB image."""

    def __call__(self, image: Image.Image, region: Region, ink: Ink) -> Image.Image: ...


class DrawPaper(Protocol):
    """Draws on an image that the protocol has just made."""

    def __call__(self, draw: ImageDraw.ImageDraw, region: PaperRegion, ink: Ink) -> None: ...


class Tells(Protocol):
    """What a marker drawn for a box shows of it, by name, in shares of the image's width and height.

    Equal numbers make equal pictures; whatever is not among them, the picture does not show.
    """

    def __call__(self, box: Box, size_wh: tuple[int, int]) -> Mapping[str, float]: ...


def tells_box(box: Box, size_wh: tuple[int, int]) -> dict[str, float]:
    """Where a box lies, by its middle, and how large it is."""
    (x0, y0, x1, y1), (width, height) = box.xyxy, size_wh
    left, right, top, bottom = x0 / width, x1 / width, y0 / height, y1 / height
    return {"x": (left + right) / 2, "y": (top + bottom) / 2, "width": right - left, "height": bottom - top}


def tells_place(box: Box, size_wh: tuple[int, int]) -> dict[str, float]:
    """Where the middle of a box lies."""
    numbers = tells_box(box, size_wh)
    return {"x": numbers["x"], "y": numbers["y"]}


def tells_nothing(box: Box, size_wh: tuple[int, int]) -> dict[str, float]:  # noqa: ARG001
    """No number at all."""
    return {}


@dataclass(frozen=True, slots=True)
class ChartStyle:
    """A marker in charts, told apart by colour and by shape.

    Attributes:
        symbol: A filled or "-open" symbol of Plotly.
        on_dark: "#rrggbb" on a dark background.
        on_light: The same on a light one.
    """

    symbol: str
    on_dark: str
    on_light: str


@dataclass(frozen=True, slots=True)
class Marker:
    """One way to point at a region, and all that is known of it elsewhere.

    Attributes:
        title: For people: "Bounding box".
        draw: Draws it anti-aliased at any size.
        draw_paper: Draws it on the paper's 256 x 256 image exactly as the official implementation does; None where the
            paper has no such marker, and then `draw` serves both protocols.
        phrase: What a text prompt calls it; None where the text cannot name it.
        crops: The result is a part of the full-resolution image, in both protocols; it has the image's mode, which may
            be "L".
        uses: Which of "color", "width" and "opacity" matter.
        opacity: The default opacity.
        short_title: In tables and sentences: "box"; empty for the title in small letters.
        chart: In charts; None for a grey dot.
        paper_row: Place among the rows of the paper's table; None where the paper does not have it.
        drawn_as: The shape that the live demo's drawing tool makes of it, one marker a shape; None for no tool.
        treatment: Whether the live demo offers to show all drawn regions in this way.
        tells: What it shows of a box that it is drawn for: all of it, unless something else is said.
    """

    title: str
    draw: Draw
    draw_paper: DrawPaper | None = None
    phrase: str | None = None
    crops: bool = False
    uses: frozenset[str] = frozenset({"color", "width", "opacity"})
    opacity: float = 1.0
    short_title: str = ""
    chart: ChartStyle | None = None
    paper_row: int | None = None
    drawn_as: Shape | None = None
    treatment: bool = True
    tells: Tells = tells_box

    def __post_init__(self) -> None:
        if not self.short_title:
            object.__setattr__(self, "short_title", self.title.lower())
