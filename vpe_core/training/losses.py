"""What the embedded models learn from. All terms are means over the batch, in nats where they are likelihoods.

Contrastive (Radford et al., 2021) with label-aware positives: every caption that is true of an image is its positive.
Zero-shot: the same softmax over class prompts that users see, so that the answer is trained as it is asked for.
Dense, attention and leak are auxiliary; the cards name them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from vpe_core.training.captions import CLASSES

K = len(CLASSES)
# In the order of CLASSES: 3 x sqrt(0.02 / share of all patches that the finding covers), so that a few bright patches
# of calcium are not drowned by large hearts. Shares measured on the first 3,000 training cases.
PATCH_WEIGHTS = (2.8, 5.1, 3.7, 4.0, 4.9, 8.2, 7.7, 12.2, 35.9, 8.3)


def soft_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy of rows of logits against rows of probabilities; rows without a target count zero."""
    total = target.sum(-1, keepdim=True)
    target = target / total.clamp(min=1e-6)
    loss = -(target * logits.log_softmax(-1)).sum(-1)
    return (loss * (total[:, 0] > 0)).mean()


def contrastive(similarity: Tensor, positives: Tensor) -> Tensor:
    """Symmetric; similarity (images, captions) already scaled."""
    return (soft_cross_entropy(similarity, positives) + soft_cross_entropy(similarity.T, positives.T)) / 2


def zero_shot(logits: Tensor, present: Tensor) -> Tensor:
    """Class prompts plus "no abnormality" (last column): every present finding is right; none means the last column.

    Args:
        logits: (n, K + 1).
        present: bool (n, K), what the view shows, or what the marker points at.
    """
    nothing = ~present.any(-1, keepdim=True)
    return soft_cross_entropy(logits, torch.cat([present, nothing], 1).float())


def undecided(logits: Tensor, present: Tensor) -> Tensor:
    """Where nothing is to be seen the K findings are equally likely: cross-entropy against uniform over its minimum."""
    healthy = ~present.any(-1)
    if not healthy.any():
        return logits.sum() * 0
    return -(logits[healthy, :K].log_softmax(-1).mean(-1)).mean() - math.log(K)


def dense(patch_logits: Tensor, coverage: Tensor) -> Tensor:
    """Each patch says which findings cover it: binary cross-entropy, rare findings weighted up."""
    target, weights = coverage.float() / 255, torch.tensor(PATCH_WEIGHTS, device=coverage.device)
    return F.binary_cross_entropy_with_logits(patch_logits.float(), target, pos_weight=weights) * K


def pointed_at(patch_logits: Tensor, region: Tensor, marked: Tensor) -> Tensor:
    """Each patch of a marked image says whether it is what the marker points at: binary cross-entropy.

    Args:
        patch_logits: (n, patches^2).
        region: (n, patches^2), share of each patch inside.
        marked: bool (n,).
    """
    if not marked.any():
        return patch_logits.sum() * 0
    return F.binary_cross_entropy_with_logits(patch_logits[marked].float(), region[marked])


def attention_inside(attention: Tensor, region: Tensor, marked: Tensor) -> Tensor:
    """Minus log of the class token's attention inside the marked region, last block."""
    if not marked.any():
        return attention.sum() * 0
    inside = (attention * region)[marked].sum(-1)
    return -torch.log(inside.clamp(min=1e-4)).mean()


@dataclass(eq=False)
class LeakPenalty:
    """Pushes the answer on marked healthy places away from what the marker's geometry tells.

    The geometry of a marker comes from some finding of another patient ("source"). On a healthy place the logit of the
    source's class must not be higher than for other sources. The gaps are tracked by a moving average over many
    batches; each batch supplies an unbiased gradient for the gap (an integral controller), so that small systematic
    gaps are felt although a batch holds few examples of a class. Arrows, which have a place only, and markers that
    enclose, which have a size as well, are tracked apart: else the one could make up for the other.

    Attributes:
        gaps: (2, K) moving average of (mean logit of class k over sources k) - (mean over the other sources).
        variance: (2, K) moving average of the logits' variance, to make the gaps relative.
    """

    momentum: float = 0.98
    gaps: Tensor = field(default_factory=lambda: torch.zeros(2, K))
    variance: Tensor = field(default_factory=lambda: torch.ones(2, K))

    def __call__(self, logits: Tensor, source: Tensor, encloses: Tensor) -> Tensor:
        """Logits (n, K + 1); source (n,), the class whose box a marker on a healthy place has, otherwise -1."""
        self.gaps, self.variance = self.gaps.to(logits.device), self.variance.to(logits.device)
        total = logits.sum() * 0
        for group in (0, 1):
            chosen = (source >= 0) & (encloses == bool(group))
            if int(chosen.sum()) >= 4:
                total = total + self._of_group(logits[chosen, :K].log_softmax(-1), source[chosen], group)
        return total

    def _of_group(self, z: Tensor, source: Tensor, group: int) -> Tensor:
        onehot = F.one_hot(source, K).float()
        count = onehot.sum(0)
        own = (z * onehot).sum(0) / count.clamp(min=1)
        other = (z * (1 - onehot)).sum(0) / (len(z) - count).clamp(min=1)
        usable = (count > 0) & (count < len(z))
        gap = torch.where(usable, own - other, torch.zeros_like(own))
        with torch.no_grad():
            m = torch.where(usable, self.momentum, 1.0)
            self.gaps[group] = m * self.gaps[group] + (1 - m) * gap
            self.variance[group] = m * self.variance[group] + (1 - m) * z.var(0)
        return (2 * self.gaps[group] * gap / self.variance[group].clamp(min=1e-4)).sum() / K

    def state(self) -> dict[str, Tensor]:
        return {"gaps": self.gaps, "variance": self.variance}

    def load(self, state: dict[str, Tensor]) -> None:
        self.gaps, self.variance = state["gaps"], state["variance"]
