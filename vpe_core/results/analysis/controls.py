"""Is it the finding, or only the marker's size and place? What markers reach where they should not help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from vpe_core.ensembles import VariantOrEnsemble, control_of
from vpe_core.errors import ResultsError
from vpe_core.results.analysis.columns import interval_of, value_columns
from vpe_core.results.analysis.geometry import geometry_only
from vpe_core.results.analysis.questions import Question, with_suffix
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.scores import Evaluation, Results
from vpe_core.results.analysis.tables import available, baseline_of
from vpe_core.variants import Variant

CONTROLS: tuple[tuple[str, dict[str, str]], ...] = (
    ("on the finding", {}),
    ("at a random place", {"place": "random"}),
    ("at the mirrored place", {"place": "mirror"}),
    ("on the X-ray without the finding", {"picture": "twin"}),
    ("on another patient's image", {"picture": "other"}),
    ("on a blank image", {"picture": "blank"}),
)
"""Conditions of a marker, the true one first, and how a variant changes."""
UNMARKED = "no marker"


def control_variants(variant: Variant) -> tuple[Variant, ...]:
    """A marker's controls, in the order of `CONTROLS`."""
    return tuple(replace(variant, **change) for _, change in CONTROLS[1:])  # type: ignore[arg-type]


def controls(
    run: Results,
    rows: Sequence[TableRow],
    question: Question,
    evaluation: Evaluation | None = None,
    *,
    geometry: bool = True,
) -> pd.DataFrame:
    """What each marker reaches on the finding and in its controls, beside no marker and the box's numbers alone.

    Args:
        run: Stored results.
        rows: The markers.
        question: What is measured.
        evaluation: Shared, so that nothing is computed twice.
        geometry: Whether to train the plain classifier (seconds).

    Returns:
        Columns: marker (empty in the lines without one), condition, variant, value, low, high, n. Conditions that were
        not measured are left out.
    """
    shared = evaluation or Evaluation()
    baselines = dict.fromkeys(baseline_of(row.variant) for row in rows)
    lines = [_line(shared, run, question, UNMARKED, baseline) for baseline in baselines]
    for row in rows:
        for condition, change in CONTROLS:
            shown = control_of(row.variant, **change)  # type: ignore[arg-type]
            lines.append(_line(shared, run, with_suffix(question, row.suffix), condition, shown))
    if geometry and rows:
        lines.append(geometry_only(run, question, shared))
    found = [line for line in lines if line is not None]
    return pd.DataFrame(found, columns=["marker", "condition", "variant", "value", "low", "high", "n"])


def _line(
    evaluation: Evaluation, run: Results, question: Question, condition: str, wanted: VariantOrEnsemble
) -> dict[str, Any] | None:
    try:
        shown = available(run, wanted)
        measured = evaluation.measured(run, shown, question)
    except ResultsError:
        return None
    marker = wanted.marker if wanted.marked else ""
    values = value_columns(interval_of(measured, run, question), evaluation)
    return {
        "marker": marker,
        "condition": condition,
        "variant": shown.key,
        **values,
        "n": len(evaluation.rows(run, shown)),
    }
