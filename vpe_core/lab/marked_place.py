"""How much of a map lies where the marker points: inside what is drawn, as the live demo measures it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vpe_core.attention.resample import image_to_grid
from vpe_core.markers.marks import Mark, marked_area

if TYPE_CHECKING:
    from vpe_core.lab.scene import LabScene
    from vpe_core.models import Model
    from vpe_core.types import Floats

LONGEST_PX = 560
"""The longer side of the picture on which maps are measured, as large as the live demo's overlays."""


def marked_place(scene: LabScene) -> Floats:
    """How much of each pixel the present marker points at, 0 to 1, on a picture no longer than `LONGEST_PX`.

    It is the inside of what is drawn, as `marked_area` has it: the ellipse of a circle, not the box around it.
    """
    factor = min(1.0, LONGEST_PX / max(scene.size_wh))
    width, height = (max(1, round(factor * side)) for side in scene.size_wh)
    region = scene.region.scaled(width / scene.size_wh[0], height / scene.size_wh[1])
    return marked_area([Mark("bbox", region)], (width, height), treatment=scene.style.marker)


def share_of_picture(scene: LabScene) -> float:
    """The share of the picture that the marked place covers."""
    return float(marked_place(scene).mean())


def shares_in_place(grids: Floats, scene: LabScene, model: Model) -> Floats:
    """The share of each map, spread over the picture, that lies in the marked place.

    Args:
        grids: (…, rows, columns), not negative.
        scene: Whose marker is meant, as it is at present, whatever is drawn on the pictures of the maps.
        model: Through whose view the patches lie on the X-ray.

    Returns:
        (…), 0 to 1; nan where a map is nothing, or the model sees nothing of the place.
    """
    place, grid_hw = marked_place(scene), (grids.shape[-2], grids.shape[-1])
    view = model.view((place.shape[1], place.shape[0]))
    inside, all_over = image_to_grid(place, view, grid_hw), image_to_grid(np.ones_like(place), view, grid_hw)
    total = (grids * all_over).sum(axis=(-2, -1), dtype=np.float64)
    part = (grids * inside).sum(axis=(-2, -1), dtype=np.float64)
    seen = (total > 0) & bool(inside.any())
    return np.asarray(np.divide(part, total, out=np.full_like(total, np.nan), where=seen), np.float32)


def even_share(grids: Floats, scene: LabScene, model: Model) -> float:
    """The share in the marked place of a map of this grid that is the same everywhere; nan where it is not seen."""
    return float(shares_in_place(np.ones(grids.shape[-2:], np.float32), scene, model))
