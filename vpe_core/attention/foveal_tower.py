"""An image tower whose class token is told where to look; see `vpe_core.attention.fovea`."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vpe_core.attention.fovea import FIRST_SHARE
from vpe_core.attention.tracing import Trace, TracedTower
from vpe_core.errors import AttentionError


class FovealTower:
    """A tower with a bias on what its class token attends to. The original is left alone, as by `TracedTower`.

    Args:
        visual: `model.visual` of an open_clip model.
        first_share: The share of the blocks, from the first on, that get no bias.
        last_only: As for `TracedTower`.

    Attributes:
        traced: What is run, and records.

    Raises:
        AttentionError: The attention cannot be reached, or the tower does not answer with a class token.
    """

    def __init__(self, visual: nn.Module, *, first_share: float = FIRST_SHARE, last_only: bool = True) -> None:
        held = self._held = _Held()

        def around(block: nn.Module, number: int, n_blocks: int) -> nn.Module:
            return _BiasedBlock(block, held) if number >= round(first_share * n_blocks) else block

        self.traced = TracedTower(visual, last_only=last_only, around=around)
        if not self.traced.has_class_token:
            raise AttentionError("FALIP biases what the class token attends to; this model answers without one.")

    def run(self, pixels: Tensor, bias: Tensor) -> Trace:
        """One pass.

        Args:
            pixels: (n, 3, height, width), as the tower takes them.
            bias: (n, n_patches), added to the class token's scores before the softmax.

        Raises:
            AttentionError: There are more or fewer values than patches.
        """
        rows, columns = self.traced.grid_hw
        if bias.shape != (len(pixels), rows * columns):
            raise AttentionError(
                f"Expected a bias of the shape {(len(pixels), rows * columns)}, one value for each picture and patch, "
                f"but got {tuple(bias.shape)}."
            )
        prefix = self.traced.prefix_tokens
        n_tokens = prefix + rows * columns
        mask = torch.zeros(len(pixels), 1, n_tokens, n_tokens, dtype=pixels.dtype, device=pixels.device)
        mask[:, 0, 0, prefix:] = bias
        self._held.mask = mask
        try:
            return self.traced.run(pixels)
        finally:
            self._held.mask = None


@dataclass(slots=True, eq=False)
class _Held:
    mask: Tensor | None = None
    """What is added to the scores, (n, 1, tokens, tokens)."""


class _BiasedBlock(nn.Module):
    """A transformer block that is given the mask; both families of towers take one and add it to the scores."""

    def __init__(self, block: nn.Module, held: _Held) -> None:
        super().__init__()
        self.block = block
        self._held = held
        inner = getattr(block, "block", block)  # a recording block stands around the block itself
        if "attn_mask" not in inspect.signature(inner.forward).parameters:
            raise AttentionError(
                f"The blocks of this image tower ({type(inner).__name__}) take no bias on their attention. "
                "Choose another model."
            )
        attention = inner.attn
        layer = getattr(attention, "attention", attention)
        self._heads = layer.num_heads if isinstance(layer, nn.MultiheadAttention) else None

    def forward(self, tokens: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        mask = self._held.mask
        if mask is not None and self._heads:  # torch's layer takes one for each picture and head
            mask = mask.expand(-1, self._heads, -1, -1).flatten(0, 1)
        output: Tensor = self.block(tokens, *args, **{**kwargs, "attn_mask": mask})
        return output
