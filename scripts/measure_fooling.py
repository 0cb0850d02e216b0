"""Measures where a circle on nothing makes a model name a finding, and stores it in precomputed/samples/fooling.csv.

python -m scripts.measure_fooling

On each finding-free twin of the gallery, the lesson's small and its big circle stand at places all over the chest. A
row holds one twin and one model: how many places were tried, at how many of them each circle makes the model name a
finding, and where it does so most surely. Twins on which a model names a finding without any circle are left out. The
lesson's step "Fool it" takes its chest and place from this table.
"""

from __future__ import annotations

import argparse
import csv
from itertools import product
from pathlib import Path

from dashboard.demo.answers.marked_xray import draw
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import DemoState
from dashboard.lesson.phrases import finding_named
from dashboard.lesson.steps.fooled import BIG, SMALL, circle_at, fooled
from dashboard.library.fooling import COLUMNS, TABLE
from vpe_core import load_image, load_model
from vpe_core.datasets.gallery import simulated_gallery
from vpe_core.models import Model
from vpe_core.settings import get_settings

COMMAND = "python -m scripts.measure_fooling"
PLACES = tuple(product((0.25, 0.38, 0.5, 0.62, 0.75), (0.25, 0.4, 0.55, 0.7)))
"""Where circles stand, in parts of the picture's sides."""


def main() -> None:
    options = _options()
    with options.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for name in options.model:
            model = load_model(name, device="cpu", precision="fp32")
            # Two X-rays may share a twin: the same chest with one finding or another.
            chests = {entry.twin.read_bytes(): entry for entry in reversed(simulated_gallery()) if entry.twin}
            for entry in reversed(chests.values()):
                if row := _row(Xray(entry.name, load_image(entry.twin)), model):
                    weights = model.record.weights_sha256
                    writer.writerow({**row, "model": name, "weights_sha256": weights, "command": COMMAND})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", default=["simclip", "simclip-plain"])
    parser.add_argument("--out", type=Path, default=get_settings().precomputed_dir / TABLE)
    return parser.parse_args()


def _row(twin: Xray, model: Model) -> dict[str, object] | None:
    """None for a twin on which the model names a finding without any circle."""
    classes, tried = DemoState().shown_classes, list(product(PLACES, (SMALL, BIG)))
    states = [DemoState(), *(DemoState(marks=(circle_at(xy, size, twin.size_wh),)) for xy, size in tried)]
    bare, *marked = (
        tuple(chances) for chances in model.classify([draw(twin, one) for one in states], classes).tolist()
    )
    if fooled(classes, bare):
        return None
    hits = [fooled(classes, chances) for chances in marked]
    said = [finding_named(classes, chances) for chances in marked]
    chance = [chances[classes.index(finding)] for chances, finding in zip(marked, said, strict=True)]
    best = max(range(len(tried)), key=lambda index: (hits[index], chance[index]))
    (x, y), _ = tried[best]
    counts = {size: sum(hit for hit, (_, one) in zip(hits, tried, strict=True) if one == size) for size in (SMALL, BIG)}
    return {
        "sample": twin.key, "places": len(PLACES), **counts, "x": x, "y": y, "finding": said[best],
        "chance": f"{chance[best]:.3f}",
    }  # fmt: skip


if __name__ == "__main__":
    main()
