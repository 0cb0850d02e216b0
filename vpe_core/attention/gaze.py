"""Embeddings and the last block's class-token attention from one and the same pass: what a benchmark stores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from vpe_core.errors import AttentionError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

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

    def encode(
        self, images: Sequence[Image] | NDArray[np.uint8], *, batch_size: int = 32
    ) -> tuple[Embeddings, Maps | None]:
        """Embeddings (n, d) as `encode_images` gives them, and maps (n, rows, columns) as the method `last-layer`.

        Args:
            images: PIL images, or those that `model.prepare` has prepared, uint8 (n, height, width, 3).
            batch_size: Images that go through the network together.
        """
        if not self.looks or not len(images):
            return self.model.encode_images(images, batch_size=batch_size), None
        starts = range(0, len(images), batch_size)
        batches = [self._encode_batch(images[start : start + batch_size]) for start in starts]
        embeddings, maps = zip(*batches, strict=True)
        return np.concatenate(embeddings), np.concatenate(maps)

    def _encode_batch(self, images: Sequence[Image] | NDArray[np.uint8]) -> tuple[Embeddings, Maps]:
        import torch

        from vpe_core.attention.last_layer import to_patches

        pixels = self.model.pixels(images)
        with self.model.lock, torch.inference_mode():
            trace = self._tower.run(pixels)
            maps = to_patches(self._tower, trace).reshape(len(images), *self._tower.grid_hw)
        return trace.embedding.cpu().numpy(), maps.cpu().numpy()
