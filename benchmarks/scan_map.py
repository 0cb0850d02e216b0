"""How long a scan map of 28 x 28 places takes, beside the bare model's pass over as many pictures.

    python -m benchmarks.scan_map [--model simclip] [--rounds 3] [--out scan_map.json]

The scan draws, prepares, asks and reports as the marker lab does; the bare model reads pictures that are prepared
already, in batches of the same size. Both in turns; medians. Give it a quiet machine.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch

from benchmarks.app_in_browser import parser_of, write_result
from vpe_core import lab, load_image, load_model
from vpe_core.datasets.gallery import simulated_gallery
from vpe_core.lab import LabScene, MarkerStyle
from vpe_core.models import VisionLanguageModel

N, BATCH = 28, 16
CLASSES = ("consolidation", "lung nodule", "pleural effusion", "pneumothorax", "no abnormality")


def main() -> None:
    """Measure, and write the medians and their ratio."""
    parser = parser_of(__doc__)
    parser.add_argument("--model", default="simclip")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    model = load_model(options.model)
    assert isinstance(model, VisionLanguageModel)
    entry = next(one for one in simulated_gallery() if one.findings)
    image, box = load_image(entry.path), entry.findings[0].box
    scene = LabScene(image, box, CLASSES, CLASSES[0], MarkerStyle("circle", "#ff0000", 3.0, color_name="red"))
    batch = model.pixels([image] * BATCH)
    lab.get("scan").run(scene, model, n=8)  # what is done once
    seconds: dict[str, list[float]] = {"scan": [], "bare model": []}
    for _ in range(options.rounds):
        seconds["scan"].append(_timed(lambda: lab.get("scan").run(scene, model, n=N)))
        seconds["bare model"].append(_timed(lambda: _bare(model, batch)))
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    write_result(
        {
            "what": f"a scan map of {N} x {N} places, seconds",
            "model": model.name,
            "precision": model.record.precision,
            "rounds": options.rounds,
            "median_s": {name: round(value, 2) for name, value in medians.items()},
            "times_the_bare_model": round(medians["scan"] / medians["bare model"], 2),
        },
        options.out,
    )


def _bare(model: VisionLanguageModel, batch: torch.Tensor) -> None:
    with torch.inference_mode():
        for _ in range(N * N // len(batch)):
            model._network.encode_image(batch)


def _timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
