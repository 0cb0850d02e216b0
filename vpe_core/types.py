"""The few values that travel through the whole library: regions, samples, predictions, heatmaps, progress.

All are frozen. Coordinates are source-image pixels, x to the right and y down, with the origin at the upper left corner
of the first pixel; the far edges of a box are exclusive.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from vpe_core.errors import RegionError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

Point: TypeAlias = tuple[float, float]
"""(x, y) in pixels."""

Floats: TypeAlias = "NDArray[np.float32]"
"""What models compute: embeddings, probabilities, maps."""

_FRACTION_TOLERANCE = 0.01

Progress: TypeAlias = Callable[[int, int], None]
"""Told how much of some work is done, and how much there is."""


def _require_finite(what: str, *values: float) -> None:
    if not all(math.isfinite(value) for value in values):
        raise RegionError(f"Expected finite pixel coordinates for {what}, but got {values}.")


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned rectangle: (x0, y0) is its upper left corner, x1 and y1 are exclusive.

    Raises:
        RegionError: A coordinate is not finite, or the box has no area.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        _require_finite("a box", self.x0, self.y0, self.x1, self.y1)
        if self.x1 <= self.x0 or self.y1 <= self.y0:
            raise RegionError(
                f"Expected a box with x0 < x1 and y0 < y1, but got {self.xyxy}. "
                "Give the upper left corner first; x1 and y1 lie just outside the box."
            )

    @classmethod
    def from_xywh(cls, x: float, y: float, width: float, height: float) -> Box:
        """A box from its upper left corner and its size, the NIH and COCO convention."""
        return cls(x, y, x + width, y + height)

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def center(self) -> Point:
        """(x, y) of the middle."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        return self.x0, self.y0, self.x1, self.y1

    @property
    def box(self) -> Box:
        """The box itself: every region has a `box`."""
        return self

    def clipped(self, width: float, height: float) -> Box:
        """The part inside an image of this size.

        Raises:
            RegionError: Nothing of the box lies inside.
        """
        x0, y0 = max(self.x0, 0), max(self.y0, 0)
        x1, y1 = min(self.x1, width), min(self.y1, height)
        if x1 <= x0 or y1 <= y0:
            raise RegionError(f"The box {self.xyxy} lies outside the image of {width} x {height} pixels.")
        return Box(x0, y0, x1, y1)

    def scaled(self, sx: float, sy: float) -> Box:
        """The box in an image that is `sx` times as wide and `sy` times as high."""
        return Box(self.x0 * sx, self.y0 * sy, self.x1 * sx, self.y1 * sy)

    def shifted(self, dx: float, dy: float) -> Box:
        """The box moved by (dx, dy)."""
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def expanded(self, margin_px: float) -> Box:
        """The box with its four edges moved outwards by `margin_px` (inwards if negative)."""
        return Box(self.x0 - margin_px, self.y0 - margin_px, self.x1 + margin_px, self.y1 + margin_px)


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed outline, drawn point by point or freehand; the last point joins the first.

    Raises:
        RegionError: Fewer than three points, a coordinate that is not finite, or all points on one line parallel to an
            axis.
    """

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        if len(self.points) < 3:
            raise RegionError(f"Expected a contour of at least 3 points, but got {len(self.points)}.")
        for x, y in self.points:
            _require_finite("a contour point", x, y)
        _ = self.box

    @property
    def box(self) -> Box:
        """The bounding box."""
        xs, ys = zip(*self.points, strict=True)
        return Box(min(xs), min(ys), max(xs), max(ys))

    def scaled(self, sx: float, sy: float) -> Polygon:
        """The contour in an image that is `sx` times as wide and `sy` times as high."""
        return Polygon(tuple((x * sx, y * sy) for x, y in self.points))

    def shifted(self, dx: float, dy: float) -> Polygon:
        """The contour moved by (dx, dy)."""
        return Polygon(tuple((x + dx, y + dy) for x, y in self.points))


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow as drawn, from `tail` to `tip`; it points at what lies under the tip.

    Raises:
        RegionError: A coordinate is not finite, or tail and tip coincide.
    """

    tail: Point
    tip: Point

    def __post_init__(self) -> None:
        _require_finite("an arrow", *self.tail, *self.tip)
        if self.length <= 0:
            raise RegionError(f"Expected an arrow of some length, but tail and tip both lie at {self.tip}.")

    @property
    def length(self) -> float:
        """Distance from tail to tip in pixels."""
        return math.dist(self.tail, self.tip)

    @property
    def box(self) -> Box:
        """The square around the tip whose side is the arrow's length: an arrow says where, not how large."""
        (x, y), half = self.tip, self.length / 2
        return Box(x - half, y - half, x + half, y + half)

    def scaled(self, sx: float, sy: float) -> Arrow:
        """The arrow in an image that is `sx` times as wide and `sy` times as high."""
        return Arrow((self.tail[0] * sx, self.tail[1] * sy), (self.tip[0] * sx, self.tip[1] * sy))

    def shifted(self, dx: float, dy: float) -> Arrow:
        """The arrow moved by (dx, dy)."""
        return Arrow((self.tail[0] + dx, self.tail[1] + dy), (self.tip[0] + dx, self.tip[1] + dy))


Region: TypeAlias = Box | Polygon | Arrow
"""What a person or a data set points at. Every region has `box`, `scaled(sx, sy)` and `shifted(dx, dy)`."""

AnyRegion: TypeAlias = "Region | Sequence[float] | NDArray[np.number]"
"""A region, or the four numbers (x0, y0, x1, y1) of a box."""


def are_fractions(xyxy: Sequence[float]) -> bool:
    """Whether these numbers lie within 0 and 1, give or take a rounding."""
    return all(-_FRACTION_TOLERANCE <= value <= 1 + _FRACTION_TOLERANCE for value in xyxy)


def as_region(region: AnyRegion) -> Region:
    """The region; four numbers are a box.

    Raises:
        RegionError: It is neither, or the box is none, or given in fractions of the image.

    Example:
        >>> as_region((310, 220, 420, 330))
        Box(x0=310, y0=220, x1=420, y1=330)
    """
    if isinstance(region, Region):
        return region
    try:
        corners = [] if isinstance(region, str | bytes) else [_number(value) for value in region]
    except TypeError:
        corners = []
    if len(corners) != 4:
        raise RegionError(
            "Expected a Box, a Polygon, an Arrow or four numbers (x0, y0, x1, y1) in image pixels, but got "
            f"{repr(region)[:80]}. A contour is Polygon(points)."
        )
    if are_fractions(corners):
        raise RegionError(
            f"Expected a box in image pixels, but ({', '.join(f'{value:g}' for value in corners)}) lies within 0 and "
            "1, as fractions of width and height do. Multiply them by the image's width and height."
        )
    return Box(*corners)


def _number(value: object) -> float:
    if isinstance(value, int):
        return value
    if hasattr(value, "__float__") and getattr(value, "ndim", 0) == 0:
        return float(value)
    raise TypeError


@dataclass(frozen=True, slots=True)
class Sample:
    """One finding in one image: the unit that the paper scores.

    Attributes:
        sample_id: Unique within the data set.
        image_id: The image, as its data set knows it; samples of one image share it.
        image_path: The image's file.
        patient_id: For intervals that resample patients; the image's own id where the source names no patient.
        label: The one true class.
        box: Where the finding is, in pixels of the source image; None where the source gives no place.
        group: The source's own finer or coarser name beside `label`; empty if it has none.
        twin_path: The same patient without the findings; only a simulation has it.
        attributes: Anything else the source tells (age, sex, view, severity …), for subgroups.
    """

    sample_id: str
    image_id: str
    image_path: Path
    patient_id: str
    label: str
    box: Box | None = None
    group: str = ""
    twin_path: Path | None = None
    attributes: Mapping[str, str | float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a model answered for some images.

    Attributes:
        probabilities: float32, (n_images, n_classes), rows sum to 1.
        labels: The classes, in column order.
        model: The model's name.
        device: Where it ran, such as "cpu" or "cuda:0".
        milliseconds: Wall-clock time of the whole call.
    """

    probabilities: NDArray[np.float32]
    labels: tuple[str, ...]
    model: str
    device: str
    milliseconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """Where a model looks.

    Attributes:
        values: float32, (height, width) of the source image, not negative, in no fixed unit.
        method: Name of the attention method.
        label: The text whose evidence is shown; None for methods that do not read the text.
    """

    values: NDArray[np.float32]
    method: str
    label: str | None = None

    @property
    def size_wh(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.values.shape
        return width, height
