"""What attention asks of a model's predictor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from vpe_core.attention.base import METHODS
from vpe_core.attention.fovea import FIRST_SHARE
from vpe_core.attention.foveal_tower import FovealTower
from vpe_core.attention.last_layer import to_patches
from vpe_core.attention.tracing import TracedTower
from vpe_core.models.predictor import Computation, Want


@dataclass(frozen=True)
class EmbeddingAndGaze(Want):
    """Embeddings (n, dimension) and, from the same pass, the maps of the method `last-layer`: (n, rows, columns)."""

    def on(self, network: Any) -> Computation:
        tower = TracedTower(network.visual, last_only=True)

        def compute(pixels: Tensor, _texts: Tensor) -> tuple[Tensor, ...]:
            trace = tower.run(pixels)
            return trace.embedding, to_patches(tower, trace).reshape(-1, *tower.grid_hw)

        return compute


@dataclass(frozen=True)
class FovealGaze(Want):
    """The same as `EmbeddingAndGaze`, of a tower whose class token is told where to look.

    Beside each picture stands a bias for each patch, (n, rows x columns), in place of a text, so that pictures with
    different regions share a pass and equal wants are one and the same.

    Attributes:
        first_share: The share of the blocks, from the first on, that are left alone.
    """

    first_share: float = FIRST_SHARE

    def on(self, network: Any) -> Computation:
        tower = FovealTower(network.visual, first_share=self.first_share)

        def compute(pixels: Tensor, bias: Tensor) -> tuple[Tensor, ...]:
            trace = tower.run(pixels, bias)
            return trace.embedding, to_patches(tower.traced, trace).reshape(-1, *tower.traced.grid_hw)

        return compute


@dataclass(frozen=True)
class PatchRelevance(Want):
    """The maps of an attention method, (n, rows, columns)."""

    method: str
    gradients: ClassVar[bool] = True

    def on(self, network: Any) -> Computation:
        tower, relevance = TracedTower(network.visual), METHODS.get(self.method).relevance
        return lambda pixels, texts: (relevance(tower, pixels, texts).reshape(-1, *tower.grid_hw),)
