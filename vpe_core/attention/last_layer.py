"""What the class token of the last block attends to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.attention.base import AttentionMethod

if TYPE_CHECKING:
    from torch import Tensor

    from vpe_core.attention.tracing import Trace, TracedTower


def last_layer(tower: TracedTower, pixels: Tensor, _text: Tensor) -> Tensor:
    """Attention of the last block: query = class token, mean over the heads, patches only, rescaled to sum 1."""
    return to_patches(tower, tower.run(pixels))


def to_patches(tower: TracedTower, trace: Trace) -> Tensor:
    """The same of a pass that has been made, (n, n_patches)."""
    from vpe_core.attention.tracing import full_precision

    shares = tower.class_token_row(full_precision(trace.attention[-1]).mean(dim=1))
    return shares / shares.sum(dim=1, keepdim=True)


METHOD = AttentionMethod(
    name="last-layer", title="Last-layer attention", reads_text=False, relevance=last_layer,
    source="Caron et al., Emerging properties in self-supervised vision transformers, ICCV 2021",
    reason="Where the class token, which the answer is read from, looks in the last block: here a marker itself "
    "moves the gaze.",
)  # fmt: skip
