"""Markers as people draw them in figures: circles, boxes and arrows with jitter, in many colours and widths.

Some lie exactly on what they mark, as in a benchmark. The others are drawn loosely, as large and as flat as a marker of
some other finding of some other patient: then a marker's size and shape tell next to nothing about what it marks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

CANVAS = 256  # px, the paper's size; widths below are in its pixels
KINDS = ("circle", "bbox", "arrow")
ENCLOSING = ("circle", "bbox")
KIND_SHARES = (0.32, 0.24, 0.44)  # an arrow is the hardest to follow: it says where, not how far
# Yellow is left out on purpose: it tests a colour that training has never shown.
PALETTE = {
    "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255), "black": (0, 0, 0),
    "cyan": (0, 255, 255), "magenta": (255, 0, 255), "orange": (255, 128, 0),
}  # fmt: skip
RED_SHARE = 0.6
ROUND_SHARE = 0.4
SMALLEST_HALF, LARGEST_HALF = 0.025, 0.42  # of a loose marker, in fractions of the edge length

Region = tuple[float, float, float, float]  # x0, y0, x1, y1


@dataclass(frozen=True)
class HandMarker:
    """What is drawn around `region`, in pixels of the canvas."""

    kind: str
    color: str
    rgb: tuple[int, int, int]
    width: float
    region: Region
    seed: int


def sample_marker(rng: np.random.Generator, region: Region, loose: Region | None = None) -> HandMarker:
    """A marker of any kind, colour and width on `region`, or on `loose` if it encloses; an arrow has no size."""
    color = "red" if rng.random() < RED_SHARE else str(rng.choice(list(PALETTE)))
    rgb = np.clip(np.array(PALETTE[color]) + rng.integers(-40, 41, 3), 0, 255)
    width = float(rng.choice([1, 1, 2, 3, 4, 5])) if rng.random() < 0.6 else float(rng.uniform(1, 5))
    kind = str(rng.choice(KINDS, p=KIND_SHARES))
    if loose and kind in ENCLOSING:
        region = loose
    return HandMarker(kind, color, tuple(int(c) for c in rgb), width, region, int(rng.integers(2**31)))  # type: ignore[arg-type]


def draw_loosely(rng: np.random.Generator, finding: Region, other: Region) -> Region:
    """A region that means `finding` and has about the size of `other`, in fractions of the edge length.

    Where it is larger than the finding it holds it, off-centre; where it is smaller it lies in it. Some are round.
    """
    half = _half(other) * np.exp(rng.normal(0.1, 0.2)) * np.exp(rng.normal(0, 0.12, 2))
    if rng.random() < ROUND_SHARE:
        half = np.full(2, half.max())
    half = np.clip(half, SMALLEST_HALF, LARGEST_HALF)
    slack = np.abs(half - _half(finding)) + 0.12 * np.minimum(half, _half(finding))
    x, y = _center(finding) + rng.uniform(-1, 1, 2) * rng.uniform(0, 0.8) * slack
    return float(x - half[0]), float(y - half[1]), float(x + half[0]), float(y + half[1])


def overlap(a: Region, b: Region) -> float:
    """Intersection over union of two regions, 0 to 1."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    return common / (_area(a) + _area(b) - common)


def _half(region: Region) -> NDArray[np.float64]:
    return np.array([region[2] - region[0], region[3] - region[1]]) / 2


def _center(region: Region) -> NDArray[np.float64]:
    return np.array([region[0] + region[2], region[1] + region[3]]) / 2


def _area(region: Region) -> float:
    return (region[2] - region[0]) * (region[3] - region[1])


def draw(image: Image.Image, marker: HandMarker) -> Image.Image:
    """A new RGB image with the marker on the CANVAS-sized grey image."""
    rng = np.random.default_rng(marker.seed)
    smooth = 1 if rng.random() < 0.5 else 2  # half of them as hard-edged as PIL draws them
    ink = Image.new("L", (CANVAS * smooth, CANVAS * smooth))
    pen = ImageDraw.Draw(ink)
    width = max(round(marker.width * smooth), 1)
    _SHAPES[marker.kind](pen, rng, [v * smooth for v in marker.region], width, smooth)
    if smooth > 1:
        ink = ink.reduce(smooth)
    marked = image.convert("RGB")
    marked.paste(marker.rgb, (0, 0, CANVAS, CANVAS), ink)
    return marked


def _circle(pen: ImageDraw.ImageDraw, rng: np.random.Generator, box: list[float], width: int, _: int) -> None:
    if rng.random() < 0.5:
        pen.ellipse([round(v) for v in box], outline=255, width=width)
        return
    angle = np.linspace(0, 2 * np.pi + float(rng.uniform(-0.15, 0.4)), 60) + float(rng.uniform(0, 6.28))
    wobble = 1 + 0.05 * rng.normal() * np.cos(2 * angle + rng.uniform(0, 6)) + 0.03 * rng.normal() * np.cos(3 * angle)
    x = (box[0] + box[2]) / 2 + (box[2] - box[0]) / 2 * wobble * np.cos(angle)
    y = (box[1] + box[3]) / 2 + (box[3] - box[1]) / 2 * wobble * np.sin(angle)
    pen.line(list(zip(x.tolist(), y.tolist(), strict=True)), fill=255, width=width, joint="curve")


def _box(pen: ImageDraw.ImageDraw, rng: np.random.Generator, box: list[float], width: int, smooth: int) -> None:
    if rng.random() < 0.6:
        pen.rectangle([round(v) for v in box], outline=255, width=width)
        return
    x0, y0, x1, y1 = box
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]) + rng.normal(0, 1.2 * smooth, (5, 2))
    pen.line([(float(x), float(y)) for x, y in corners], fill=255, width=width, joint="curve")


def _arrow(pen: ImageDraw.ImageDraw, rng: np.random.Generator, box: list[float], width: int, smooth: int) -> None:
    size = CANVAS * smooth
    center = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    if rng.random() < 0.55:  # the paper's arrow: tip in the middle, from the side of the image's centre
        away = center - size / 2
        direction = away / max(float(np.hypot(*away)), 1e-6)
        length, head, tip = 0.25 * size, 10.0 * smooth, center
    else:
        turn = float(rng.uniform(0, 2 * np.pi))
        direction = np.array([np.cos(turn), np.sin(turn)])
        length, head = size * float(rng.uniform(0.06, 0.28)), float(rng.uniform(6, 14)) * smooth
        half = np.array([box[2] - box[0], box[3] - box[1]]) / 2
        tip = center - direction * float(rng.uniform(0, 0.9)) * float(min(half)) + rng.normal(0, 1.5 * smooth, 2)
    tail = tip - direction * length
    side = np.array([-direction[1], direction[0]]) * head / 2
    base = tip - direction * head
    pen.line([*tail.tolist(), *(base + direction).tolist()], fill=255, width=width)
    pen.polygon([tuple(p.tolist()) for p in (tip, base + side, base - side)], fill=255)


_SHAPES = {"circle": _circle, "bbox": _box, "arrow": _arrow}
