"""One patient's chest while findings are put into it: attenuation, organs and places, in millimetres."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from vpe_core.simulation.fields import Array, blur, resize
from vpe_core.simulation.organs import HEART, LEFT_LOBES, RIGHT_LOBES

MU_FLUID = 0.015  # per mm: soft tissue in the place of aerated lung (0.02 - 0.005)
MU_LUNG = 0.005  # per mm: aerated lung, -750 HU
SIDES = ("right", "left")  # the patient's; right is on the left of the picture
HILUM_MM = 52.0  # from the midline: up to there the large vessels lie
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
        air: (size, size) by side, path length in mm of the air that findings have left in each lung.
        masks: bool (size, size), where the findings drawn so far are; they move with the chest.
        fluid: y in mm below which an effusion hides that lung, by side.
    """

    attenuation: Array
    vessels: Array
    organs: Array
    mm_per_px: float
    air: dict[str, Array] = field(init=False)
    masks: list[NDArray[np.bool_]] = field(default_factory=list)
    fluid: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SIDES, np.inf))

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
        out = (x1 - x) / max(x1 - x0, 1)
        deep = self._deep(side) & (out > 0.35) & (out < 0.75)
        columns = deep.any(0)
        lowest = np.where(deep, y, -np.inf).max(0)[columns]
        return min(float(np.median(lowest)), below) if columns.any() else below

    def midline(self) -> float:
        """X in mm of the middle between both lungs' inner borders: about the spine's."""
        return (self.lung_box("right")[2] + self.lung_box("left")[0]) / 2

    def wall(self, side: str) -> Array:
        """X in mm of that lung's outer border in every row of the small maps, (small,), smoothed."""
        x, _ = self.xy_small
        inside = self.lung_small(side) > 8
        rows = inside.any(1)
        if not rows.any():
            return np.full(self.small, self.lung_box(side)[2 if side == "left" else 0], np.float32)
        edge = np.where(inside, x, -np.inf).max(1) if side == "left" else np.where(inside, x, np.inf).min(1)
        known = np.flatnonzero(rows)
        filled = np.interp(np.arange(self.small), known, edge[known])
        return np.asarray(ndimage.gaussian_filter1d(filled, 1.5, mode="nearest"), np.float32)

    def outwards(self, side: str) -> Array:
        """0 at the midline to 1 at that side's chest wall in every row (below 0 and above 1 beyond), (size, size)."""
        x, y = self.xy
        middle = self.midline()
        edge = np.interp(y[:, 0], self.xy_small[1][:, 0], self.wall(side)) - middle
        reach = np.maximum(np.abs(edge), 20) * (1 if side == "left" else -1)
        return np.asarray((x - middle) / reach[:, None], np.float32)

    def spine(self) -> Array:
        """X in mm of the spine's middle in every row of the small maps, (small,): the brightest band, smoothed."""
        x, _ = self.xy_small
        dense = blur(resize(self.attenuation, self.small, Image.Resampling.BOX), 8 / self.small_mm)
        near = np.clip(1 - np.abs(x - self.midline()) / 40, 0, 1)
        line = x[0][(dense * near**0.5).argmax(1)]
        return np.asarray(ndimage.gaussian_filter1d(ndimage.median_filter(line, 11), 4.0, mode="nearest"), np.float32)

    def warp(self, source: Callable[[Array, Array], tuple[Array, Array]]) -> None:
        """Moves what is in the chest: organs, vessels, air and the findings that are there already.

        Args:
            source: where each place (x and y in mm) comes from, in mm.
        """
        fine, coarse = (
            [axis / step + (count - 1) / 2 for axis in source(*xy)[::-1]]
            for xy, step, count in (
                (self.xy, self.mm_per_px, self.size),
                (self.xy_small, self.small_mm, self.small),
            )
        )

        def moved(field: Array, at: list[Array]) -> Array:
            return np.asarray(ndimage.map_coordinates(field, at, order=1, mode="nearest", output=np.float32))

        self.attenuation, self.vessels = moved(self.attenuation, fine), moved(self.vessels, fine)
        self.organs = np.stack([moved(organ, coarse) for organ in self.organs])
        self.air = {side: moved(air, fine) for side, air in self.air.items()}
        self.masks = [moved(mask.astype(np.float32), fine) > 0.5 for mask in self.masks]

    def efface(self, share: Array, reach_mm: float = 7.0) -> None:
        """Hides edges narrower than `reach_mm` where `share` is 1.

        A border is seen only where air lies at it: water against water shows none (the silhouette sign: Felson and
        Felson, Radiology 55, 1950). The organ maps that fluid is filled in with are coarser than the picture and leave
        a rest of it.
        """
        share = np.clip(share, 0, 1)
        self.attenuation = self.attenuation + share * (
            blur(self.attenuation, reach_mm / self.mm_per_px) - self.attenuation
        )

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

    def unobstructed(self, side: str) -> Array:
        """1 where that lung is as deep as above, less where heart or diaphragm cover it, (small, small).

        The diaphragm is seen as the line where the path begins to fall; the recess behind it is still deep there.
        """
        depth = self.lung_small(side)
        return np.asarray(depth / np.clip(np.maximum.accumulate(depth, 0), 1, None), np.float32)

    def open_lung(self, side: str) -> NDArray[np.bool_]:
        """Where that lung is deep, so neither behind the heart nor behind the dome, nor in fluid, (small, small).

        Findings are placed there: what a data set's boxes hold is what its readers could see.
        """
        return self._deep(side) & (self.xy_small[1] < self.fluid[side])

    def _deep(self, side: str) -> NDArray[np.bool_]:
        depth = self.lung_small(side)
        return np.asarray((depth > 0.5 * depth.max()) & (self.unobstructed(side) > 0.8))

    def dry(self, side: str) -> str:
        """That side, or the other one if fluid leaves little of it to be seen."""
        other = SIDES[side == "right"]
        return other if self.open_lung(side).sum() < 0.3 * self.open_lung(other).sum() else side

    def pick_in_lung(self, rng: np.random.Generator, margin_mm: float = 8.0) -> tuple[str, float, float]:
        """A side and a place in its open lung, `margin_mm` inside its outline; in its middle if it is narrow.

        Not at the hilum, whose vessels would hide what is no larger than they are.
        """
        side = self.dry(SIDES[int(rng.random() < 0.5)])
        depth = self.lung_small(side)
        inwards = ndimage.distance_transform_edt(np.pad(self.open_lung(side), 1))[1:-1, 1:-1] * self.small_mm
        inner = inwards > min(margin_mm, 0.8 * float(inwards.max()))
        beside = inner & (np.abs(self.xy_small[0] - self.midline()) > HILUM_MM)
        allowed = next((one for one in (beside, inner) if one.any()), depth > 10)
        weight = np.where(allowed, depth**1.5, 0)
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
