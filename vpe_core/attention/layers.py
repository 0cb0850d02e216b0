"""What the class token attends to in every head of every layer, from one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.attention.localization import coverage
from vpe_core.errors import AttentionError
from vpe_core.images import as_images
from vpe_core.models.predictor import A_PASS_OF_MAPS

if TYPE_CHECKING:
    from vpe_core.geometry import SizeWH
    from vpe_core.images import ImageSources
    from vpe_core.models.protocols import Model
    from vpe_core.types import AnyRegion, Floats


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """The attention of all heads.

    Attributes:
        attention: Of the class token to each patch, (n, layers, heads, rows, columns); a head's values add up to less
            than 1, because it attends to the class token itself, too, and to registers.
        embeddings: Of the pictures, from the same pass, (n, dimension).
    """

    attention: Floats
    embeddings: Floats

    @property
    def n_layers(self) -> int:
        """Number of layers."""
        return int(self.attention.shape[1])

    @property
    def n_heads(self) -> int:
        """Heads in each layer."""
        return int(self.attention.shape[2])


def every_head(model: Model, images: ImageSources) -> Heads:
    """All heads of all layers, for one or several pictures.

    Args:
        model: A loaded model.
        images: As in `VisionLanguageModel.encode_images`, at least one.

    Raises:
        AttentionError: The tower's attention cannot be read, or it has no class token.
    """
    from vpe_core.attention.wants import EveryHead

    sources = as_images(images)
    if not len(sources):
        raise AttentionError("Expected at least one picture, but got none.")
    embeddings, attention = model.predictor.in_batches(sources, EveryHead(), A_PASS_OF_MAPS)
    return Heads(attention, embeddings)


def shares_of(attention: Floats, region: AnyRegion, model: Model, image_wh: SizeWH) -> Floats:
    """The share of each map's attention to the patches that lies in a region of the image.

    Args:
        attention: (…, rows, columns), not negative.
        region: In pixels of the image; parts of patches count in part.
        model: Through whose view the patches lie on the image.
        image_wh: Size of the image in pixels.

    Returns:
        (…), 0 to 1; nan where a map has no attention at all.

    Raises:
        AttentionError: The region covers nothing of what the model sees.
    """
    from vpe_core.types import as_region

    rows, columns = attention.shape[-2:]
    view = model.view(image_wh)
    place = view.to_view(as_region(region).box).scaled(columns / view.size_wh[0], rows / view.size_wh[1])
    cover = coverage(place, (columns, rows))
    if not cover.any():
        raise AttentionError("The region covers nothing of what the model sees. Choose a region inside the image.")
    total = attention.sum(axis=(-2, -1), dtype=np.float64)
    inside = (attention * cover).sum(axis=(-2, -1), dtype=np.float64)
    return np.asarray(np.divide(inside, total, out=np.full_like(total, np.nan), where=total > 0), np.float32)
