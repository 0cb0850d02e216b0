"""Box numbers alone: what a plain classifier reaches that sees where the boxes lie, and no image and no model."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from vpe_core.metrics import bootstrap
from vpe_core.results.analysis.columns import interval_of, value_columns
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.scores import Evaluation, FloatArray, IntArray, Results, class_numbers
from vpe_core.settings import get_settings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

GEOMETRY = "box numbers alone"
N_FOLDS = 5
_FOLDER = Path("results", "geometry")


@dataclass(frozen=True, slots=True, eq=False)
class LabelledBoxes:
    """The boxes of a data set's samples: what `geometry_scores` takes.

    Attributes:
        boxes: (n, 4) x0, y0, x1, y1 in pixels.
        sizes_wh: (n, 2) width and height of the images.
        labels: (n,) class numbers.
        patients: (n,) the patient of each box.
        n_classes: How many classes there are.
        rows: (n,) which of the samples they are: the images that could be read and that have a box.
    """

    boxes: FloatArray
    sizes_wh: FloatArray
    labels: IntArray
    patients: NDArray[Any]
    n_classes: int
    rows: IntArray

    @classmethod
    def of(cls, run: Results) -> Self:
        """Those of stored results."""
        boxes = run.samples[["x0", "y0", "x1", "y1"]].to_numpy(np.float64)
        sizes_wh = run.samples[["image_width", "image_height"]].to_numpy(np.float64)
        rows = np.flatnonzero(np.isfinite(np.column_stack([boxes, sizes_wh])).all(axis=1))
        patients = run.samples["patient_id"].to_numpy()[rows]
        labels, n_classes = class_numbers(run)[rows], len(run.manifest.dataset.classes)
        return cls(boxes[rows], sizes_wh[rows], labels, patients, n_classes, rows)

    @property
    def file(self) -> Path:
        """Where the project keeps their scores, if it does: `scripts.keep_geometry` writes them."""
        content = hashlib.sha256("\0".join([str(self.n_classes), str(N_FOLDS), *map(str, self.patients)]).encode())
        for array in (self.boxes, self.sizes_wh, self.labels):
            content.update(array.tobytes())
        return get_settings().precomputed_dir / _FOLDER / f"{content.hexdigest()[:16]}.npy"

    def scores(self) -> FloatArray:
        """Their `geometry_scores`."""
        return geometry_scores(self.boxes, self.sizes_wh, self.labels, self.patients, self.n_classes)


def geometry_only(run: Results, question: Question, evaluation: Evaluation | None = None) -> dict[str, Any] | None:
    """What a plain classifier reaches that sees only x, y, width and height of the boxes: no image, no model.

    Returns:
        A line of `controls`; None without boxes of at least two patients.
    """
    shared = evaluation or Evaluation()
    known = LabelledBoxes.of(run)
    if len(np.unique(known.patients)) < 2:
        return None
    scores = shared.get_or_compute((run.fingerprint, "geometry"), lambda: _kept(known))
    measured = shared.get_or_compute(
        (shared.n_resamples, run.fingerprint, "geometry", question.metric),
        lambda: bootstrap(question.metric, known.labels, scores, shared.resamples(run, known.rows)),
    )
    values = value_columns(interval_of(measured, run, question), shared)
    return {"marker": "", "condition": GEOMETRY, "variant": "", **values, "n": len(known.rows)}


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


def _kept(boxes: LabelledBoxes) -> FloatArray:
    """Their scores, from the project's files where they are there: a page would wait seconds for the forests."""
    with suppress(OSError, ValueError):
        scores: FloatArray = np.load(boxes.file, allow_pickle=False)
        return scores
    return boxes.scores()
