"""Whether the samples of stored results are enough to tell anything."""

from __future__ import annotations

from collections import Counter

from vpe_core.metrics.enough import FEW, FEW_OF_A_CLASS, too_few_of
from vpe_core.results.analysis.scores import IntArray, Results

__all__ = ["FEW", "FEW_OF_A_CLASS", "too_few"]


def too_few(run: Results, rows: IntArray, label: str | None = None) -> str:
    """Why numbers from these samples say little, such as "6 samples: too few to tell"; empty if they are enough.

    Args:
        run: Stored results.
        rows: Which of their samples were measured.
        label: The one class that is measured; None for all, of which the rarest counts.
    """
    return too_few_of(Counter(run.samples["label"].to_numpy()[rows].tolist()), label=label)
