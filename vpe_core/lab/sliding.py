"""The same marker at many places, as a model gets the pictures: only what a marker changes is drawn and resized anew.

Preparing a picture means drawing on the full X-ray and shrinking all of it, most of which is the same each time. Where
a marker is local (a circle, not an arrow, whose direction depends on the whole picture), it is drawn on a part of the
X-ray; where the model's preprocessing is a plain bicubic resize, only the pixels that this part reaches are made. A
marker that is nothing but ink is drawn once for each fraction of a pixel that its places leave, and then stamped.
Whether all this holds is not assumed but tried, on places at the rim and in the middle, against the plain way; a marker
or model that fails is drawn the plain way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image, ImageChops

from vpe_core.errors import VPEError
from vpe_core.lab.scene import Drawing, LabScene
from vpe_core.markers import get
from vpe_core.markers.protocols import native_ink
from vpe_core.types import Box

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.geometry import View
    from vpe_core.models import Model
    from vpe_core.types import Region

    Picture: TypeAlias = NDArray[np.uint8]
    Way: TypeAlias = Callable[[Region], Picture]

TOLERANCE = 1
"""How far a value of a picture may be from the plain way's, of 255: a rounding."""
_SUPPORT = 2.0
"""Bicubic interpolation reaches so many pixels, of the smaller of both pictures."""
_REACH_WIDTHS = 4.0
"""A marker is drawn within so many line widths of its region, or else it is not local."""
_STAMPS = 64
"""So many are kept: 28 places a side leave 7 fractions a side on 1024 pixels, 49 in all."""


class Slides:
    """Pictures of a scene with its marker at other regions.

    Args:
        scene: X-ray and style.
        model: Whose preprocessing makes the pictures.
        tried: Regions on which a quicker way must agree with the plain one.

    Attributes:
        is_quick: Whether it does not take the plain way.
    """

    def __init__(self, scene: LabScene, model: Model, tried: Sequence[Region]) -> None:
        self._scene, self._model = scene, model
        self._marker = get(scene.style.marker)
        style = scene.style
        self._ink = native_ink(self._marker, scene.size_wh, color=style.color, width=style.width, opacity=style.opacity)
        self._plain: Picture = model.prepare(scene.rgb)
        self._view: View = model.view(scene.size_wh)
        self._columns_first = True
        self._stamps: dict[tuple[float, ...], tuple[int, int, Image.Image]] = {}
        ways: tuple[Way, ...] = (self._of_stamp, self._of_part, self._of_change)
        self._way = next((way for way in ways if self._agrees_in_some_order(way, tried)), self._of_all)
        self.is_quick = self._way != self._of_all

    def pictures(self, regions: Sequence[Region]) -> Iterator[Picture]:
        """One for each region, in their order."""
        return (self._way(region) for region in regions)

    def _of_all(self, region: Region) -> Picture:
        """The plain way."""
        return self._model.prepare(Drawing(self._scene.style, region).on(self._scene.rgb))

    def _of_stamp(self, region: Region) -> Picture:
        """As `_of_part`, with the ink drawn earlier, at another place that leaves the same fractions of a pixel."""
        reach = self._reach(region)
        if reach.clipped(*self._scene.size_wh) != reach:  # Pillow rounds what begins before its canvas the other way
            return self._of_part(region)
        x, y = math.floor(reach.x0), math.floor(reach.y0)
        left_ink, top_ink, stamp = self._stamp(region.shifted(-x, -y))
        x, y = x + left_ink, y + top_ink

        def draw(part: Image.Image, left: int, top: int) -> Image.Image:
            part.paste(self._ink.rgb, (x - left, y - top), stamp)
            return part

        return self._repainted(Box(x, y, x + stamp.width, y + stamp.height), draw, self._scene.rgb)

    def _stamp(self, region: Region) -> tuple[int, int, Image.Image]:
        """Where the ink of a region at the upper left corner begins, and how much of each pixel it covers, mode "L".

        Raises:
            ValueError: There is no ink.
        """
        key = tuple(round(value, 4) for value in region.box.xyxy)
        if key not in self._stamps:
            if len(self._stamps) >= _STAMPS:
                self._stamps.pop(next(iter(self._stamps)))
            reach = self._reach(region)
            paper = Image.new("RGB", (math.ceil(reach.x1) + 1, math.ceil(reach.y1) + 1))
            inked = self._marker.draw(paper, region, replace(self._ink, rgb=(255, 255, 255))).getchannel(0)
            box = inked.getbbox()
            if box is None:
                raise ValueError("This marker leaves no ink.")
            self._stamps[key] = (*box[:2], inked.crop(box))
        return self._stamps[key]

    def _reach(self, region: Region) -> Box:
        return region.box.expanded(_REACH_WIDTHS * self._ink.width_px + 1)

    def _of_part(self, region: Region) -> Picture:
        """Drawn on the part of the X-ray around the region alone."""
        return self._repainted(
            self._reach(region),
            lambda part, left, top: self._marker.draw(part, region.shifted(-left, -top), self._ink),
            self._scene.rgb,
        )

    def _of_change(self, region: Region) -> Picture:
        """Drawn on all of the X-ray, and what has changed resized."""
        marked = Drawing(self._scene.style, region).on(self._scene.rgb)
        changed = ImageChops.difference(marked, self._scene.rgb).getbbox()
        if changed is None:
            return self._plain
        return self._repainted(Box(*changed), lambda part, _left, _top: part, marked)

    def _repainted(
        self, changed: Box, draw: Callable[[Image.Image, int, int], Image.Image], source: Image.Image
    ) -> Picture:
        """The plain picture with the pixels that a part of the X-ray reaches made anew."""
        view, (width, height) = self._view, self._scene.size_wh
        columns = _span(changed.x0, changed.x1, view.scale_x, view.offset_x, view.size_wh[0], width)
        rows = _span(changed.y0, changed.y1, view.scale_y, view.offset_y, view.size_wh[1], height)
        picture = self._plain.copy()
        if columns is None or rows is None:
            return picture
        (x0, x1, from_x, to_x, left, right), (y0, y1, from_y, to_y, top, bottom) = columns, rows

        part = draw(source.crop((left, top, right, bottom)), left, top)

        def across(one: Image.Image) -> Image.Image:
            box = (from_x - left, 0, to_x - left, one.height)
            return one.resize((x1 - x0, one.height), Image.Resampling.BICUBIC, box=box)

        def down(one: Image.Image) -> Image.Image:
            box = (0, from_y - top, one.width, to_y - top)
            return one.resize((one.width, y1 - y0), Image.Resampling.BICUBIC, box=box)

        part = down(across(part)) if self._columns_first else across(down(part))
        picture[y0:y1, x0:x1] = np.asarray(part)
        return picture

    def _agrees_in_some_order(self, way: Way, regions: Sequence[Region]) -> bool:
        """Pillow resizes the one axis before the other, which one depending on the shapes, and rounds between them."""
        for columns_first in (True, False):
            self._columns_first = columns_first
            if self._agrees(way, regions):
                return True
        return False

    def _agrees(self, way: Way, regions: Sequence[Region]) -> bool:
        try:
            return all(
                np.abs(way(region).astype(np.int16) - self._of_all(region)).max() <= TOLERANCE for region in regions
            )
        except (VPEError, ValueError):  # a part in which it cannot be drawn, or another size
            return False


def _span(
    low: float, high: float, scale: float, offset: float, view_px: int, image_px: int
) -> tuple[int, int, float, float, int, int] | None:
    """Along one axis, what a change from `low` to `high` reaches; None for nothing.

    Returns:
        The pixels of the view, from and to; what they show of the image, from and to; what of it they are made of.
    """
    support = _SUPPORT * max(1.0, 1 / scale)
    first = max(math.floor((low - support) * scale + offset), math.ceil(max(offset, 0)))
    last = min(math.ceil((high + support) * scale + offset), math.floor(min(image_px * scale + offset, view_px)))
    if last <= first:
        return None
    start, stop = max((first - offset) / scale, 0.0), min((last - offset) / scale, float(image_px))
    # All of the change, also beyond what is seen: a shape that is cut elsewhere is drawn a little differently.
    used = max(math.floor(min(start - support, low)) - 1, 0), min(math.ceil(max(stop + support, high)) + 1, image_px)
    return (first, last, start, stop, *used)
