"""Intervals and differences as columns of a table: one way to pick the class, one way to name the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from vpe_core.errors import ResultsError
from vpe_core.metrics import Bootstrap, Comparison, Difference, Interval
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.scores import Evaluation, Results

_T = TypeVar("_T")
_UNDEFINED = Interval(np.nan, np.nan, np.nan, 0, 0)


def interval_of(measured: Bootstrap, run: Results, question: Question) -> Interval:
    """The interval of the question's class, or of all classes; undefined where the metric has none for a class.

    Raises:
        ResultsError: The data set has no such class.
    """
    return _asked_for(measured.overall, measured.per_class, run, question, _UNDEFINED)


def difference_of(comparison: Comparison, run: Results, question: Question) -> Difference:
    """The same of a comparison.

    Raises:
        ResultsError: The data set has no such class.
    """
    return _asked_for(comparison.overall, comparison.per_class, run, question, Difference(_UNDEFINED, np.nan))


def _asked_for(overall: _T, per_class: Sequence[_T], run: Results, question: Question, undefined: _T) -> _T:
    if question.label is None:
        return overall
    number = class_number(run, question.label)
    return per_class[number] if per_class else undefined


def value_columns(interval: Interval, evaluation: Evaluation, prefix: str = "") -> dict[str, Any]:
    """`value`, `low` and `high`, or with a prefix `gain`, `gain_low` and `gain_high`; no ends without resamples."""
    known = evaluation.n_resamples > 0
    names = (prefix, f"{prefix}_low", f"{prefix}_high") if prefix else ("value", "low", "high")
    ends = (interval.low, interval.high) if known else (np.nan, np.nan)
    return dict(zip(names, (interval.value, *ends), strict=True))


def p_value(difference: Difference, evaluation: Evaluation) -> float:
    """The p-value; nan without resamples."""
    return difference.p_value if evaluation.n_resamples else np.nan


def class_number(run: Results, label: str) -> int:
    """The place of a class among those of the data set.

    Raises:
        ResultsError: The data set has no such class.
    """
    classes = run.manifest.dataset.classes
    if label not in classes:
        raise ResultsError(f"{run.manifest.dataset.title} has no class {label!r}.")
    return classes.index(label)
