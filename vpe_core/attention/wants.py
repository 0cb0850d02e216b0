"""What attention asks of a model's predictor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
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
        assert relevance is not None, self.method
        return lambda pixels, texts: (relevance(tower, pixels, texts).reshape(-1, *tower.grid_hw),)


@dataclass(frozen=True)
class PatchEmbeddings(Want):
    """The patch tokens of the last block in the space of the embeddings, (n, rows, columns, dimension), of length 1."""

    def on(self, network: Any) -> Computation:
        tower = TracedTower(network.visual, last_only=True)

        def compute(pixels: Tensor, _texts: Tensor) -> tuple[Tensor, ...]:
            patches = tower.project(tower.run(pixels).tokens[-1][:, tower.prefix_tokens :])
            return (patches.reshape(len(pixels), *tower.grid_hw, -1),)

        return compute


@dataclass(frozen=True)
class EveryHead(Want):
    """Embeddings and, from the same pass, the class token's attention to patches: (n, layers, heads, rows, columns)."""

    def on(self, network: Any) -> Computation:
        tower = TracedTower(network.visual)

        def compute(pixels: Tensor, _texts: Tensor) -> tuple[Tensor, ...]:
            trace = tower.run(pixels)
            layers = [
                tower.class_token_row(weights.flatten(0, 1)).reshape(*weights.shape[:2], *tower.grid_hw)
                for weights in trace.attention
            ]
            return trace.embedding, torch.stack(layers, dim=1)

        return compute
