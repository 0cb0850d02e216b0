"""How one patient's anatomy departs from the CT's: inspiration, diaphragm, heart, aorta, spine, ribs and bulk.

All of it is one smooth displacement of the body, so heart, lobes and ribs move with the tissue around them. Ranges
follow the literature: the right dome stands at the 10th posterior rib in good inspiration, up to 3 cm above the left
(Felson, Chest Roentgenology, 1973); cardiothoracic ratio 0.40 to 0.50 (Danzer, Am. J. Med. Sci. 157, 1919), larger and
with a higher diaphragm on AP; lateral curvature of the spine below 10 degrees is no disease (Kane, Clin. Orthop. 126,
1977); costal cartilage calcifies with age (McCormick, Skeletal Radiol. 9, 1983).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vpe_core.simulation.ct import AORTA, BONES, CARTILAGE, HEART, LOBES, RIBS, SPINE, ChestCT

Field = NDArray[np.float32]
GRID = (34, 20, 30)  # nodes of a displacement (z, y, x)
STRIDE = (8, 8, 2)  # of the CT for its landmarks
LEAST_JACOBIAN = 0.25


@dataclass(frozen=True)
class Build:
    """What is a patient's own; the defaults leave the CT as it is. Lengths in mm.

    Attributes:
        descent: how far both domes of the diaphragm lie below the CT's.
        left_lower: how far the left one lies below that.
        heart: width of the heart, 1 = the CT's.
        heart_turn: shear of the heart, positive = more horizontal.
        knob: growth of the aortic knob.
        straight: share of the CT's own curvature of the spine that is taken out.
        curve: amplitude of a new one, and where it begins (radians).
        slope: how far the ribs hang 100 mm lateral of the spine.
        taper: how much thinner from front to back the uppermost chest is.
        bulk: thickness of the tissue outside the ribs, 1 = the CT's.
        spine, bone, cartilage: what of the CT's calcium is in the spine, in other bones, in the costal cartilage.
    """

    descent: float = 0.0
    left_lower: float = 0.0
    heart: float = 1.0
    heart_turn: float = 0.0
    knob: float = 0.0
    straight: float = 0.0
    curve: tuple[float, float] = (0.0, 0.0)
    slope: float = 0.0
    taper: float = 0.0
    bulk: float = 1.0
    spine: float = 1.0
    bone: float = 1.0
    cartilage: float = 1.0

    def calcium_only(self) -> Build:
        """What is left of it when its displacement has been worked out."""
        return Build(spine=self.spine, bone=self.bone, cartilage=self.cartilage)


AS_IN_THE_CT = Build()


def sample_build(rng: np.random.Generator, anterior_source: bool) -> Build:
    """Draws a patient; an AP one lies or sits, breathes in less, and its heart is nearer to the source."""
    return Build(
        descent=float(rng.uniform(8, 30) if anterior_source else rng.uniform(20, 46)),
        left_lower=float(np.clip(rng.normal(-3, 6), -15, 10)),
        heart=float(np.clip(rng.normal(1.1 if anterior_source else 1.0, 0.09), 0.82, 1.25)),
        heart_turn=float(rng.normal(0.06 if anterior_source else -0.04, 0.12)),
        knob=float(np.clip(rng.normal(0.05, 0.2), -0.3, 0.5)),
        straight=float(rng.uniform(0.55, 1.0)),
        curve=(float(rng.normal(0, 3)), float(rng.uniform(0, 2 * np.pi))),
        slope=float(rng.normal(2, 6)),
        taper=float(rng.uniform(0.12, 0.32)),
        bulk=float(np.clip(np.exp(rng.normal(0.34, 0.27)), 0.7, 1.9)),
        spine=float(rng.uniform(0.25, 0.65)),
        bone=float(rng.uniform(1.2, 1.9)),
        cartilage=float(rng.beta(0.7, 2.2)),
    )


class Landmarks:
    """Where things are in a CT, in mm from its middle, on a coarse grid; from them follows a patient's displacement."""

    def __init__(self, ct: ChestCT) -> None:
        part = tuple(slice(stride // 2, None, stride) for stride in STRIDE)
        labels, hu = ct.labels[part], ct.hu[part]
        self.half_mm = np.array([n * s / 2 for n, s in zip(ct.hu.shape, ct.spacing_mm, strict=True)])
        self._step = np.array([n * s for n, s in zip(STRIDE, ct.spacing_mm, strict=True)])
        self._first = (np.array([n // 2 + 0.5 for n in STRIDE]) * ct.spacing_mm) - self.half_mm
        axes = [f + s * np.arange(n) for f, s, n in zip(self._first, self._step, labels.shape, strict=True)]
        x, _, z = axes
        lungs, bones = np.isin(labels, LOBES), np.isin(labels, (*BONES, CARTILAGE))
        inside = np.stack([ndimage.binary_fill_holes(s) for s in np.moveaxis((hu > -400) | lungs, 2, 0)], 2)
        from_wall = ndimage.distance_transform_edt(inside & ~bones, sampling=self._step)
        self.inner = _smooth_step(from_wall / 30).astype(np.float32)  # 0 at ribs, spine and skin, 1 well inside
        columns = lungs.any(2)
        lowest = np.where(columns, z[lungs.argmax(2)], np.nan)
        at = np.argwhere(lungs)
        self.top, self.bottom = float(z[at[:, 2].max()]), float(z[at[:, 2].min()])
        self.middle = float(x[at[:, 0]].mean())
        well = columns & (self.inner.max(2) > 0.9)
        self.domes, self.rims = {}, {}
        for side, half in (("right", x < self.middle - 15), ("left", x > self.middle + 15)):
            here = lowest[well & half[:, None]]
            self.domes[side] = float(np.nanquantile(here, 0.6)) if here.size else self.bottom
            self.rims[side] = float(np.nanquantile(lowest[columns & half[:, None]], 0.08))
        self.heart = self._middle_of(np.isin(labels, HEART), axes)
        arch = np.isin(labels, AORTA) & (z > self.heart[2])
        highest = float(z[np.argwhere(arch)[:, 2].max()]) if arch.any() else 0.0
        self.arch = self._middle_of(arch & (z > highest - 18), axes) if arch.any() else None
        self.spine = self._along(np.isin(labels, SPINE), axes, np.mean, self.middle)
        ribs = np.isin(labels, RIBS) if np.isin(labels, RIBS).any() else lungs
        left, right = np.maximum.accumulate, np.minimum.accumulate  # below its widest place the flank goes on
        self.left_wall = self._along(ribs, axes, np.max, float(x[at[:, 0].max()]), left)
        self.right_wall = self._along(ribs, axes, np.min, float(x[at[:, 0].min()]), right)

    @staticmethod
    def _middle_of(mask: NDArray[np.bool_], axes: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        return np.array([axis[k].mean() for axis, k in zip(axes, np.nonzero(mask), strict=True)])

    @staticmethod
    def _along(mask, axes, what, otherwise: float, downwards=np.array):  # type: ignore[no-untyped-def]
        """The x of `mask` at each height, smoothed, as a function of z."""
        x, _, z = axes
        found = [(z[k], what(x[np.nonzero(mask[:, :, k])[0]])) for k in range(len(z)) if mask[:, :, k].any()]
        if not found:
            return lambda at: np.full_like(at, otherwise)
        heights, values = np.array(found).T
        values = ndimage.gaussian_filter1d(downwards(values[::-1])[::-1], 4, mode="nearest")
        return lambda at: np.interp(at, heights, values)

    def _inner_at(self, x: Field, y: Field, z: Field) -> Field:
        places = [(a - f) / s for a, f, s in zip((x, y, z), self._first, self._step, strict=True)]
        return np.asarray(ndimage.map_coordinates(self.inner, places, order=1, mode="nearest", output=np.float32))

    def displacement(self, build: Build, random_mm: Field) -> Field:
        """From the patient's body to the CT, float32 (3, *GRID) in mm: x, y, z.

        Args:
            build: of the patient.
            random_mm: (3, any grid), an elastic deformation on top; halved until nothing folds.
        """
        body = _grid(self.half_mm)
        own = self._own(build, body)
        zoom = [1, *(n / m for n, m in zip(GRID, random_mm.shape[1:], strict=True))]
        elastic = np.asarray(ndimage.zoom(random_mm, zoom, order=3, mode="nearest", grid_mode=True), np.float32)
        for share in (1.0, 0.5, 0.25, 0.0):
            total = own + np.float32(share) * elastic
            if jacobian(total, self.half_mm).min() > LEAST_JACOBIAN:
                break
        return np.asarray(total, np.float32)

    def _own(self, build: Build, body: Field) -> Field:
        x, y, z = body
        dx, dz = np.zeros_like(x), np.zeros_like(x)
        height = self.top - self.bottom
        to_left = 1 / (1 + np.exp(-(x - self.middle) / 14))
        for side, share in (("right", 1 - to_left), ("left", to_left)):
            deeper = build.descent
            if side == "left":
                deeper += build.left_lower
            deeper = float(np.clip(deeper, -12, max(self.domes[side] - self.rims[side] - 14, 0)))
            dome = self.domes[side] - deeper
            knots = [-self.half_mm[2], self.bottom - 0.3 * height, dome, self.top - 0.25 * height, self.half_mm[2]]
            heights = np.linspace(-self.half_mm[2], self.half_mm[2], 200)
            ramp = np.interp(heights, np.maximum.accumulate(knots), [0, 0.25, 1, 0, 0])
            ramp = np.interp(z, heights, ndimage.gaussian_filter1d(ramp, 7, mode="nearest"))
            inner = self._inner_at(x, y, z + deeper * ramp)
            inner = self._inner_at(x, y, z + deeper * ramp * inner)
            dz += share * deeper * ramp * inner
        cx, _, cz = self.heart - [0, 0, 0.6 * build.descent]
        near = np.exp(-(((x - cx) / 75) ** 2) - ((z - cz) / 70) ** 2) * self._inner_at(x, y, z + dz)
        dx += near * ((1 / build.heart - 1) * (x - cx) + build.heart_turn * (z - cz))
        if self.arch is not None:
            ax, _, az = self.arch
            bump = np.exp(-(((x - ax - 12) / 22) ** 2) - ((z + dz - az + 6) / 20) ** 2)
            dx += bump * (1 / (1 + build.knob) - 1) * 24
        dx += build.straight * (self.spine(z + dz) - float(self.spine(np.zeros(1))[0]))
        dx += build.curve[0] * np.sin(np.pi * z / 130 + build.curve[1])
        dz += build.slope * np.clip(np.abs(x - self.middle) / 100, 0, 1.3)
        for wall, sign in ((self.left_wall, 1), (self.right_wall, -1)):
            beyond = np.clip(sign * (x + dx - wall(z + dz)) - 4, 0, None)
            dx += sign * (1 / build.bulk - 1) * beyond
        dy = build.taper * y * np.clip((z - self.heart[2]) / (self.top - self.heart[2]), 0, 1.3)
        return np.stack([dx, dy, dz]).astype(np.float32)


def jacobian(displacement_mm: Field, half_mm: NDArray[np.float64]) -> Field:
    """Determinant of body -> CT at each node; at most 0 where the map folds."""
    steps = [2 * h / (n - 1) for h, n in zip(half_mm[::-1], GRID, strict=True)]
    rows = [np.stack(np.gradient(d, *steps), -1)[..., ::-1] for d in displacement_mm]
    return np.asarray(np.linalg.det(np.stack(rows, -2) + np.eye(3)), np.float32)


def _grid(half_mm: NDArray[np.float64]) -> Field:
    """x, y, z in mm of every node, float32 (3, *GRID); the outermost nodes lie on the CT's faces."""
    z, y, x = np.meshgrid(*(np.linspace(-h, h, n) for h, n in zip(half_mm[::-1], GRID, strict=True)), indexing="ij")
    return np.stack([x, y, z]).astype(np.float32)


def _smooth_step(t: NDArray[np.floating]) -> NDArray[np.floating]:
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
