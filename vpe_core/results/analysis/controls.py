"""Is it the finding, or only the marker's size and place? What markers reach where they should not help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vpe_core.ensembles import VariantOrEnsemble, control_of
from vpe_core.errors import ResultsError
from vpe_core.metrics import bootstrap
from vpe_core.results.analysis.columns import interval_of, value_columns
from vpe_core.results.analysis.questions import Question, with_suffix
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.scores import Evaluation, FloatArray, IntArray, Results, class_numbers
from vpe_core.results.analysis.tables import available, baseline_of
from vpe_core.variants import Variant

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

CONTROLS: tuple[tuple[str, dict[str, str]], ...] = (
    ("on the finding", {}),
    ("at a random place", {"place": "random"}),
    ("at the mirrored place", {"place": "mirror"}),
    ("on the finding-free image", {"picture": "twin"}),
    ("on another patient's image", {"picture": "other"}),
    ("on a blank image", {"picture": "blank"}),
)
"""Conditions of a marker, the true one first, and how a variant changes."""
UNMARKED, GEOMETRY = "no marker", "box numbers alone"
N_FOLDS = 5


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


def geometry_only(run: Results, question: Question, evaluation: Evaluation | None = None) -> dict[str, Any] | None:
    """What a plain classifier reaches that sees only x, y, width and height of the boxes: no image, no model.

    Returns:
        A line of `controls`; None without boxes of at least two patients.
    """
    shared = evaluation or Evaluation()
    boxes = run.samples[["x0", "y0", "x1", "y1"]].to_numpy(np.float64)
    sizes_wh = run.samples[["image_width", "image_height"]].to_numpy(np.float64)
    rows = np.flatnonzero(np.isfinite(np.column_stack([boxes, sizes_wh])).all(axis=1))  # read images with a box
    patients = run.samples["patient_id"].to_numpy()[rows]
    if len(np.unique(patients)) < 2:
        return None
    labels, n_classes = class_numbers(run)[rows], len(run.manifest.dataset.classes)
    scores = shared.get_or_compute(
        (run.fingerprint, "geometry"), lambda: geometry_scores(boxes[rows], sizes_wh[rows], labels, patients, n_classes)
    )
    measured = shared.get_or_compute(
        (shared.n_resamples, run.fingerprint, "geometry", question.metric),
        lambda: bootstrap(question.metric, labels, scores, shared.resamples(run, rows)),
    )
    values = value_columns(interval_of(measured, run, question), shared)
    return {"marker": "", "condition": GEOMETRY, "variant": "", **values, "n": len(rows)}


def geometry_scores(
    boxes: FloatArray, sizes_wh: FloatArray, labels: IntArray, patients: ArrayLike, n_classes: int
) -> FloatArray:
    """Class probabilities from box numbers alone, each from a forest that has not seen the patient.

    Args:
        boxes: (n, 4) x0, y0, x1, y1 in pixels.
        sizes_wh: (n, 2) width and height of the images.
        labels: (n,) class numbers.
        patients: (n,) the patient of each box, at least two different ones.
        n_classes: Columns of the result; a class that a fold never sees gets 0.

    Returns:
        (n, n_classes) probabilities, cross-validated over `N_FOLDS` groups of patients.
    """
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.model_selection import GroupKFold

    relative = boxes / np.tile(sizes_wh, 2)
    features = np.column_stack([relative[:, :2] + relative[:, 2:], relative[:, 2:] - relative[:, :2]])
    groups = np.asarray(patients)
    scores = np.zeros((len(labels), n_classes))
    for train, test in GroupKFold(min(N_FOLDS, len(np.unique(groups)))).split(features, labels, groups):
        forest = ExtraTreesClassifier(100, min_samples_leaf=3, random_state=0).fit(features[train], labels[train])
        scores[np.ix_(test, forest.classes_)] = forest.predict_proba(features[test])
    return scores


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
