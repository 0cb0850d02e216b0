"""Patch-text similarity: how well each patch token fits the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.attention.base import AttentionMethod

if TYPE_CHECKING:
    from torch import Tensor

    from vpe_core.attention.tracing import TracedTower


def patch_text(tower: TracedTower, pixels: Tensor, text: Tensor) -> Tensor:
    """Cosine between the text and each patch token of the last block, projected as the class token is; minimum 0.

    The least similar patch of each image is set to 0, because only differences between patches mean something. CLIP
    models are not trained to align patches with texts: expect noise, and often a preference for the background.
    """
    patches = tower.project(tower.run(pixels).tokens[-1][:, tower.prefix_tokens :])
    similarity = (patches @ text.unsqueeze(-1)).squeeze(-1)
    return similarity - similarity.amin(dim=1, keepdim=True)


METHOD = AttentionMethod(
    name="patch-text", title="Patch-text similarity", reads_text=True, relevance=patch_text,
    source="Zhou et al., Extract free dense labels from CLIP (MaskCLIP), ECCV 2022, without its change of a layer",
    reason="How well each patch alone fits the words; noisy, because CLIP models are not trained for it.",
)  # fmt: skip
