"""What lies behind one number: ROC and precision-recall curves, reliability, and which classes are confused."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from vpe_core.metrics import Curve, confusion_matrix, pr_curve, reliability, roc_curve, top_label
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.scores import Evaluation, FloatArray, Results, Scored
from vpe_core.results.analysis.tables import scored_pair

Kind = Literal["roc", "pr"]
ALL_CLASSES = "mean of all classes"
_GRID = np.linspace(0, 1, 201)


def curves(
    run: Results, row: TableRow, question: Question, kind: Kind, evaluation: Evaluation | None = None
) -> pd.DataFrame:
    """ROC or precision-recall curves without and with a marker.

    Returns:
        Columns: shown ("unmarked" or "marked"), label, x, y. With a class in the question its exact curve, else the
        curve of every class, and their mean at equal x as `ALL_CLASSES`. A class without a curve is left out.

    Raises:
        ResultsError: The marker or the unmarked image was not measured.
    """
    shared = evaluation or Evaluation()
    parts = []
    for shown, scored in _both(run, row, question, shared):
        found = {
            label: (roc_curve if kind == "roc" else pr_curve)(scored.labels == number, scored.scores[:, number])
            for number, label in enumerate(run.manifest.dataset.classes)
            if question.label in (None, label)
        }
        defined = {label: curve for label, curve in found.items() if curve.defined}
        parts += [
            pd.DataFrame({"shown": shown, "label": label, "x": curve.x, "y": curve.y})
            for label, curve in defined.items()
        ]
        if question.label is None and defined:
            mean = np.mean([_at_grid(curve, kind) for curve in defined.values()], axis=0)
            parts.append(pd.DataFrame({"shown": shown, "label": ALL_CLASSES, "x": _GRID, "y": mean}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["shown", "label", "x", "y"])


def reliability_table(
    run: Results, row: TableRow, question: Question, evaluation: Evaluation | None = None
) -> pd.DataFrame:
    """How often the likeliest class is right, against how sure the model is of it.

    Returns:
        Columns: shown, confidence, accuracy, n, ece (the same in all lines of a kind); empty bins are left out.

    Raises:
        ResultsError: The marker or the unmarked image was not measured.
        MetricError: The scoring gives no probabilities.
    """
    parts = []
    for shown, scored in _both(run, row, question, evaluation or Evaluation()):
        bins = reliability(*top_label(scored.labels, scored.scores))
        part = pd.DataFrame(
            {
                "shown": shown,
                "confidence": bins.confidence,
                "accuracy": bins.accuracy,
                "n": bins.counts,
                "ece": bins.ece,
            }
        )
        parts.append(part[part["n"] > 0])
    return pd.concat(parts, ignore_index=True)


def confusion(
    run: Results, row: TableRow, question: Question, evaluation: Evaluation | None = None
) -> dict[str, pd.DataFrame]:
    """Counts of true (rows) against likeliest class (columns), "unmarked" and "marked".

    Raises:
        ResultsError: The marker or the unmarked image was not measured.
    """
    classes = run.manifest.dataset.classes
    return {
        shown: pd.DataFrame(confusion_matrix(scored.labels, scored.scores), index=classes, columns=classes)
        for shown, scored in _both(run, row, question, evaluation or Evaluation())
    }


def _both(run: Results, row: TableRow, question: Question, evaluation: Evaluation) -> list[tuple[str, Scored]]:
    unmarked, marked = scored_pair(evaluation, run, row, question)
    return [("unmarked", unmarked), ("marked", marked)]


def _at_grid(curve: Curve, kind: Kind) -> FloatArray:
    """The curve's height at even steps: straight between the points of a ROC curve, in steps for precision."""
    if kind == "roc":
        return np.interp(_GRID, curve.x, curve.y)
    return curve.y[np.minimum(np.searchsorted(curve.x, _GRID), len(curve.y) - 1)]
