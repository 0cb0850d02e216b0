"""What an attention method is, and the registry of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from vpe_core.errors import AttentionError
from vpe_core.registry import Registry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from vpe_core.attention.tracing import TracedTower
    from vpe_core.models.protocols import Model

Relevance: TypeAlias = "Callable[[TracedTower, Tensor, Tensor], Tensor]"
"""From a tower, pixels (n, 3, h, w) and text embeddings (n, d) to one value a patch, (n, n_patches), not negative."""
Probing: TypeAlias = "Callable[[Model, NDArray[np.uint8], NDArray[np.float32]], NDArray[np.float32]]"
"""From a model, prepared pictures (n, h, w, 3) and text embeddings (n, d) to one value a place, (n, rows, columns), not
negative. It asks the model's predictor as often as it needs to, so that others have their turns in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionMethod:
    """A way to tell where a model looks.

    Attributes:
        name: The name under which it is chosen.
        title: The name that people read.
        reads_text: Whether the map depends on the text; otherwise it is the same for every class.
        relevance: The computation inside the network; None for a method that only asks from outside.
        probing: The computation from outside, of a method that needs nothing but answers: any tower will do.
        source: Where the method is described.
        reason: What its map tells, in one sentence.
        slow: Whether it takes dozens of passes a picture, where the others take one.
        package: What its computation imports that takes seconds to import; done before the network is asked.

    Raises:
        ValueError: It has both computations, or none.
    """

    name: str
    title: str
    reads_text: bool
    source: str
    relevance: Relevance | None = None
    probing: Probing | None = None
    reason: str = ""
    slow: bool = False
    package: str = ""

    def __post_init__(self) -> None:
        if (self.relevance is None) is (self.probing is None):
            raise ValueError(f"Expected relevance or probing of the method {self.name}, and not both.")

    def shows(self, target: str) -> str:
        """What a map of this method is a map of: "Evidence for consolidation (LeGrad)", or attention of no class."""
        return f"Evidence for {target} ({self.title})" if self.reads_text else f"{self.title} (same for every class)"


METHODS: Registry[AttentionMethod] = Registry("attention method", AttentionError)
