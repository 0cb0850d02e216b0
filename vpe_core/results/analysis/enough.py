"""Whether there are enough samples to tell anything."""

from __future__ import annotations

from collections import Counter

from vpe_core.results.analysis.scores import IntArray, Results

FEW, FEW_OF_A_CLASS = 50, 10


def too_few(run: Results, rows: IntArray, label: str | None = None) -> str:
    """Why numbers from these samples say little, such as "6 samples: too few to tell"; empty if they are enough.

    Args:
        run: Stored results.
        rows: Which of their samples were measured.
        label: The one class that is measured; None for all, of which the rarest counts.
    """
    if len(rows) < FEW:
        return f"{len(rows)} samples: too few to tell"
    counts = Counter(run.samples["label"].to_numpy()[rows].tolist())
    named, fewest = (label, counts[label]) if label else min(counts.items(), key=lambda one: one[1])
    if 0 < fewest < FEW_OF_A_CLASS:
        return f"{fewest} samples of {named}: too few to tell"
    return ""
