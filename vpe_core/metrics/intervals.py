"""95% intervals and paired comparisons by a bootstrap over patients.

All rows of a table share one set of resamples; a difference between two rows is therefore paired:

    resamples = draw_resamples(patient_ids)
    unmarked = bootstrap("auroc", labels, unmarked_scores, resamples)
    marked = bootstrap("auroc", labels, marked_scores, resamples)
    marked.overall, compare(marked, unmarked).overall

Few patients tell little of their own spread. So the ends of an interval are percentiles further out, by Student's
distribution (the expanded percentile interval of Hesterberg 2015, "What Teachers Should Know About the Bootstrap",
section 4.4), and p-values are those of a t-test whose standard error is the bootstrap's. For one class the patients
that count are those that have it, or those that lack it, whichever are fewer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vpe_core.errors import MetricError
from vpe_core.metrics.arrays import (
    FloatArray,
    IntArray,
    Statistic,
    check_labels_scores,
    check_probabilities,
    mean_of_defined,
    weighted_mean,
)
from vpe_core.metrics.discrimination import weighted_auroc_statistic
from vpe_core.metrics.registry import get
from vpe_core.metrics.resamples import Resamples

LEVEL = 0.95
FEWEST_GROUPS = 5  # from fewer the spread cannot be told: intervals from 4 patients miss the truth in 13% of the cases
_ROUNDING = 1e-12  # of the compared values: what floating-point numbers leave of no difference at all


@dataclass(frozen=True)
class Interval:
    """A value with its 95% interval.

    Attributes:
        value: On the data as they are; nan if undefined.
        low: Lower end; nan with fewer than `FEWEST_GROUPS` groups.
        high: Upper end.
        n_groups: Independent groups (patients) that tell about the value; for one class those with or without it,
            whichever are fewer.
        n_resamples: Resamples in which the value was defined. A rare class is missing from some.
    """

    value: float
    low: float
    high: float
    n_groups: int
    n_resamples: int

    def __str__(self) -> str:
        return f"{self.value:.3f}" + (f" ({self.low:.3f} to {self.high:.3f})" if self.low == self.low else "")


@dataclass(frozen=True)
class Difference:
    """A paired difference with its 95% interval and two-sided p-value (not corrected; see `holm`)."""

    interval: Interval
    p_value: float


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """A metric and its bootstrap distribution; intervals and comparisons are derived from it.

    Attributes:
        metric: Its name.
        values: (k,) the metric of each class, or () where it has one value for all.
        draws: (k, resamples) or (resamples,), the same on each resample.
        resamples: The draws behind it.
        class_groups: (k,) the patients that tell about each class; None for all of them.
    """

    metric: str
    values: FloatArray
    draws: FloatArray
    resamples: Resamples
    class_groups: IntArray | None = None

    @cached_property
    def overall(self) -> Interval:
        """The metric of the whole table; if measured by class, the mean over the classes that each resample defines."""
        return _interval(_overall(self))

    @cached_property
    def per_class(self) -> tuple[Interval, ...]:
        """One interval a class; empty for a metric that has one value for all classes."""
        return tuple(map(_interval, _classes(self)))

    @property
    def n_defined(self) -> int:
        """How many classes have a value, and are in the mean."""
        return int((~np.isnan(self.values)).sum())


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` gives: the difference overall and, for a metric measured by class, class by class."""

    overall: Difference
    per_class: tuple[Difference, ...]


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
    truth, chosen = np.asarray(labels), get(metric)
    if chosen.needs_probabilities:
        check_probabilities(check_labels_scores(labels, scores)[1])
    measured = bootstrap_statistic(metric, chosen.statistic(labels, scores), resamples, n_samples=len(truth))
    if measured.values.ndim == 0:
        return measured
    return replace(measured, class_groups=_class_groups(truth, resamples, len(measured.values)))


def bootstrap_weighted_auroc(
    labels: ArrayLike, scores: ArrayLike, weights: FloatArray, resamples: Resamples
) -> Bootstrap:
    """AUROC on the data and on every resample, where each sample counts for each class by a weight of its own.

    Args:
        labels: (n,) true class numbers.
        scores: (n, k) scores.
        weights: (n, k) not negative; a class in which all samples weigh 0 is undefined, and not in the mean.
        resamples: Drawn for the same n samples.

    Raises:
        MetricError: Labels, scores and resamples do not fit each other.
    """
    truth = np.asarray(labels)
    statistic = weighted_auroc_statistic(truth, scores, weights)
    measured = bootstrap_statistic("auroc", statistic, resamples, n_samples=len(truth))
    return replace(measured, class_groups=_class_groups(truth, resamples, len(measured.values)))


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
    return bootstrap_statistic(name, weighted_mean(numbers), resamples, len(numbers))


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

    The two-sided p-value is that of the difference over its bootstrap standard error, by Student's distribution with
    one degree of freedom less than there are patients. Counting the resamples on either side of 0 instead would end at
    1 / resamples, too coarse to be corrected for many comparisons, and finds too much with few patients.

    A gain that is the same in every resample, up to rounding, has no standard error; then the p-value is that of a
    sign test in which all n patients agree, 2 ** (1 - n), and 1 if the gain is 0.

    Raises:
        MetricError: The two are not the same metric on the same samples and resamples.
    """
    same = marked.metric == unmarked.metric and marked.draws.shape == unmarked.draws.shape
    if not same or not marked.resamples.same_as(unmarked.resamples):
        raise MetricError(
            f"Expected the same metric on the same samples and resamples, but got {_describe(marked)} and "
            f"{_describe(unmarked)}. Evaluate both with one Resamples object, samples in the same order."
        )
    gain = replace(marked, values=marked.values - unmarked.values, draws=marked.draws - unmarked.draws)
    noise = _ROUNDING * max(map(_largest, (marked.draws, unmarked.draws)))
    return Comparison(
        Difference(gain.overall, _p_value(_overall(gain), noise)),
        tuple(
            Difference(interval, _p_value(distribution, noise))
            for interval, distribution in zip(gain.per_class, _classes(gain), strict=True)
        ),
    )


def compare_unpaired(one: Bootstrap, other: Bootstrap) -> Comparison:
    """The difference, one minus other, of results on different samples, which are taken as independent.

    The overall difference is that of the two overall values. Intervals and p-values are as in `compare`, with as many
    patients as the smaller of the two has.

    Raises:
        MetricError: The two are not the same metric, or have other numbers of classes or resamples.
    """
    if one.metric != other.metric or one.draws.shape != other.draws.shape:
        raise MetricError(
            f"Expected the same metric with as many classes and resamples, but got {_describe(one)} and "
            f"{_describe(other)}."
        )
    # One seed drew both, so that patients of the same number come and go together until one order is shuffled.
    order = np.random.default_rng(0).permutation(other.draws.shape[-1])
    shuffled = replace(other, draws=other.draws[..., order])
    noise = _ROUNDING * max(map(_largest, (one.draws, other.draws)))
    pairs = ((_overall(one), _overall(shuffled)), *zip(_classes(one), _classes(shuffled), strict=True))
    overall, *classes = (
        Difference(_interval(apart), _p_value(apart, noise)) for apart in (_minus(a, b) for a, b in pairs)
    )
    return Comparison(overall, tuple(classes))


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
    """One number, its bootstrap draws (resamples,) and the patients that tell about it."""

    value: float
    draws: FloatArray
    n_groups: int


def _minus(one: _Distribution, other: _Distribution) -> _Distribution:
    return _Distribution(one.value - other.value, one.draws - other.draws, min(one.n_groups, other.n_groups))


def _overall(result: Bootstrap) -> _Distribution:
    n_groups = result.resamples.n_groups
    if result.values.ndim == 0:
        return _Distribution(float(result.values), result.draws, n_groups)
    return _Distribution(float(mean_of_defined(result.values)), mean_of_defined(result.draws), n_groups)


def _classes(result: Bootstrap) -> list[_Distribution]:
    if result.values.ndim == 0:
        return []
    groups = result.class_groups
    counts = np.full(len(result.values), result.resamples.n_groups) if groups is None else groups
    return [_Distribution(float(v), d, int(n)) for v, d, n in zip(result.values, result.draws, counts, strict=True)]


def _class_groups(labels: IntArray, resamples: Resamples, n_classes: int) -> IntArray:
    """(k,) patients with a sample of each class, or with a sample of another one, whichever are fewer."""
    has = np.zeros((resamples.n_groups, n_classes), bool)
    has[resamples.group, labels] = True
    lacks = has.sum(1, keepdims=True) > has
    return np.asarray(np.minimum(has.sum(0), lacks.sum(0)))


def _interval(distribution: _Distribution) -> Interval:
    """The expanded percentile interval."""
    value, draws, n = distribution
    defined = draws[~np.isnan(draws)]
    low = high = np.nan
    if n >= FEWEST_GROUPS and len(defined):
        from scipy.special import ndtr, stdtrit

        tail = ndtr(-np.sqrt(n / (n - 1)) * stdtrit(n - 1, (1 + LEVEL) / 2))
        low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(value, float(low), float(high), n, len(defined))


def _largest(draws: FloatArray) -> float:
    return float(np.max(np.abs(draws), initial=0.0, where=np.isfinite(draws)))


def _p_value(distribution: _Distribution, noise: float) -> float:
    """The p-value of a difference; `noise` is how far rounding alone can move it."""
    value, draws, n = distribution
    defined = draws[~np.isnan(draws)]
    if n < FEWEST_GROUPS or len(defined) < 2 or np.isnan(value):
        return np.nan
    error = defined.std(ddof=1) * np.sqrt(n / (n - 1))
    if error <= noise:
        return 1.0 if abs(value) <= noise else 2.0 ** (1 - n)  # a sign test's, when all patients agree
    from scipy.special import stdtr

    return float(2 * stdtr(n - 1, -abs(value) / error))


def _describe(result: Bootstrap) -> str:
    resamples = result.resamples
    return f"{result.metric} ({len(resamples.group)} samples, {result.draws.shape} draws, seed {resamples.seed})"
