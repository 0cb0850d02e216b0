"""LeGrad: how sensitive each block's evidence for a text is to where the block attends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.attention.base import AttentionMethod

if TYPE_CHECKING:
    from torch import Tensor

    from vpe_core.attention.tracing import TracedTower


def _blocks_read(depth: int) -> int:
    """The authors' implementation reads the last two blocks of a CLIP model, which has twelve or more.

    In a tower half as deep the last block alone is the like part. Earlier blocks of the six-block SimCLIP know little
    of the place of a finding and drown the map.
    """
    return 2 if depth >= 12 else 1


def legrad(tower: TracedTower, pixels: Tensor, text: Tensor) -> Tensor:
    """The positive gradient of each block's score with respect to its own attention, summed over the last blocks.

    A block's score is the cosine between the text and the block's mean token, projected as the final class token is.
    The mean over heads and queries of the positive gradient gives one value a patch. Because a score may act on its own
    block only, the graph is cut between the blocks, and one backward pass serves them all.
    """
    import torch

    from vpe_core.attention.tracing import full_precision

    first = tower.depth - _blocks_read(tower.depth)
    trace = tower.run(pixels, gradient_from=first, isolated=True)
    scores = [(tower.project(tokens.mean(dim=1)) * text).sum() for tokens in trace.tokens[first:]]
    gradients = torch.autograd.grad(scores, trace.attention[first:])
    per_block = [full_precision(slope).clamp(min=0).mean(dim=(1, 2)) for slope in gradients]
    return torch.stack(per_block).sum(dim=0)[:, tower.prefix_tokens :]


METHOD = AttentionMethod(
    name="legrad", title="LeGrad", reads_text=True, relevance=legrad,
    source="Bousselham et al., LeGrad: an explainability method for vision transformers via feature formation "
    "sensitivity, ICCV 2025, arXiv 2404.03214",
    reason="Where more attention would speak more for the class: evidence from the last blocks, made for CLIP models.",
)  # fmt: skip
