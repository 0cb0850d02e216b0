"""Gradient-weighted attention: what the score for a text gains from attention, through all blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.attention.base import AttentionMethod

if TYPE_CHECKING:
    from torch import Tensor

    from vpe_core.attention.tracing import TracedTower


def gradient(tower: TracedTower, pixels: Tensor, text: Tensor) -> Tensor:
    """R <- R + mean over heads of max(dA * A, 0) @ R, from R = I, block by block; row of the class token.

    dA is the gradient of the cosine between image and text with respect to a block's attention A (equations 5 and 6).
    """
    import torch

    from vpe_core.attention.tracing import full_precision

    trace = tower.run(pixels, gradient_from=0)
    score = (trace.embedding * text).sum()
    gradients = torch.autograd.grad(score, trace.attention)
    n_tokens = trace.attention[0].shape[-1]
    relevance = torch.eye(n_tokens).to(trace.embedding).expand(len(pixels), -1, -1)
    for weights, slope in zip(trace.attention, gradients, strict=True):
        gain = (full_precision(weights.detach()) * full_precision(slope)).clamp(min=0).mean(dim=1)
        relevance = relevance + gain @ relevance
    return tower.class_token_row(relevance)


METHOD = AttentionMethod(
    name="gradient", title="Gradient-weighted attention", reads_text=True, relevance=gradient,
    source="Chefer et al., Generic attention-model explainability, ICCV 2021, arXiv 2103.15679",
    reason="Attention through all blocks, counted where it raises the score of the class.",
)  # fmt: skip
