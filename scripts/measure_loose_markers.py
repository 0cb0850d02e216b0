"""Measures how loosely a circle may be drawn, and stores it in precomputed/results/embedded/loose.json.

python -m scripts.measure_loose_markers

Around each finding of the gallery and of sim-multi's test part stands a round circle, as wide as the finding's longer
side, twice and three times that, drawn as the live demo draws it. Right is whoever's likeliest class, out of all
findings and "no abnormality", is the finding. Intervals (95%) resample base patients.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dashboard.demo.state.demo_state import DemoState
from dashboard.library.steering import class_of
from vpe_core import datasets, load_image, load_model
from vpe_core.datasets.gallery import simulated_gallery
from vpe_core.markers.marks import Mark, draw_marks
from vpe_core.metrics import bootstrap_mean, draw_resamples
from vpe_core.models import Model
from vpe_core.models.encoder import probabilities
from vpe_core.settings import get_settings
from vpe_core.types import Box

COMMAND = "python -m scripts.measure_loose_markers"
MODELS = ("simclip", "simclip-plain")
FACTORS = (1, 2, 3)
"""Diameters, in the finding's longer side."""
Finding = tuple[str, str, Image.Image, Box]
"""Patient, class, X-ray and place."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--out", type=Path, default=get_settings().precomputed_dir / "results/embedded/loose.json")
    options = parser.parse_args()
    report = [{"command": COMMAND, **measure(name)} for name in options.models]
    options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def measure(name: str) -> dict[str, Any]:
    """The share of right answers of one model, by how loosely the circle is drawn."""
    model = load_model(name, device="cpu", precision="fp32")
    return {
        "model": model.name,
        "weights_sha256": model.record.weights_sha256,
        "gallery": _measured(model, gallery_findings()),
        "sim-multi": _measured(model, set_findings("sim-multi")),
    }


def gallery_findings() -> Iterator[Finding]:
    """The gallery's findings that are classes; a nodule that is benign or malignant by its look is none."""
    classes = DemoState().shown_classes
    for entry in simulated_gallery():
        found = [finding for finding in entry.findings if class_of(finding.label, classes) == finding.label]
        if found:
            image = load_image(entry.path)
            yield from ((entry.patient, finding.label, image, finding.box) for finding in found)


def set_findings(name: str) -> Iterator[Finding]:
    """The findings of a data set's test part."""
    dataset = datasets.open_dataset(name)
    for sample in dataset.samples:
        if sample.box is not None:
            yield sample.patient_id, sample.label, load_image(sample.image_path), sample.box


def _measured(model: Model, findings: Iterable[Finding]) -> dict[str, Any]:
    classes, state = DemoState().shown_classes, DemoState()
    texts = model.encode_classes(classes, template=state.template)
    patients, right = [], []
    for patient, label, image, box in findings:
        drawn = [
            draw_marks(image, [Mark("circle", _round(box, factor, image.size))], color=state.ink, width=state.width)
            for factor in FACTORS
        ]
        said = probabilities(model.encode_images(drawn), texts, model.logit_scale).argmax(axis=1)
        patients.append(patient)
        right.append(said == classes.index(label))
    hits, resamples = np.array(right), draw_resamples(patients)
    shares = [bootstrap_mean(hits[:, column], resamples).overall for column in range(len(FACTORS))]
    return {
        "findings": len(hits),
        "patients": len(set(patients)),
        "circles": [
            {
                "times": factor,
                "right": int(hits[:, k].sum()),
                "share": share.value,
                "low": share.low,
                "high": share.high,
            }
            for k, (factor, share) in enumerate(zip(FACTORS, shares, strict=True))
        ],
    }


def _round(box: Box, factor: float, size_wh: tuple[int, int]) -> Box:
    (x, y), reach = box.center, factor * max(box.width, box.height) / 2
    return Box(x - reach, y - reach, x + reach, y + reach).clipped(*size_wh)


if __name__ == "__main__":
    main()
