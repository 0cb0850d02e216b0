"""Embeddings and the last block's class-token attention from one and the same pass: what a benchmark stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from vpe_core.errors import AttentionError
from vpe_core.images import as_images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.images import ImageSources
    from vpe_core.models.encoder import VisionLanguageModel

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

    def __init__(self, model: VisionLanguageModel) -> None:
        from vpe_core.attention.tracing import TracedTower

        self.model = model
        try:
            self._tower = TracedTower(model.visual, last_only=True)
            self.looks = self._tower.has_class_token
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
        starts = range(0, len(sources), batch_size)
        batches = [self._encode_batch(sources[start : start + batch_size]) for start in starts]
        embeddings, maps = zip(*batches, strict=True)
        return np.concatenate(embeddings), np.concatenate(maps)

    def _encode_batch(self, images: ImageSources) -> tuple[Embeddings, Maps]:
        import torch

        from vpe_core.attention.last_layer import to_patches
        from vpe_core.models.device import exact_convolutions

        pixels = self.model.pixels(images)
        with self.model.lock, exact_convolutions(self.model.device), torch.inference_mode():
            trace = self._tower.run(pixels)
            maps = to_patches(self._tower, trace).reshape(len(pixels), *self._tower.grid_hw)
        return trace.embedding.cpu().numpy(), maps.cpu().numpy()
