"""One patient's chest while findings are put into it: attenuation, organs and places, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vpe_core.simulation.fields import Array, resize
from vpe_core.simulation.organs import HEART, LEFT_LOBES, RIGHT_LOBES

MU_FLUID = 0.015  # per mm: soft tissue in the place of aerated lung (0.02 - 0.005)
MU_LUNG = 0.005  # per mm: aerated lung, -750 HU
SIDES = ("right", "left")  # the patient's; right is on the left of the picture
ZONES = ("upper", "middle", "lower")


@dataclass(eq=False)
class Scene:
    """Where findings are placed and drawn.

    Attributes:
        attenuation: (size, size) line integral of mu of the healthy chest, without fine vessels.
        vessels: (size, size) what the fine vessels add to it.
        organs: (6, small, small) path length in mm (`ORGANS`); placement uses only these, so that it is the same at
            every size.
        mm_per_px: of the picture, in the plane of the heart.
    """

    attenuation: Array
    vessels: Array
    organs: Array
    mm_per_px: float
    air: dict[str, Array] = field(init=False)

    def __post_init__(self) -> None:
        self.air = {side: resize(self.lung_small(side), self.size) for side in SIDES}

    @property
    def size(self) -> int:
        return int(self.attenuation.shape[0])

    @property
    def small(self) -> int:
        return int(self.organs.shape[1])

    @property
    def small_mm(self) -> float:
        """Pixel size of the small maps in mm."""
        return self.mm_per_px * self.size / self.small

    @cached_property
    def xy(self) -> tuple[Array, Array]:
        """Pixel centres in mm from the picture's centre, two (size, size) arrays (x right, y down)."""
        return _grid(self.size, self.mm_per_px)

    @cached_property
    def xy_small(self) -> tuple[Array, Array]:
        return _grid(self.small, self.small_mm)

    def lung_small(self, side: str) -> Array:
        """Path length through one lung in mm, (small, small)."""
        lobes = LEFT_LOBES if side == "left" else RIGHT_LOBES
        return np.asarray(self.organs[list(lobes)].sum(0), np.float32)

    def heart_small(self) -> Array:
        return np.asarray(self.organs[HEART], np.float32)

    def lung_box(self, side: str) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 of one lung in mm."""
        x, y = self.xy_small
        inside = self.lung_small(side) > 12
        if not inside.any():
            return (-60.0, -60.0, 60.0, 60.0)
        return float(x[inside].min()), float(y[inside].min()), float(x[inside].max()), float(y[inside].max())

    def diaphragm(self, side: str) -> float:
        """Y in mm of the lowest place where that lung is deep: about the dome of the diaphragm at its outer slope."""
        _, y = self.xy_small
        depth = self.lung_small(side)
        return float(np.quantile(y[depth > 0.35 * depth.max()], 0.98)) if depth.max() > 0 else 60.0

    def dome(self, side: str) -> float:
        """Y in mm of the top of the diaphragm on that side; below it the recess goes on behind it, thinner and thinner.

        The heart lies on the left dome. The right one, which is higher, ends the deep lung above the liver.
        """
        x, y = self.xy_small
        x0, _, x1, bottom = self.lung_box(side)
        heart = self.heart_small()
        inside = heart > 0.25 * heart.max()
        below = min(float(y[inside].max()), bottom) if inside.any() else bottom
        if side == "left":
            return below
        depth, out = self.lung_small(side), (x1 - x) / max(x1 - x0, 1)
        deep = (depth > 0.65 * depth.max()) & (out > 0.35) & (out < 0.75)
        columns = deep.any(0)
        lowest = np.where(deep, y, -np.inf).max(0)[columns]
        return min(float(np.median(lowest)), below) if columns.any() else below

    def zone(self, side: str, y_mm: float) -> str:
        """Upper, middle or lower third of that lung, from the apex to the dome of the diaphragm."""
        top, bottom = self.lung_box(side)[1], self.dome(side)
        return ZONES[int(np.clip(3 * (y_mm - top) / max(bottom - top, 1), 0, 2))]

    def soft_lung(self, side: str, depth_mm: float = 25.0) -> Array:
        """0 outside that lung to 1 where it is at least `depth_mm` deep, (size, size), without a hard edge."""
        rim = np.clip(self.lung_small(side) / depth_mm, 0, 1)
        return self.up((rim * rim * (3 - 2 * rim)).astype(np.float32))

    def pick(self, rng: np.random.Generator, weight: Array) -> tuple[float, float]:
        """A place in mm, drawn with a density proportional to `weight` (small, small)."""
        density = np.clip(weight, 0, None).astype(np.float64).ravel()
        index = int(rng.choice(density.size, p=density / density.sum()))
        x, y = self.xy_small
        jitter = rng.uniform(-0.5, 0.5, 2) * self.small_mm
        return float(x.ravel()[index] + jitter[0]), float(y.ravel()[index] + jitter[1])

    def open_lung(self, side: str) -> NDArray[np.bool_]:
        """Where that lung is deep, so neither behind the heart nor behind the dome, (small, small).

        Findings are placed there: what a data set's boxes hold is what its readers could see.
        """
        depth = self.lung_small(side)
        return np.asarray(depth > 0.55 * depth.max())

    def pick_in_lung(self, rng: np.random.Generator, margin_mm: float = 8.0) -> tuple[str, float, float]:
        """A side and a place in its open lung, at least about `margin_mm` inside the lung's outline."""
        side = SIDES[int(rng.random() < 0.5)]
        depth = self.lung_small(side)
        inner = self.open_lung(side) & (depth > 30 + 2 * margin_mm)
        weight = np.where(inner if inner.any() else depth > 10, depth**1.5, 0)
        return (side, *self.pick(rng, weight))

    def fill(self, fraction: Array, *sides: str) -> Array:
        """Replaces `fraction` (0..1) of the air left along each ray in these lungs by fluid; returns what it adds."""
        added = np.zeros_like(self.attenuation)
        for side in sides:
            filled = np.clip(fraction, 0, 1) * self.air[side]
            self.air[side] = self.air[side] - filled
            added += filled * np.float32(MU_FLUID)
        return added

    def up(self, small_field: Array) -> Array:
        """A small field at the picture's size, without ringing."""
        return resize(small_field, self.size, Image.Resampling.BILINEAR)


def _grid(size: int, mm_per_px: float) -> tuple[Array, Array]:
    axis = ((np.arange(size) + 0.5 - size / 2) * mm_per_px).astype(np.float32)
    x, y = np.meshgrid(axis, axis)
    return x, y


def bounding_box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 in pixels (x1 and y1 exclusive) of a non-empty mask."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
