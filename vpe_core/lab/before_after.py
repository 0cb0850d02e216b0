"""An X-ray without and with the marker, as the studies of maps compare them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.attention import shares_of
from vpe_core.attention.resample import grid_to_image
from vpe_core.errors import AttentionError
from vpe_core.markers import get

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from vpe_core.geometry import SizeWH, View
    from vpe_core.lab.scene import LabScene
    from vpe_core.models import Model
    from vpe_core.types import Box, Floats


@dataclass(frozen=True, slots=True, eq=False)
class BeforeAfter:
    """The X-ray without the marker (index 0) and with it (index 1).

    Attributes:
        marker: What the marker is called.
        suffixes: What the prompt about each says after the class.
        crops: Whether the marked picture shows other places, so that nothing can be compared place by place.
        sizes_wh: Of the pictures, in pixels; only a crop is of another size.
        views: How the model sees each.
    """

    marker: str
    suffixes: tuple[str, str]
    crops: bool
    sizes_wh: tuple[SizeWH, SizeWH]
    views: tuple[View, View]

    def in_pixels(self, grid: Floats, *, marked: bool) -> Floats:
        """A map over the patches of one of the two in the pixels of its picture."""
        return grid_to_image(grid, self.views[int(marked)], self.sizes_wh[int(marked)])


def drawn_pair(scene: LabScene) -> tuple[Image.Image, Image.Image]:
    """The X-ray without and with the scene's marker, RGB.

    Raises:
        VPEError: It cannot be drawn.
    """
    return scene.rgb, scene.present.on(scene.rgb)


def prepared_pair(scene: LabScene, model: Model) -> tuple[BeforeAfter, NDArray[np.uint8]]:
    """What is said of the two, and both as `model.prepare` makes them, (2, height, width, 3).

    Raises:
        VPEError: The marker cannot be drawn.
    """
    before, after = drawn_pair(scene)
    about = BeforeAfter(
        scene.style.title.partition(",")[0],
        ("", scene.suffix(scene.style)),
        get(scene.style.marker).crops,
        (before.size, after.size),
        (model.view(before.size), model.view(after.size)),
    )
    return about, np.stack([model.prepare(before), model.prepare(after)])


def shares_or_nan(grids: Floats, box: Box, model: Model, image_wh: SizeWH) -> Floats:
    """`shares_of`, nan where the model does not see the box."""
    try:
        return shares_of(grids, box, model, image_wh)
    except AttentionError:
        return np.full(grids.shape[:-2], np.nan, np.float32)
