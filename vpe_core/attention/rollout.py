"""Attention rollout: attention followed through all blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.attention.base import AttentionMethod

if TYPE_CHECKING:
    from torch import Tensor

    from vpe_core.attention.tracing import TracedTower


def rollout(tower: TracedTower, pixels: Tensor, _text: Tensor) -> Tensor:
    """The product over the blocks of (A + I) / 2, where A is the mean over the heads; row of the class token.

    The identity stands for the residual connection (equation 1 of the paper).
    """
    import torch

    from vpe_core.attention.tracing import full_precision

    flow: Tensor | None = None
    for weights in tower.run(pixels).attention:
        mean = full_precision(weights).mean(dim=1)
        step = (mean + torch.eye(mean.shape[-1]).to(mean)) / 2
        flow = step if flow is None else step @ flow
    assert flow is not None
    return tower.class_token_row(flow)


METHOD = AttentionMethod(
    name="rollout", title="Attention rollout", reads_text=False, relevance=rollout,
    source="Abnar and Zuidema, Quantifying attention flow in transformers, ACL 2020",
    reason="Attention followed through all blocks: what of the picture can have reached the answer at all.",
)  # fmt: skip
