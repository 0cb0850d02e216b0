"""Measures how often the embedded models are right about what is present, and stores it in precomputed/samples.

python -m scripts.measure_presence

Each X-ray of the gallery is asked about each finding, unmarked, and with a red circle around each of its findings in
turn. The live demo says the result below such answers (`dashboard.demo.answers.presence`).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from dashboard.demo.answers.marked_xray import draw
from dashboard.demo.answers.presence import MEASURED, MeasuredPresence, presence_probabilities
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import DemoState, default_classes
from dashboard.frame.verdicts import EACH
from dashboard.library.steering import class_of
from scripts.make_example import MARGIN_SHARE
from vpe_core import load_image, load_model
from vpe_core.datasets.gallery import simulated_gallery
from vpe_core.markers.marks import Mark
from vpe_core.settings import get_settings

COMMAND = "python -m scripts.measure_presence"
MODELS = ("simclip", "simclip-plain")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=get_settings().precomputed_dir / MEASURED)
    options = parser.parse_args()
    rows = [asdict(measure(name)) for name in MODELS]
    options.out.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def measure(name: str) -> MeasuredPresence:
    """One model on the gallery."""
    model = load_model(name, device="cpu", precision="fp32")
    classes, template = default_classes(EACH), DemoState().template
    said, truth, said_circled, truth_circled, circled = [], [], [], [], []
    for entry in simulated_gallery():
        xray = Xray(entry.name, load_image(entry.path))
        labels = [class_of(finding.label, classes) for finding in entry.findings]
        shown = [one in labels for one in classes]
        states = [DemoState()]
        for finding in entry.findings:
            margin = MARGIN_SHARE * max(finding.box.width, finding.box.height)
            states.append(DemoState(marks=(Mark("circle", finding.box.expanded(margin).clipped(*xray.image.size)),)))
        embeddings = model.encode_images([draw(xray, state) for state in states])
        unmarked, *marked = (
            [chance > 0.5 for chance in presence_probabilities(model, row[None], classes, template, "")]
            for row in embeddings
        )
        said.append(unmarked)
        truth.append(shown)
        said_circled += marked
        truth_circled += [shown] * len(marked)
        circled += [row[classes.index(label)] for row, label in zip(marked, labels, strict=True) if label]
    present, present_circled = np.array(said), np.array(said_circled)
    there, there_circled = np.array(truth), np.array(truth_circled)
    return MeasuredPresence(
        model=name,
        weights_sha256=model.record.weights_sha256,
        xrays=len(truth),
        findings=int(there.sum()),
        findings_present=int(present[there].sum()),
        absent=int((~there).sum()),
        absent_present=int(present[~there].sum()),
        circled=len(circled),
        circled_present=sum(circled),
        circled_absent=int((~there_circled).sum()),
        circled_absent_present=int(present_circled[~there_circled].sum()),
        command=COMMAND,
    )


if __name__ == "__main__":
    main()
