"""Box numbers alone: what a plain classifier reaches that sees where the boxes lie, and no image and no model."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from vpe_core.leaks.boxes import LabelledBoxes
from vpe_core.leaks.forest import N_FOLDS, class_probabilities
from vpe_core.metrics import bootstrap
from vpe_core.results.analysis.columns import interval_of, value_columns
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.scores import Evaluation, FloatArray, IntArray, Results, class_numbers
from vpe_core.settings import get_settings

GEOMETRY = "box numbers alone"
_FOLDER = Path("results", "geometry")


@dataclass(frozen=True, slots=True, eq=False)
class RunBoxes:
    """The boxes of stored results.

    Attributes:
        known: The boxes.
        rows: (n,) which of the samples they are: the images that could be read and that have a box.
    """

    known: LabelledBoxes
    rows: IntArray

    @classmethod
    def of(cls, run: Results) -> Self:
        """Those of a run, or of a table of scores."""
        boxes = run.samples[["x0", "y0", "x1", "y1"]].to_numpy(np.float64)
        sizes_wh = run.samples[["image_width", "image_height"]].to_numpy(np.float64)
        rows = np.flatnonzero(np.isfinite(np.column_stack([boxes, sizes_wh])).all(axis=1))
        patients = run.samples["patient_id"].to_numpy()[rows]
        classes = tuple(run.manifest.dataset.classes)
        return cls(LabelledBoxes(boxes[rows], sizes_wh[rows], class_numbers(run)[rows], patients, classes), rows)

    @property
    def file(self) -> Path:
        """Where the project keeps their scores, if it does: `scripts.keep_geometry` writes them."""
        known = self.known
        head = [str(len(known.classes)), str(N_FOLDS), *map(str, known.patients)]
        content = hashlib.sha256("\0".join(head).encode())
        for array in (known.boxes, known.sizes_wh, known.labels):
            content.update(array.tobytes())
        return get_settings().precomputed_dir / _FOLDER / f"{content.hexdigest()[:16]}.npy"

    def scores(self) -> FloatArray:
        """(n, k) class probabilities from the boxes' numbers alone; see `class_probabilities`."""
        known = self.known
        return class_probabilities(known.numbers(), known.labels, known.patients, len(known.classes))


def geometry_only(run: Results, question: Question, evaluation: Evaluation | None = None) -> dict[str, Any] | None:
    """What a plain classifier reaches that sees only x, y, width and height of the boxes: no image, no model.

    Returns:
        A line of `controls`; None without boxes of at least two patients.
    """
    shared = evaluation or Evaluation()
    boxes = RunBoxes.of(run)
    if boxes.known.n_patients < 2:
        return None
    scores = kept_scores(run, boxes, shared)
    measured = shared.get_or_compute(
        (shared.n_resamples, run.fingerprint, "geometry", question.metric),
        lambda: bootstrap(question.metric, boxes.known.labels, scores, shared.resamples(run, boxes.rows)),
    )
    values = value_columns(interval_of(measured, run, question), shared)
    return {"marker": "", "condition": GEOMETRY, "variant": "", **values, "n": len(boxes.rows)}


def kept_scores(run: Results, boxes: RunBoxes, evaluation: Evaluation) -> FloatArray:
    """Their scores, from the project's files where they are there: a page would wait seconds for the forests."""

    def load_or_compute() -> FloatArray:
        with suppress(OSError, ValueError):
            scores: FloatArray = np.load(boxes.file, allow_pickle=False)
            return scores
        return boxes.scores()

    return evaluation.get_or_compute((run.fingerprint, "geometry"), load_or_compute)
