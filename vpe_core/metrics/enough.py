"""Whether there are enough samples to tell anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

FEW, FEW_OF_A_CLASS = 50, 10


def too_few_of(counts: Mapping[str, int], what: str = "samples", label: str | None = None) -> str:
    """Why numbers from so many samples say little, such as "6 samples: too few to tell"; empty if they are enough.

    Args:
        counts: Samples of each class.
        what: What they are called.
        label: The one class that is measured; None for all, of which the rarest counts.
    """
    total = sum(counts.values())
    if total < FEW:
        return f"{total} {what}: too few to tell"
    known = Counter(counts)
    named, fewest = (label, known[label]) if label else min(counts.items(), key=lambda one: one[1])
    if 0 < fewest < FEW_OF_A_CLASS:
        return f"{fewest} {what} of {named}: too few to tell"
    return ""
