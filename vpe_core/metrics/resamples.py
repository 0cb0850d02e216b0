"""Patients drawn with replacement, and statistics evaluated on each such resample.

Several boxes, and several images, come from one patient and are alike, so the patient is what is drawn with
replacement, never the box (Field & Welsh 2007, the cluster bootstrap). A resample is a vector of sample weights, hence
thousands are evaluated at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vpe_core.errors import MetricError
from vpe_core.metrics.arrays import FloatArray, Groupable, IntArray, Statistic

_FEW_GROUPS = 4  # with so many resamples a group, summing up by group is worth its while
_BLOCK = 2**18  # weights held at a time: 2 MB, which stays in the processor's cache


@dataclass(frozen=True, eq=False)
class Resamples:
    """Which patients each resample drew, and how often. Made by `draw_resamples`.

    Attributes:
        group: (n,) group number of each sample.
        counts: (groups, resamples) how often each group was drawn.
        seed: Where the draws came from.
    """

    group: IntArray
    counts: NDArray[np.uint32]
    seed: int

    @property
    def n_groups(self) -> int:
        return len(self.counts)

    @property
    def n_resamples(self) -> int:
        return int(self.counts.shape[1])

    def same_as(self, other: Resamples) -> bool:
        """Whether both are the same draws for the same samples, so that results may be paired."""
        if self is other:
            return True
        drawn_alike = (self.seed, self.counts.shape) == (other.seed, other.counts.shape)
        return drawn_alike and np.array_equal(self.group, other.group)

    def evaluate(self, statistic: Statistic) -> tuple[FloatArray, FloatArray]:
        """The statistic on the data as they are, () or (k,), and on each resample, (resamples,) or (k, resamples)."""
        as_is = statistic(np.ones((len(self.group), 1)))[..., 0]
        if isinstance(statistic, Groupable) and self.n_groups * _FEW_GROUPS <= self.n_resamples:
            return as_is, statistic.by_group(self.group, self.n_groups)(self.counts.astype(np.float64))
        width = max(8, _BLOCK // max(1, len(self.group)))
        blocks = [self.counts[:, start : start + width] for start in range(0, self.n_resamples, width)]
        draws = [statistic(block[self.group].astype(np.float64)) for block in blocks]
        return as_is, np.concatenate(draws, axis=-1)


def draw_resamples(groups: ArrayLike, n_resamples: int = 2000, seed: int = 0) -> Resamples:
    """Draw as many groups with replacement as there are, `n_resamples` times.

    Args:
        groups: (n,) the patient of each sample, text or numbers. Their names matter only by which are equal.
        n_resamples: With 2,000 another seed moves the ends of an interval by a thousandth or two.
        seed: The same seed and groups give the same draws, on any machine.

    Raises:
        MetricError: `groups` is empty, not flat or has gaps, or there is no resample to draw.
    """
    names = np.asarray(groups)
    if names.ndim != 1 or len(names) == 0 or n_resamples < 1:
        raise MetricError(
            f"Expected a patient for each sample and at least one resample, "
            f"but got patients of shape {names.shape} and {n_resamples} resamples."
        )
    patients = names.tolist()
    if unknown := sum(patient is None or patient != patient for patient in patients):  # noqa: PLR0124 - nan differs from itself
        raise MetricError(
            f"Expected a patient for each sample, but {unknown} have none. "
            "Give each of those a name of its own if they are known to be different patients."
        )
    numbers = {patient: number for number, patient in enumerate(dict.fromkeys(patients))}
    group, n_groups = np.array([numbers[patient] for patient in patients]), len(numbers)
    drawn = np.random.default_rng(seed).integers(n_groups, size=(n_resamples, n_groups))
    cells = drawn + n_groups * np.arange(n_resamples)[:, None]
    counts = np.bincount(cells.ravel(), minlength=n_resamples * n_groups).reshape(n_resamples, n_groups)
    return Resamples(group, np.ascontiguousarray(counts.T, dtype=np.uint32), seed)
