"""What an attention method is, and the registry of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from vpe_core.errors import AttentionError
from vpe_core.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

    from vpe_core.attention.tracing import TracedTower

Relevance: TypeAlias = "Callable[[TracedTower, Tensor, Tensor], Tensor]"
"""From a tower, pixels (n, 3, h, w) and text embeddings (n, d) to one value a patch, (n, n_patches), not negative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionMethod:
    """A way to tell where a model looks.

    Attributes:
        name: The name under which it is chosen.
        title: The name that people read.
        reads_text: Whether the map depends on the text; otherwise it is the same for every class.
        relevance: The computation.
        source: Where the method is described.
        reason: What its map tells, in one sentence.
    """

    name: str
    title: str
    reads_text: bool
    relevance: Relevance
    source: str
    reason: str = ""

    def shows(self, target: str) -> str:
        """What a map of this method is a map of: "Evidence for consolidation (LeGrad)", or attention of no class."""
        return f"Evidence for {target} ({self.title})" if self.reads_text else f"{self.title} (same for every class)"


METHODS: Registry[AttentionMethod] = Registry("attention method", AttentionError)
