"""Coordinates between three pictures: the canvas in the browser, the source image, the model's input.

This is the only module that converts. A `View` says how one picture of the source image was made, axis by axis:
`view = image * scale + offset`. Coordinates are continuous pixels (see `vpe_core.types`), so no half pixels appear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from vpe_core.errors import RegionError
from vpe_core.types import Arrow, Box, Polygon

if TYPE_CHECKING:
    from typing import Self

SizeWH = tuple[int, int]
"""(width, height) in pixels."""

AnyRegion = TypeVar("AnyRegion", Box, Polygon, Arrow)


@dataclass(frozen=True, slots=True)
class View:
    """How a picture shows the source image.

    Attributes:
        scale_x: View pixels per image pixel, horizontally.
        scale_y: The same, vertically.
        offset_x: Where the image's left edge lies in the view, in view pixels.
        offset_y: Where its upper edge lies.
        size_wh: Size of the view in pixels.
    """

    scale_x: float
    scale_y: float
    offset_x: float
    offset_y: float
    size_wh: SizeWH

    @classmethod
    def contain(cls, image_wh: SizeWH, view_wh: SizeWH) -> Self:
        """The whole image, its shape kept, centred in the view: a canvas with `background_image_fit="contain"`."""
        _require_sizes(image_wh, view_wh)
        (width, height), (view_width, view_height) = image_wh, view_wh
        scale = min(view_width / width, view_height / height)
        return cls(scale, scale, (view_width - width * scale) / 2, (view_height - height * scale) / 2, view_wh)

    @classmethod
    def squash(cls, image_wh: SizeWH, view_wh: SizeWH) -> Self:
        """The whole image, stretched to fill the view: the paper's 256 x 256, open_clip's resize mode "squash"."""
        _require_sizes(image_wh, view_wh)
        return cls(view_wh[0] / image_wh[0], view_wh[1] / image_wh[1], 0.0, 0.0, view_wh)

    @classmethod
    def center_crop(cls, image_wh: SizeWH, side_px: int) -> Self:
        """The middle square after the shorter side was resized to `side_px`: open_clip's resize mode "shortest".

        Sizes and offsets round as torchvision's `Resize` and `CenterCrop` do: the longer side is truncated to whole
        pixels and the crop begins at the rounded middle.
        """
        _require_sizes(image_wh, (side_px, side_px))
        width, height = image_wh
        shorter = min(width, height)
        resized_w, resized_h = int(side_px * width / shorter), int(side_px * height / shorter)
        left, top = round((resized_w - side_px) / 2), round((resized_h - side_px) / 2)
        return cls(resized_w / width, resized_h / height, float(-left), float(-top), (side_px, side_px))

    def to_view(self, region: AnyRegion) -> AnyRegion:
        """The region, given in image pixels, in view pixels."""
        return region.scaled(self.scale_x, self.scale_y).shifted(self.offset_x, self.offset_y)

    def to_image(self, region: AnyRegion) -> AnyRegion:
        """The region, given in view pixels, in image pixels."""
        return region.shifted(-self.offset_x, -self.offset_y).scaled(1 / self.scale_x, 1 / self.scale_y)

    def visible(self, image_wh: SizeWH) -> Box:
        """The part of the image that the view shows, in image pixels: what a centre crop leaves of it."""
        return self.to_image(Box(0, 0, *self.size_wh)).clipped(*image_wh)


def _require_sizes(*sizes_wh: SizeWH) -> None:
    for width, height in sizes_wh:
        if width < 1 or height < 1:
            raise RegionError(f"Expected a picture of at least 1 x 1 pixels, but got {width} x {height}.")
