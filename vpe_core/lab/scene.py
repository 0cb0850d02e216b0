"""What the laboratory works on: an X-ray, a region, a marker and a question."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageFilter

from vpe_core.errors import PromptError, VPEError
from vpe_core.markers import draw_marker, get, parse_color
from vpe_core.prompts import PAPER_TEMPLATE, check_choice, marker_suffix
from vpe_core.types import Arrow, Box, Point, Polygon, Region

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vpe_core.geometry import SizeWH

FRAME_PX = 256
"""Distances are in pixels of an image of 256 x 256, as in the paper, whatever the X-ray's own size."""


@dataclass(frozen=True, slots=True)
class MarkerStyle:
    """How a marker is drawn; what it does not use does not matter.

    Attributes:
        marker: A name from `vpe_core.markers.names()`.
        color: A colour name, or "#rrggbb".
        width: As for `draw_marker`: in pixels of an image whose shorter side has 512.
        opacity: Above 0 and up to 1; None for the marker's own.
        color_name: What prompts and people call the colour; empty for what `color` says.

    Raises:
        MarkerError: There is no such marker or colour.
    """

    marker: str = "circle"
    color: str = "red"
    width: float = 3.0
    opacity: float | None = None
    color_name: str = ""

    def __post_init__(self) -> None:
        get(self.marker)
        parse_color(self.color)

    @property
    def uses(self) -> frozenset[str]:
        """Which of "color", "width" and "opacity" matter."""
        return get(self.marker).uses

    @property
    def title(self) -> str:
        """In words: "red circle, 3 px", "crop"."""
        color = f"{self.color_name or self.color} " if "color" in self.uses else ""
        width = f", {self.width:g} px" if "width" in self.uses else ""
        return f"{color}{get(self.marker).short_title}{width}"

    def same_picture(self, other: MarkerStyle) -> bool:
        """Whether both draw the same."""
        return self._drawn() == other._drawn()

    def _drawn(self) -> tuple[object, ...]:
        opacity = get(self.marker).opacity if self.opacity is None else self.opacity
        used = {"color": parse_color(self.color), "width": self.width, "opacity": opacity}
        return self.marker, *(value for name, value in used.items() if name in self.uses)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A marker at a place.

    Attributes:
        style: How it is drawn.
        region: Where it is, in pixels of the picture that it is drawn on.
        soft_px: Standard deviation, in pixels of `FRAME_PX`, by which what it changes is blurred.
    """

    style: MarkerStyle
    region: Region
    soft_px: float = 0.0

    def on(self, image: Image.Image) -> Image.Image:
        """The picture with the marker, as `draw_marker` draws it; a new RGB image.

        Raises:
            VPEError: As `draw_marker`.
        """
        style = self.style
        marked = draw_marker(
            image, self.region, style.marker, color=style.color, width=style.width, opacity=style.opacity
        )
        return _softened(image.convert("RGB"), marked, self.soft_px) if self.soft_px else marked

    def shows_on(self, image: Image.Image) -> bool:
        """Whether anything of it is to be seen on a picture: an arrow may point in from beyond, a ring run around it.

        What stands around a region that lies inside always is, so that is not tried.
        """
        x0, y0, x1, y1 = self.region.box.xyxy
        if x0 >= 0 and y0 >= 0 and x1 <= image.width and y1 <= image.height:
            return True
        try:
            marked = self.on(image)
        except VPEError:
            return False
        plain = image.convert("RGB")
        return marked.size != plain.size or ImageChops.difference(marked, plain).getbbox() is not None


@dataclass(frozen=True, eq=False)
class LabScene:
    """One X-ray, one region and one question, before any model.

    Attributes:
        image: The X-ray as people see it, any mode.
        region: What is pointed at, in pixels of the image.
        classes: What a model chooses from, at least two.
        target: The class whose probability is followed, one of them.
        style: The marker as it is at present.
        template: A prompt with `{class}`, or several.
        named: Whether prompts about marked pictures name the marker.
        marker_words: What names it; empty for the paper's words.
        known: The finding's box, where it is known.
        avoid: Boxes of all findings that are known, which an empty place keeps clear of.
        healthy: Whether it is known that there is nothing to find on the X-ray.
        others: Pictures without the finding, of the same size, by the name of their counter-test ("twin", "other").

    Raises:
        PromptError: There are fewer than two classes, or the target is none of them.
        RegionError: The region lies outside the image.
    """

    image: Image.Image
    region: Region
    classes: tuple[str, ...]
    target: str
    style: MarkerStyle = field(default_factory=MarkerStyle)
    template: str | tuple[str, ...] = PAPER_TEMPLATE
    named: bool = False
    marker_words: str = ""
    known: Box | None = None
    avoid: tuple[Box, ...] = ()
    healthy: bool = False
    others: dict[str, Image.Image] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_choice(self.classes)
        if self.target not in self.classes:
            raise PromptError(f"Expected a class out of {', '.join(self.classes)}, but got {self.target[:40]!r}.")
        self.region.box.clipped(*self.image.size)

    @property
    def size_wh(self) -> SizeWH:
        """Width and height of the image in pixels."""
        return self.image.size

    @property
    def column(self) -> int:
        """The place of the target among the classes."""
        return self.classes.index(self.target)

    @property
    def present(self) -> Drawing:
        """The marker as it is drawn at present."""
        return Drawing(self.style, self.region)

    @cached_property
    def rgb(self) -> Image.Image:
        """The image in RGB; not to be drawn on."""
        return self.image.convert("RGB")

    def suffix(self, style: MarkerStyle) -> str:
        """What a prompt about a picture with this marker says after the class."""
        if not self.named:
            return ""
        if self.marker_words:
            return f" {self.marker_words}"
        return marker_suffix(style.marker, style.color_name or style.color)

    def suffixes(self, drawings: Sequence[Drawing]) -> list[str]:
        """`suffix` of each."""
        return [self.suffix(drawing.style) for drawing in drawings]

    def looks_of_its_own(self, marker: str) -> bool:
        """Whether no other marker draws the same here: only around a contour is a contour no box."""
        return get(marker).drawn_as != "contour" or isinstance(self.region, Polygon)

    def shifted(self, dx: float, dy: float) -> Region:
        """The region moved by so many pixels of `FRAME_PX`."""
        width, height = self.size_wh
        return self.region.shifted(dx * width / FRAME_PX, dy * height / FRAME_PX)

    def restyled(self, **changes: object) -> MarkerStyle:
        """The present style with changes; the name of a colour goes with the colour."""
        if "color" in changes and "color_name" not in changes:
            changes["color_name"] = ""
        return replace(self.style, **changes)  # type: ignore[arg-type]


def center_of(region: Region) -> Point:
    """The point that a region is about: an arrow's tip, otherwise the middle of its box."""
    return region.tip if isinstance(region, Arrow) else region.box.center


def resized(region: Region, factor: float) -> Region:
    """The region so many times as large, about its own `center_of`."""
    x, y = center_of(region)
    return region.shifted(-x, -y).scaled(factor, factor).shifted(x, y)


def moved_to(region: Region, point: Point) -> Region:
    """The region with its `center_of` at a point."""
    x, y = center_of(region)
    return region.shifted(point[0] - x, point[1] - y)


def _softened(plain: Image.Image, marked: Image.Image, soft_px: float) -> Image.Image:
    """What the marker adds and takes away, blurred, on the plain picture; a crop is blurred whole."""
    blur = ImageFilter.GaussianBlur(soft_px * min(plain.size) / FRAME_PX)
    if marked.size != plain.size:
        return marked.filter(blur)
    added = ImageChops.subtract(marked, plain).filter(blur)
    taken = ImageChops.subtract(plain, marked).filter(blur)
    return ImageChops.subtract(ImageChops.add(plain, added), taken)
