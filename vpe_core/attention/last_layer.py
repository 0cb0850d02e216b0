"""What the class token of the last block attends to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.attention.base import AttentionMethod

if TYPE_CHECKING:
    from torch import Tensor

    from vpe_core.attention.tracing import TracedTower


def last_layer(tower: TracedTower, pixels: Tensor, _text: Tensor) -> Tensor:
    """Attention of the last block: query = class token, mean over the heads, patches only, rescaled to sum 1."""
    from vpe_core.attention.tracing import full_precision

    weights = tower.run(pixels).attention[-1]
    to_patches = tower.class_token_row(full_precision(weights).mean(dim=1))
    return to_patches / to_patches.sum(dim=1, keepdim=True)


METHOD = AttentionMethod(
    name="last-layer",
    title="Class token, last layer",
    reads_text=False,
    relevance=last_layer,
    source="Caron et al., Emerging properties in self-supervised vision transformers, ICCV 2021",
)
