"""An attention map multiplied into the pixels (API: Attention Prompting on Image).

Runpeng Yu, Weihao Yu, Xinchao Wang: Attention Prompting on Image for Large Vision-Language Models. ECCV 2024,
arXiv:2409.17143. There an auxiliary model's map for the question is smoothed over 3 x 3 patches, scaled to 0 .. 1,
spread over the image and multiplied with its pixels. Here the map is either the region itself, or, as in the paper,
what a model sees for the question: the model at hand and LeGrad in place of another CLIP and its decomposed attention.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from vpe_core.attention import GazeEncoder, patch_relevance
from vpe_core.attention.fovea import patches_of
from vpe_core.attention.resample import grid_to_image
from vpe_core.errors import AttentionError
from vpe_core.lab.pointing.base import Asked, Pointing
from vpe_core.models.predictor import EMBEDDING

if TYPE_CHECKING:
    from vpe_core.geometry import View
    from vpe_core.lab.scene import LabScene
    from vpe_core.models import Model
    from vpe_core.types import Floats

SOURCE = "Yu et al., Attention prompting on image for large vision-language models, ECCV 2024"
_METHOD = "legrad"
_GRID_HW = (14, 14)
"""Of a model whose patches are not known: that of a ViT-B/16."""


def product(image: Image.Image, grid: Floats, view: View) -> Image.Image:
    """An image times a map of patches.

    Args:
        image: The X-ray, RGB.
        grid: (rows, columns), not negative.
        view: How the model sees the image.

    Raises:
        AttentionError: The map is the same everywhere, so it points at nothing.
    """
    spread = grid_to_image(_scaled(_smoothed(_scaled(grid))), view, image.size)
    multiplied = np.asarray(image.convert("RGB"), np.float32) * np.clip(spread, 0, 1)[..., None]
    return Image.fromarray(np.rint(multiplied).astype(np.uint8))


def _of_region(scene: LabScene, model: Model) -> Asked:
    view = model.view(scene.size_wh)
    return _multiplied(scene, model, patches_of(scene.region, view, _grid_of(model)))


def _of_question(scene: LabScene, model: Model) -> Asked:
    grid = patch_relevance(model, [scene.rgb], scene.target, method=_METHOD, template=scene.template)[0]
    return _multiplied(scene, model, grid)


def _multiplied(scene: LabScene, model: Model, grid: Floats) -> Asked:
    picture = model.prepare(product(scene.rgb, grid, model.view(scene.size_wh)))
    if not GazeEncoder(model).looks:
        return Asked(picture, EMBEDDING)
    from vpe_core.attention.wants import EmbeddingAndGaze

    return Asked(picture, EmbeddingAndGaze())


def _grid_of(model: Model) -> tuple[int, int]:
    from vpe_core.attention.tracing import TracedTower

    try:
        return TracedTower(model.visual, last_only=True).grid_hw
    except AttentionError:
        return _GRID_HW


def _scaled(grid: Floats) -> Floats:
    least, most = float(grid.min()), float(grid.max())
    if most <= least:
        raise AttentionError("This map is the same everywhere, so it points at nothing. Mark a smaller region.")
    return (grid - least) / (most - least)


def _smoothed(grid: Floats) -> Floats:
    """The mean over 3 x 3 patches; beyond the rim, its values go on."""
    rows, columns = grid.shape
    padded = np.pad(grid, 1, mode="edge")
    parts = [padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)]
    mean: Floats = np.mean(parts, axis=0, dtype=np.float32)
    return mean


API = Pointing(
    title="API", ask=_of_region, source=SOURCE, changes_pixels=True,
    about="Attention prompting on image, with the region as the map: pixels times the map, so that the rest darkens.",
)  # fmt: skip
API_QUESTION = Pointing(
    title="API, asked for the class", ask=_of_question, source=SOURCE, changes_pixels=True, reads_region=False,
    about="As published, the map is what a model sees for the question (here the same model, LeGrad); nobody tells it "
    "of the region.",
)  # fmt: skip
