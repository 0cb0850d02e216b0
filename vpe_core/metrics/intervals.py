"""95% intervals and paired comparisons by a bootstrap that resamples patients.

Several boxes, and several images, come from one patient and are alike, so the patient is what is drawn with
replacement, never the box (Field & Welsh 2007, the cluster bootstrap). A resample is a vector of sample weights, hence
thousands are evaluated at once. All rows of a table share one set of resamples; a difference between two rows is
therefore paired:

    resamples = draw_resamples(patient_ids)
    unmarked = bootstrap("auroc", labels, unmarked_scores, resamples)
    marked = bootstrap("auroc", labels, marked_scores, resamples)
    marked.overall, compare(marked, unmarked).overall
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vpe_core.errors import MetricError
from vpe_core.metrics.arrays import FloatArray, Groupable, IntArray, Statistic, divide, mean_of_defined
from vpe_core.metrics.registry import get

LEVEL = 0.95
_FEW_GROUPS = 4  # with so many resamples a group, summing up by group is worth its while
_BLOCK = 2**18  # weights held at a time: 2 MB, which stays in the processor's cache


@dataclass(frozen=True)
class Interval:
    """A value with its 95% percentile interval.

    Attributes:
        value: On the data as they are; nan if undefined.
        low: 2.5th percentile of the resamples; nan with fewer than two groups, from which no spread can be told.
        high: 97.5th percentile.
        n_groups: Independent groups (patients) that were resampled.
        n_resamples: Resamples in which the value was defined. A rare class is missing from some.
    """

    value: float
    low: float
    high: float
    n_groups: int
    n_resamples: int

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class Difference:
    """A paired difference with its 95% interval and two-sided p-value (not corrected; see `holm`)."""

    interval: Interval
    p_value: float


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


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """A metric and its bootstrap distribution; intervals and comparisons are derived from it.

    Attributes:
        metric: Its name.
        values: (k,) the metric of each class, or () where it has one value for all.
        draws: (k, resamples) or (resamples,), the same on each resample.
        resamples: The draws behind it.
    """

    metric: str
    values: FloatArray
    draws: FloatArray
    resamples: Resamples

    @cached_property
    def overall(self) -> Interval:
        """The metric of the whole table; if measured by class, the mean over the classes that each resample defines."""
        return _percentile_interval(_overall(self), self.resamples.n_groups)

    @cached_property
    def per_class(self) -> tuple[Interval, ...]:
        """One interval a class; empty for a metric that has one value for all classes."""
        return tuple(_percentile_interval(one, self.resamples.n_groups) for one in _classes(self))

    @property
    def n_defined(self) -> int:
        """How many classes have a value, and are in the mean."""
        return int((~np.isnan(self.values)).sum())


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` gives: the difference overall and, for a metric measured by class, class by class."""

    overall: Difference
    per_class: tuple[Difference, ...]


def draw_resamples(groups: ArrayLike, n_resamples: int = 2000, seed: int = 0) -> Resamples:
    """Draw as many groups with replacement as there are, `n_resamples` times.

    Args:
        groups: (n,) the patient of each sample, text or numbers. Their names matter only by which are equal.
        n_resamples: 2,000 gives 95% limits that hardly depend on the seed.
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


def bootstrap(metric: str, labels: ArrayLike, scores: ArrayLike, resamples: Resamples) -> Bootstrap:
    """Evaluate a registered metric on the data and on every resample.

    Args:
        metric: A name from `vpe_core.metrics.names()`.
        labels: (n,) true class numbers.
        scores: (n, k) scores.
        resamples: Drawn for the same n samples.

    Raises:
        MetricError: The metric is unknown, or labels, scores and resamples do not fit each other.
    """
    return bootstrap_statistic(
        metric, get(metric).statistic(labels, scores), resamples, n_samples=len(np.asarray(labels))
    )


def bootstrap_mean(values: ArrayLike, resamples: Resamples, name: str = "mean") -> Bootstrap:
    """The same for the mean of one number a sample, such as the share of attention inside the region.

    Args:
        values: (n,) numbers; nan where a sample has none.
        resamples: Drawn for the same n samples.
        name: What to call it.

    Raises:
        MetricError: The values are not flat, or do not fit the resamples.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1:
        raise MetricError(f"Expected one value a sample, but got shape {numbers.shape}.")
    present = ~np.isnan(numbers)
    known = np.where(present, numbers, 0.0)
    return bootstrap_statistic(
        name, lambda weights: divide(known @ weights, present @ weights), resamples, len(numbers)
    )


def bootstrap_statistic(name: str, statistic: Statistic, resamples: Resamples, n_samples: int) -> Bootstrap:
    """The same for any function of the samples' weights; see `vpe_core.metrics.arrays.Statistic`.

    Raises:
        MetricError: The resamples were drawn for another number of samples.
    """
    if n_samples != len(resamples.group):
        raise MetricError(
            f"Expected resamples drawn for these {n_samples} samples, but they were drawn for {len(resamples.group)}. "
            "Draw them from the patient of each sample that is evaluated."
        )
    values, draws = resamples.evaluate(statistic)
    return Bootstrap(name, values, draws, resamples)


def compare(marked: Bootstrap, unmarked: Bootstrap) -> Comparison:
    """The paired difference, marked minus unmarked, resample by resample.

    The overall difference is the mean over the classes that are defined in both.

    The two-sided p-value is that of the percentile interval turned round: twice the smaller share of resamples on
    either side of 0, (count + 1) / (resamples + 1), so it is never 0.

    Raises:
        MetricError: The two are not the same metric on the same samples and resamples.
    """
    same = marked.metric == unmarked.metric and marked.draws.shape == unmarked.draws.shape
    if not same or not marked.resamples.same_as(unmarked.resamples):
        raise MetricError(
            f"Expected the same metric on the same samples and resamples, but got {_describe(marked)} and "
            f"{_describe(unmarked)}. Evaluate both with one Resamples object, samples in the same order."
        )
    n_groups = marked.resamples.n_groups
    gain = replace(marked, values=marked.values - unmarked.values, draws=marked.draws - unmarked.draws)
    return Comparison(
        Difference(gain.overall, _p_value(_overall(gain).draws, n_groups)),
        tuple(
            Difference(interval, _p_value(distribution.draws, n_groups))
            for interval, distribution in zip(gain.per_class, _classes(gain), strict=True)
        ),
    )


def holm(p_values: ArrayLike) -> FloatArray:
    """P-values corrected for a family of comparisons (Holm 1979); nan stays nan and does not count.

    Controls the chance of one false finding in the family, whatever the dependence between its members.

    Example:
        >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
        [0.03, 0.06, 0.06]
    """
    raw = np.asarray(p_values, dtype=np.float64)
    corrected = np.full(raw.shape, np.nan)
    defined = np.flatnonzero(~np.isnan(raw))
    order = defined[np.argsort(raw[defined], kind="stable")]
    remaining = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(remaining * raw[order]))
    return corrected


class _Distribution(NamedTuple):
    """One number and its bootstrap draws (resamples,)."""

    value: float
    draws: FloatArray


def _overall(result: Bootstrap) -> _Distribution:
    if result.values.ndim == 0:
        return _Distribution(float(result.values), result.draws)
    return _Distribution(float(mean_of_defined(result.values)), mean_of_defined(result.draws))


def _classes(result: Bootstrap) -> list[_Distribution]:
    if result.values.ndim == 0:
        return []
    return [_Distribution(float(value), draws) for value, draws in zip(result.values, result.draws, strict=True)]


def _percentile_interval(distribution: _Distribution, n_groups: int) -> Interval:
    defined = distribution.draws[~np.isnan(distribution.draws)]
    low = high = np.nan
    if n_groups > 1 and len(defined):
        low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(distribution.value, float(low), float(high), n_groups, len(defined))


def _p_value(draws: FloatArray, n_groups: int) -> float:
    n_defined = int((~np.isnan(draws)).sum())
    if n_groups < 2 or n_defined == 0:
        return np.nan
    smaller_side = min(int((draws <= 0).sum()), int((draws >= 0).sum()))
    return min(1.0, 2 * (smaller_side + 1) / (n_defined + 1))


def _describe(result: Bootstrap) -> str:
    resamples = result.resamples
    return f"{result.metric} ({len(resamples.group)} samples, {result.draws.shape} draws, seed {resamples.seed})"
