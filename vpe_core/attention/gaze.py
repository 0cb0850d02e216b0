"""Embeddings and the last block's class-token attention from one and the same pass: what a benchmark stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from vpe_core.errors import AttentionError
from vpe_core.images import as_images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.images import ImageSources
    from vpe_core.models.protocols import Model

    Embeddings: TypeAlias = NDArray[np.float32]
    Maps: TypeAlias = NDArray[np.float32]


class GazeEncoder:
    """A model that embeds pictures and tells where it looked.

    Args:
        model: A loaded model. One whose attention cannot be read, or that has no class token, embeds all the same.

    Attributes:
        model: The same.
        looks: Whether there are maps.
    """

    def __init__(self, model: Model) -> None:
        from vpe_core.attention.tracing import TracedTower

        self.model = model
        try:
            self.looks = TracedTower(model.visual, last_only=True).has_class_token
        except AttentionError:
            self.looks = False

    def encode(self, images: ImageSources, *, batch_size: int = 32) -> tuple[Embeddings, Maps | None]:
        """Embeddings (n, d) as `encode_images` gives them, and maps (n, rows, columns) as the method `last-layer`.

        Args:
            images: As in `encode_images`; those that `model.prepare` has prepared may be one array.
            batch_size: Images that go through the network together.
        """
        sources = as_images(images)
        if not self.looks or not len(sources):
            return self.model.encode_images(sources, batch_size=batch_size), None
        from vpe_core.attention.wants import EmbeddingAndGaze

        embeddings, maps = self.model.predictor.in_batches(sources, EmbeddingAndGaze(), batch_size)
        return embeddings, maps
