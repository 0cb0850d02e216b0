"""Measures over the gallery what the marker lab shows of one finding, and stores it in precomputed/lab/findings.json.

python -m scripts.measure_lab

For each known finding of each simulated X-ray and each embedded model: how fragile the answer is; whether the marker's
shape or its colour moves it more; whether the peak of a scan map of 14 x 14 places, with a circle of a fifth of the
picture's width, lies in the box; and who follows the region without ink. Means with 95% intervals, patients resampled.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from dashboard.demo.answers.marked_xray import template_of
from dashboard.demo.state.demo_state import DemoState
from dashboard.library.steering import class_of
from vpe_core import lab, load_image, load_model
from vpe_core.cli.progress import counting_bar
from vpe_core.datasets.gallery import Finding, GalleryImage, simulated_gallery
from vpe_core.lab import LabScene, MarkerStyle
from vpe_core.lab.compare import Compared
from vpe_core.lab.scan import Scan
from vpe_core.lab.scan_set import SIDE_SHARE
from vpe_core.lab.scene import center_of
from vpe_core.lab.without_ink import WithoutInk
from vpe_core.metrics.intervals import bootstrap_mean
from vpe_core.metrics.resamples import draw_resamples
from vpe_core.models import Model
from vpe_core.settings import get_settings
from vpe_core.types import Box

COMMAND = "python -m scripts.measure_lab"
FILE = "lab/findings.json"
_PLACES = 14
_STYLE = MarkerStyle("circle", "#ff0000", 3.0, color_name="red")
_MEANS = ("fragility", "shape", "colour", "shape minus colour", "hit", "chance", "hit minus chance")


def main() -> None:
    """Measure, write, and print the means."""
    options = _options()
    cases = [(one, found) for one in simulated_gallery() for found in one.findings if _class(found)][: options.limit]
    console = Console(stderr=True)
    rows: dict[str, list[dict[str, Any]]] = {}
    weights: dict[str, str] = {}
    with counting_bar(console) as bar:
        for name in options.model:
            model = load_model(name, device="cpu", precision="fp32")
            weights[name] = model.record.weights_sha256
            rows[name] = [_row(entry, found, model) for entry, found in bar.track(cases, description=name)]
    patients = [entry.patient or entry.name for entry, _ in cases]
    told: dict[str, Any] = {
        "command": COMMAND, "findings": len(cases), "patients": len(set(patients)), "simulated": True,
        "weights_sha256": weights,
        "models": {name: _summary(these, patients) for name, these in rows.items()},
        "between_models": _between(rows, patients),
        "rows": rows,
    }  # fmt: skip
    text = json.dumps(told, indent=1) + "\n"
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text, encoding="utf-8")
    for name, summary in told["models"].items():
        console.print(name, {key: value for key, value in summary.items() if key != "ways"})
        console.print(summary["ways"])
    console.print(told["between_models"])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", default=["simclip", "simclip-plain"])
    parser.add_argument("--limit", type=int, help="So many findings, for a trial; name another --out with it.")
    parser.add_argument("--out", type=Path, default=get_settings().precomputed_dir / FILE)
    return parser.parse_args()


def _class(finding: Finding) -> str | None:
    return class_of(finding.label, DemoState().shown_classes)


def _row(entry: GalleryImage, finding: Finding, model: Model) -> dict[str, Any]:
    target = _class(finding)
    assert target is not None
    image = load_image(entry.path)
    scene = LabScene(
        image, finding.box, DemoState().shown_classes, target, _STYLE, template_of(DemoState()), known=finding.box
    )  # fmt: skip
    compared: Compared = lab.get("compare").run(scene, model)
    ranges = compared.fragility.ranges
    half, (x, y) = SIDE_SHARE * min(image.size) / 2, center_of(finding.box)
    slid = LabScene(
        image, Box(x - half, y - half, x + half, y + half), scene.classes, target, _STYLE, scene.template,
        known=finding.box,
    )  # fmt: skip
    scanned: Scan = lab.get("scan").run(slid, model, n=_PLACES)
    assert scanned.found is not None
    hit, chance = float(scanned.found.hit), scanned.found.chance_hit
    told: WithoutInk = lab.get("ink").run(scene, model)
    return {
        "sample": entry.name, "patient": entry.patient, "finding": finding.label,
        "fragility": compared.fragility.score, "shape": ranges["shape"], "colour": ranges["colour"],
        "shape minus colour": ranges["shape"] - ranges["colour"], "hit": hit, "chance": chance,
        "hit minus chance": hit - chance,
        "ways": {
            way.name: {"change": told.change(way), "attention": way.attention - told.unmarked.attention}
            for way in told.ways[1:]
        },
    }  # fmt: skip


def _summary(rows: Sequence[dict[str, Any]], patients: Sequence[str]) -> dict[str, Any]:
    return {
        **{name: _mean([row[name] for row in rows], patients) for name in _MEANS},
        "ways": {
            way: {key: _mean([row["ways"][way][key] for row in rows], patients) for key in ("change", "attention")}
            for way in rows[0]["ways"]
        },
    }  # fmt: skip


def _between(rows: dict[str, list[dict[str, Any]]], patients: Sequence[str]) -> dict[str, Any]:
    """The first model's fragility minus each other's, on the same findings."""
    first, *others = rows
    return {
        f"fragility, {first} minus {other}": _mean(
            [one["fragility"] - two["fragility"] for one, two in zip(rows[first], rows[other], strict=True)], patients
        )
        for other in others
    }


def _mean(values: Sequence[float], patients: Sequence[str]) -> dict[str, float | None]:
    """The mean with its 95% interval; no ends where there are too few patients, nothing where it cannot be told."""
    column: NDArray[np.float64] = np.array(values, np.float64)
    if np.isnan(column).any():
        return {"value": None, "low": None, "high": None}
    interval = bootstrap_mean(column, draw_resamples(list(patients))).overall
    ends = (interval.value, interval.low, interval.high)
    value, low, high = (None if np.isnan(end) else round(float(end), 4) for end in ends)
    return {"value": value, "low": low, "high": high}


if __name__ == "__main__":
    main()
