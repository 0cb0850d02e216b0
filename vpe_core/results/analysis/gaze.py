"""Attention over a data set, from stored results: what each marker does to the share in the finding's box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.errors import ResultsError
from vpe_core.metrics import Interval, bootstrap_mean, bootstrap_statistic, rank_correlation_statistic
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.scores import Evaluation, Results, common
from vpe_core.results.analysis.tables import available, baseline_of
from vpe_core.variants import Variant

if TYPE_CHECKING:
    from vpe_core.types import Progress

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class GazeOfMarker:
    """What one marker does to the share of the last block's attention in the finding's box, over paired samples.

    Attributes:
        variant: The marker.
        n: Samples whose share is known without and with it.
        unmarked: `QUANTILES` of the share without it.
        marked: The same with it.
        gain: The mean of what it adds to the share, with its 95% interval over patients.
        follows: Of how many samples the share rises, 0 to 1, with its interval.
        correlation: Spearman's rank correlation, over samples, of what it adds to the share with what it adds to the
            true class's score; with its interval.
    """

    variant: Variant
    n: int
    unmarked: tuple[float, ...]
    marked: tuple[float, ...]
    gain: Interval
    follows: Interval
    correlation: Interval

    def words(self) -> str:
        """Whether more attention goes with a better answer, in one sentence that follows the numbers."""
        before, after = (f"{100 * shares[2]:.0f}%" for shares in (self.unmarked, self.marked))
        first = f"In the median of {self.n:,} samples the share in the box goes from {before} to {after}"
        low, high = self.correlation.low, self.correlation.high
        number = f"rank correlation {self.correlation.value:.2f}"
        if not (low > 0 or high < 0):
            return f"{first}; whether it rises tells nothing about whether the answer gets better ({number})."
        how = "better" if low > 0 else "worse"
        return f"{first}; where it rises more, the answer gets {how} ({number}, {low:.2f} to {high:.2f})."


def gaze_by_marker(
    run: Results,
    question: Question | None = None,
    evaluation: Evaluation | None = None,
    *,
    variants: Sequence[Variant] | None = None,
    report: Progress | None = None,
) -> tuple[GazeOfMarker, ...]:
    """Each marker of some results against the picture without it, the largest gain first.

    Args:
        run: Stored results; those without attention give nothing.
        question: How the true class is scored; as the paper does if None.
        evaluation: Shared, so that nothing is computed twice.
        variants: Only these of the run's; None for all.
        report: Told after each marker; where it raises, nothing is returned.

    Raises:
        ResultsError: The scores cannot be had.
    """
    shared, asked = evaluation or Evaluation(), question or Question()
    wanted = [
        variant
        for variant in run.variants
        if variant.marked and not variant.is_control and (variants is None or variant in variants)
    ]
    found = []
    for number, variant in enumerate(wanted):
        one = _of_marker(run, variant, asked, shared)
        found += [one] if one else []
        if report:
            report(number + 1, len(wanted))
    return tuple(sorted(found, key=lambda one: -one.gain.value))


def _of_marker(run: Results, variant: Variant, question: Question, shared: Evaluation) -> GazeOfMarker | None:
    try:
        baseline = available(run, baseline_of(variant))
    except ResultsError:  # nothing to compare it with
        return None
    shares = []
    rows = common(run.rows(baseline), run.rows(variant))
    for shown in (baseline, variant):
        measured = run.attention(shown)
        if measured is None:
            return None
        shares.append(measured[np.searchsorted(run.rows(shown), rows)].astype(np.float64))
    known = np.isfinite(shares[0]) & np.isfinite(shares[1])
    if not known.any():
        return None
    rows, before, after = rows[known], shares[0][known], shares[1][known]
    scored = [shared.scored(run, shown, question).at(rows).of_true_class for shown in (baseline, variant)]
    gain, resamples = after - before, shared.resamples(run, rows)
    return GazeOfMarker(
        variant=variant,
        n=len(rows),
        unmarked=tuple(float(value) for value in np.quantile(before, QUANTILES)),
        marked=tuple(float(value) for value in np.quantile(after, QUANTILES)),
        gain=bootstrap_mean(gain, resamples).overall,
        follows=bootstrap_mean(gain > 0, resamples).overall,
        correlation=bootstrap_statistic(
            "rank correlation", rank_correlation_statistic(gain, scored[1] - scored[0]), resamples, len(rows)
        ).overall,
    )
