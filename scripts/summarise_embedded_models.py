"""What the cards and the README quote about the embedded models, from the stored benchmark results.

    python -m vpe_core benchmark run --plan embedded --out precomputed/results/benchmark     # measures
    python -m scripts.summarise_embedded_models                                              # sums up

Writes precomputed/results/embedded/MODEL-SET.json: AUROC, gains, choice among the present findings and attention,
each with a 95% interval that resamples patients. An unmarked image of several findings gets one answer for all of them,
so two figures have nothing to do with the model: the share of right choices without a marker, and the AUROC of somebody
who knows every finding that is present, and cannot know which one is meant ("all_findings_known_auroc"). An image of
one finding, or of none, leaves nothing to choose and is not among the choices. A class without samples has no row.
On the finding-free image, "true_class" is the probability of the class that was taken out, and "distance_from_half" how
far the AUROC of the classes lies from one half in the mean, where opposite errors add up.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vpe_core.datasets.simulated import HEALTHY
from vpe_core.metrics import Interval, auroc, bootstrap_mean, compare
from vpe_core.results import Run, find_runs
from vpe_core.results.analysis.geometry import geometry_only
from vpe_core.results.analysis.leak import findings_known
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.scores import Evaluation, class_numbers
from vpe_core.settings import get_settings
from vpe_core.types import Box
from vpe_core.variants import Variant

ROWS = {
    "unmarked": "none",
    "red circle": "circle/red/1/paper",
    "red box": "bbox/red/1/paper",
    "red arrow": "arrow/red/1/paper",
    "yellow circle": "circle/yellow/1/paper",
    "yellow box": "bbox/yellow/1/paper",
    "yellow arrow": "arrow/yellow/1/paper",
    "crop": "crop",
    "red circle, native": "circle/red/1/native",
    "red arrow, native": "arrow/red/1/native",
    "leak: red circle on the finding-free image": "circle/red/1/paper@twin",
    "leak: red box on the finding-free image": "bbox/red/1/paper@twin",
    "leak: red arrow on the finding-free image": "arrow/red/1/paper@twin",
    "red circle on a blank image": "circle/red/1/paper@blank",
    "red circle on another patient's image": "circle/red/1/paper@other",
    "red circle at a random place": "circle/red/1/paper@random",
    "red circle at the mirrored place": "circle/red/1/paper@mirror",
}
WITH_ATTENTION = ("unmarked", "red circle", "red box", "red arrow")
QUESTION = Question()


def main() -> None:
    precomputed = get_settings().precomputed_dir
    folder = precomputed / "results" / "embedded"
    folder.mkdir(parents=True, exist_ok=True)
    for run in find_runs(precomputed / "results" / "benchmark"):
        manifest = run.manifest
        name = f"{manifest.model.name}-{manifest.dataset.name}.json"
        (folder / name).write_text(json.dumps(summarise(run), indent=1) + "\n")


def summarise(run: Run) -> dict[str, Any]:
    """The rows of a card, as plain numbers."""
    evaluation = Evaluation(n_resamples=2000)
    samples, manifest = run.samples, run.manifest
    area = (
        (samples.x1 - samples.x0) * (samples.y1 - samples.y0) / (samples.image_width * samples.image_height)
    ).median()
    boxes_alone = geometry_only(run, QUESTION, evaluation)
    rows = {name: key for name, key in ROWS.items() if Variant.parse(key) in run}
    return {
        "model": manifest.model.name,
        "weights_sha256": manifest.model.weights_sha256,
        "set": manifest.dataset.name,
        "simulated": manifest.dataset.simulated,
        "measured": manifest.finished.isoformat(timespec="minutes"),
        "precision": manifest.precision,
        "samples": len(samples),
        "images": int(samples["image_id"].nunique()),
        "patients": int(samples["patient_id"].nunique()),
        "classes": list(manifest.dataset.classes),
        "median_box_area": float(area),
        "boxes_alone_auroc": boxes_alone and boxes_alone["value"],
        "all_findings_known_auroc": _all_findings_known(run),
        "rows": {name: _row(run, name, Variant.parse(key), evaluation) for name, key in rows.items()},
    }


def _row(run: Run, name: str, variant: Variant, evaluation: Evaluation) -> dict[str, Any]:
    scored = evaluation.scored(run, variant, QUESTION)
    measured, unmarked = (evaluation.measured(run, one, QUESTION, scored.rows) for one in (variant, Variant()))
    resamples = evaluation.resamples(run, scored.rows)
    classes = run.manifest.dataset.classes
    row: dict[str, Any] = {
        "samples": len(scored.labels),
        "auroc": _numbers(measured.overall),
        "per_class": {
            label: _numbers(one)
            for label, one in zip(classes, measured.per_class, strict=True)
            if not np.isnan(one.value)
        },
        "accuracy": _numbers(bootstrap_mean(_hits(scored.scores, scored.labels), resamples).overall),
    }
    if variant.marked:
        gain = compare(measured, unmarked).overall
        row["gain"] = {**_numbers(gain.interval), "p": gain.p_value}
    else:
        choices = run.samples.image_id[_present(run).sum(1) > 1] if _several(run) else run.samples.image_id
        row["one_answer_an_image"] = float(choices.nunique() / len(choices))
    if variant.marked and _several(run):
        present = _present(run)[scored.rows]
        hits = _hits(np.where(present, scored.scores, -np.inf), scored.labels)
        hits[present.sum(axis=1) < 2] = np.nan
        row["picks_the_right_finding"] = _numbers(bootstrap_mean(hits, resamples).overall)
    if variant.picture == "twin":
        row["true_class"] = _numbers(bootstrap_mean(scored.of_true_class, resamples).overall)
        row["distance_from_half"] = float(np.mean([abs(one["value"] - 0.5) for one in row["per_class"].values()]))
    if variant.place != "finding":
        row["touches"] = _touches(run, variant)
    shares = run.attention(variant)
    if name in WITH_ATTENTION and shares is not None:
        row["attention_inside"] = {
            "median": float(np.median(shares)),
            "median_per_class": {c: float(np.median(shares[scored.labels == k])) for k, c in enumerate(classes)},
            "mean": _numbers(bootstrap_mean(shares.astype(np.float64), resamples).overall),
        }
    return row


def _touches(run: Run, variant: Variant) -> dict[str, float]:
    """Share of the samples whose displaced marker overlaps their own finding's box, and any finding's of the image."""
    own, any_of = [], []
    for _, image in run.samples[run.samples.label != HEALTHY].groupby("image_id"):
        corners = image[["x0", "y0", "x1", "y1"]].to_numpy(float)
        size_wh = int(image.image_width.iloc[0]), int(image.image_height.iloc[0])
        for k, (sample_id, box) in enumerate(zip(image.sample_id, corners, strict=True)):
            place = variant.place_of(Box(*box), size_wh, sample_id).xyxy
            overlaps = (corners[:, :2] < place[2:]).all(1) & (corners[:, 2:] > place[:2]).all(1)
            own.append(overlaps[k])
            any_of.append(overlaps.any())
    return {"own_finding": float(np.mean(own)), "any_finding": float(np.mean(any_of))}


def _all_findings_known(run: Run) -> float:
    return float(auroc(class_numbers(run), findings_known(run)).macro)


def _hits(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    return (scores.argmax(axis=1) == labels).astype(np.float64)


def _present(run: Run) -> NDArray[np.bool_]:
    """(n, k): which findings the image of each sample shows."""
    shown = pd.crosstab(run.samples["image_id"], run.samples["label"])[list(run.manifest.dataset.classes)] > 0
    return shown.loc[run.samples["image_id"]].to_numpy(bool)


def _several(run: Run) -> bool:
    """Whether some images show several findings."""
    return bool((_present(run).sum(axis=1) > 1).any())


def _numbers(interval: Interval) -> dict[str, float]:
    return {"value": float(interval.value), "low": float(interval.low), "high": float(interval.high)}


if __name__ == "__main__":
    main()
