"""One row of a benchmark: which marker is drawn, on which picture, at which place.

A variant is written as a readable key, which is what stores, tables and addresses hold:

    none                        the unmarked image by the paper's protocol
    none/native                 the same at full resolution
    crop
    circle/red/1/paper          marker, colour, width, protocol
    circle/red/1/paper/x1.5     one and a half times as large as the finding
    circle/red/1/paper@twin     control: on the same patient's image without findings
    arrow/red/1/paper@random    control: at a random place of the finding's own image

What a marker does not use is left out (a spotlight has no colour), so that one picture has one key. Numbers are written
with as many digits as tell them from their neighbours, so that different variants have different keys.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

import numpy as np

from vpe_core.errors import MarkerError
from vpe_core.markers import Protocol, get, parse_color
from vpe_core.markers.protocols import MAX_WIDTH, default_width
from vpe_core.types import Arrow, Box, Polygon, Region

if TYPE_CHECKING:
    from vpe_core.geometry import SizeWH

Picture: TypeAlias = Literal["image", "twin", "blank", "other"]
"""What is shown: the image itself, the same patient without findings, an even grey, or another patient's image."""

Place: TypeAlias = Literal["finding", "random", "mirror"]
"""Where the marker goes: to the finding, to a random place of its size, or to the other side of the image."""

_SIZE = re.compile(r"x(\d+(?:\.\d+)?(?:e[+-]?\d+)?)")
_FORM = "marker[/colour][/width][/protocol][/xSIZE][@picture][@place], such as circle/red/1/paper or crop@twin"


@dataclass(frozen=True, slots=True)
class Variant:
    """How every (image, box) sample is shown.

    Attributes:
        marker: A name from `vpe_core.markers.names()`.
        color: A colour name, or "#rrggbb".
        width: Line width as `render_variant` takes it; None becomes the protocol's own default.
        protocol: "paper" or "native".
        size_factor: How large the marked box is, relative to the finding's own; around the same middle.
        picture: What is shown, see `Picture`.
        place: Where the marker goes, see `Place`.

    Raises:
        MarkerError: A part is unknown or out of range.
    """

    marker: str = "none"
    color: str = "red"
    width: float | None = 1.0
    protocol: Protocol = "paper"
    size_factor: float = 1.0
    picture: Picture = "image"
    place: Place = "finding"

    def __post_init__(self) -> None:
        uses = get(self.marker).uses
        _require("protocol", self.protocol, get_args(Protocol))
        _require("picture", self.picture, get_args(Picture))
        _require("place", self.place, get_args(Place))
        parse_color(self.color)
        width = self.width if self.width is not None else default_width(self.protocol)
        if not 0 < width <= MAX_WIDTH or not 0 < self.size_factor <= 10:
            raise MarkerError(
                f"Expected a width above 0 and up to {MAX_WIDTH:g} and a size factor above 0 and up to 10, but got "
                f"{width} and {self.size_factor}."
            )
        settled = {
            "color": self.color.strip().lower() if "color" in uses else "red",
            "width": float(width) if "width" in uses else 1.0,
            "size_factor": float(self.size_factor) if self.marked else 1.0,
            "place": self.place if self.marked else "finding",
        }
        for name, value in settled.items():
            object.__setattr__(self, name, value)

    @property
    def marked(self) -> bool:
        """Whether the region is pointed at (a crop points, too)."""
        return self.marker != "none"

    @property
    def is_control(self) -> bool:
        """Whether the marker stands elsewhere than on the finding in its own image."""
        return (self.picture, self.place) != ("image", "finding")

    @property
    def plain(self) -> Variant:
        """The same marker on the finding itself: what a control is compared with."""
        return replace(self, picture="image", place="finding")

    @property
    def unmarked(self) -> Variant:
        """The same picture by the same protocol, without a marker."""
        return Variant(protocol=self.protocol, picture=self.picture)

    @property
    def key(self) -> str:
        """The variant in writing; `Variant.parse` reads it."""
        uses = get(self.marker).uses
        parts = [self.marker]
        parts += [self.color] if "color" in uses else []
        parts += [_written(self.width)] if "width" in uses and self.width is not None else []
        parts += [self.protocol] if len(parts) > 1 or self.protocol != "paper" else []
        parts += [f"x{_written(self.size_factor)}"] if self.size_factor != 1 else []
        at = [part for part in (self.picture, self.place) if part not in ("image", "finding")]
        return "@".join(["/".join(parts), *at])

    @classmethod
    def parse(cls, key: str) -> Variant:
        """The variant of a key.

        Raises:
            MarkerError: The key is not in the form of `key`, or one of its parts is unknown.

        Example:
            >>> Variant.parse("circle/yellow/3/native/x1.5@twin").size_factor
            1.5
        """
        drawn, *places = key.split("@")
        marker, *parts = drawn.split("/")
        uses = get(marker).uses
        found: dict[str, object] = {"marker": marker}
        if "color" in uses and parts:
            found["color"] = parts.pop(0)
        if "width" in uses and parts:
            found["width"] = _number(parts.pop(0), key)
        if parts and parts[0] in get_args(Protocol):
            found["protocol"] = parts.pop(0)
        if parts and (size := _SIZE.fullmatch(parts[0])):
            found["size_factor"] = float(size[1])
            parts.pop(0)
        for place in places:
            found["picture" if place in get_args(Picture) else "place"] = place
        if parts:
            raise MarkerError(f"Expected a variant as {_FORM}, but got {key[:80]!r}.")
        return cls(**found)  # type: ignore[arg-type]

    def region(self, box: Box, size_wh: SizeWH, sample_id: str) -> Box:
        """Where the marker is drawn.

        Args:
            box: The finding in an image of this size.
            size_wh: Width and height of the image.
            sample_id: Seeds the random place, so that it is the same in every run.
        """
        return _resized(self.place_of(box, size_wh, sample_id), self.size_factor)

    def place_of(self, box: Box, size_wh: SizeWH, sample_id: str) -> Box:
        """The box that is pointed at, in the finding's size: where a model that follows the marker should look."""
        width, height = size_wh
        if self.place == "mirror":
            return mirrored(box, width).box
        if self.place == "random":
            free_wh = max(width - box.width, 0.0), max(height - box.height, 0.0)
            x, y = seeded("place", sample_id).uniform((0, 0), free_wh)
            return Box.from_xywh(float(x), float(y), box.width, box.height)
        return box


def mirrored(region: Region, width: float) -> Region:
    """The region on the other side of an image of this width: left becomes right."""
    if isinstance(region, Box):
        return Box(width - region.x1, region.y0, width - region.x0, region.y1)
    if isinstance(region, Arrow):
        return Arrow((width - region.tail[0], region.tail[1]), (width - region.tip[0], region.tip[1]))
    return Polygon(tuple((width - x, y) for x, y in region.points))


def seeded(*words: str) -> np.random.Generator:
    """A random generator that depends on the words alone, on every machine."""
    digest = hashlib.sha256("\n".join(words).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def _resized(box: Box, factor: float) -> Box:
    (x, y), width, height = box.center, box.width * factor, box.height * factor
    return box if factor == 1 else Box.from_xywh(x - width / 2, y - height / 2, width, height)


def _written(number: float) -> str:
    """The shortest decimal that reads as the very number, without an exponent: 1, 1.5, 0.00001."""
    return np.format_float_positional(number, trim="-")


def _number(text: str, key: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise MarkerError(f"Expected a variant as {_FORM}, but got the width {text[:20]!r} in {key[:80]!r}.") from None


def _require(what: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise MarkerError(
            f"Expected the {what} as one of {', '.join(choices)}, but got {str(cast(object, value))[:40]!r}."
        )
