"""What a sweep changes: a new axis is a function and a line at the end."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vpe_core.errors import LabError
from vpe_core.lab.scene import Drawing, LabScene, center_of, resized
from vpe_core.markers import get, parse_color
from vpe_core.registry import Registry

DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One property of a marker, and its values.

    Attributes:
        title: For people: "Line width".
        unit: What the values are in.
        values: From the least to the largest.
        present: The value of the present marker; None where it has none, as grey has no hue.
        drawings: The marker at a value; several are averaged.
        needs: What a marker must use, as in `Marker.uses`; empty for nothing.
        for_crops: Whether it means something for a crop.
    """

    title: str
    unit: str
    values: Sequence[float]
    present: Callable[[LabScene], float | None]
    drawings: Callable[[LabScene, float], list[Drawing]]
    needs: str = ""
    for_crops: bool = False

    def problem(self, scene: LabScene) -> str:
        """Why a scene's marker cannot be swept along this axis; empty if it can."""
        marker = get(scene.style.marker)
        if self.needs and self.needs not in marker.uses:
            return f"A {marker.short_title} has no {self.needs.replace('color', 'colour')}."
        if marker.crops and not self.for_crops:
            return f"{self.title} means nothing for a crop."
        return ""


def _width(scene: LabScene, value: float) -> list[Drawing]:
    return [Drawing(scene.restyled(width=value), scene.region)]


def _hue(scene: LabScene, value: float) -> list[Drawing]:
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(value / 360, 1, 1))
    return [Drawing(scene.restyled(color=f"#{red:02x}{green:02x}{blue:02x}"), scene.region)]


def _present_hue(scene: LabScene) -> float | None:
    hue, saturation, _ = colorsys.rgb_to_hsv(*(part / 255 for part in parse_color(scene.style.color)))
    return round(hue * 360, 1) if saturation > 0 else None


def _size(scene: LabScene, value: float) -> list[Drawing]:
    return [Drawing(scene.style, resized(scene.region, value))]


def _offset(scene: LabScene, value: float) -> list[Drawing]:
    """In four directions, as far as the middle stays in the picture."""
    width, height = scene.size_wh
    moved = [scene.shifted(dx * value, dy * value) for dx, dy in (DIRECTIONS if value else DIRECTIONS[:1])]
    kept = [region for region in moved if 0 <= center_of(region)[0] < width and 0 <= center_of(region)[1] < height]
    return [Drawing(scene.style, region) for region in kept]


def _opacity(scene: LabScene, value: float) -> list[Drawing]:
    return [Drawing(scene.restyled(opacity=value), scene.region)]


def _present_opacity(scene: LabScene) -> float:
    return get(scene.style.marker).opacity if scene.style.opacity is None else scene.style.opacity


def _softness(scene: LabScene, value: float) -> list[Drawing]:
    return [Drawing(scene.style, scene.region, soft_px=value)]


AXES: Registry[Axis] = Registry("sweep", LabError)
AXES.add("width", Axis(
    title="Line width", unit="px of 512", values=(1, 2, 3, 4, 6, 8, 10, 12, 16), needs="width",
    present=lambda scene: scene.style.width, drawings=_width,
))  # fmt: skip
AXES.add("hue", Axis(
    title="Hue", unit="degrees", values=tuple(range(0, 360, 15)), needs="color", present=_present_hue, drawings=_hue,
))  # fmt: skip
AXES.add("size", Axis(
    title="Size of the region", unit="times", values=(0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3), present=lambda _: 1.0,
    drawings=_size, for_crops=True,
))  # fmt: skip
AXES.add("offset", Axis(
    title="Offset from the region", unit="px of 256", values=(0, 5, 10, 15, 20, 30, 40, 60, 80, 100),
    present=lambda _: 0.0, drawings=_offset, for_crops=True,
))  # fmt: skip
AXES.add("opacity", Axis(
    title="Opacity", unit="share", values=(0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1), needs="opacity",
    present=_present_opacity, drawings=_opacity,
))  # fmt: skip
AXES.add("softness", Axis(
    title="Blur of the marker", unit="px of 256", values=(0, 0.5, 1, 2, 3, 4, 6, 8), present=lambda _: 0.0,
    drawings=_softness,
))  # fmt: skip
