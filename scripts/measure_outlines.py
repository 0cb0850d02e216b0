"""Measures how well outlines from a box or a click fit the gallery's findings, and stores it.

python -m scripts.measure_outlines --out precomputed/lab/outlines.json

The truth is what really changed: where a simulated X-ray differs from the same chest without the finding, within the
finding's box, by more than 0.3 of the largest difference there. A click is the middle of that. An outline is worth its
while where it fits better than the ellipse in the box, which costs nothing.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from rich.console import Console
from scipy import ndimage

from vpe_core import load_image
from vpe_core.cli.progress import counting_bar
from vpe_core.datasets.gallery import Finding, GalleryImage, simulated_gallery
from vpe_core.errors import RegionError
from vpe_core.metrics.intervals import bootstrap_mean
from vpe_core.metrics.resamples import draw_resamples
from vpe_core.outlines import OUTLINERS
from vpe_core.types import Box, Polygon

COMMAND = "python -m scripts.measure_outlines"
_SHARE = 0.3


def main() -> None:
    """Print a table, and write all rows where a file is named."""
    options = _options()
    methods = [name for name in OUTLINERS.names() if not OUTLINERS.get(name).problem()]
    cases = [(one, found) for one in simulated_gallery() if one.twin for found in one.findings]
    cases = cases[:: max(1, len(cases) // options.limit)] if options.limit else cases
    rows = []
    with counting_bar(Console(stderr=True)) as bar:
        for entry, finding in bar.track(cases, description="Findings"):
            if row := _row(entry, finding, methods):
                rows.append(row)
    ways = ["ellipse in the box", *(f"{name}, {how}" for name in methods for how in ("box", "click"))]
    table = {way: _summary(rows, way) for way in ways}
    for way, told in table.items():
        print(f"{way:28s} {told['all']}  {told['seconds']:.3f} CPU s")  # noqa: T201
        print("   " + ", ".join(f"{label} {value:.2f}" for label, value in told["by_finding"].items()))  # noqa: T201
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        told = {"command": COMMAND, "findings": len(rows), "iou": table, "rows": rows}
        options.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="A JSON file; nothing is written without.")
    parser.add_argument("--limit", type=int, help="About so many findings, spread over all, for a trial.")
    return parser.parse_args()


def _row(entry: GalleryImage, finding: Finding, methods: list[str]) -> dict[str, object] | None:
    """The overlaps of one finding; None for one that does not show."""
    assert entry.twin is not None
    image = load_image(entry.path)
    truth = true_mask(image, load_image(entry.twin), finding.box)
    if truth is None:
        return None
    y, x = ndimage.center_of_mass(truth)
    row: dict[str, object] = {"sample": entry.name, "patient": entry.patient, "finding": finding.label}
    row["ellipse in the box"] = {"iou": iou(truth, _ellipse(finding.box, image.size)), "seconds": 0.0}
    for name in methods:
        for how, where in (("box", finding.box), ("click", (float(x), float(y)))):
            start = time.process_time()
            try:
                overlap = iou(truth, _filled(OUTLINERS.get(name).outline(image, where), image.size))
            except RegionError:
                overlap = 0.0
            row[f"{name}, {how}"] = {"iou": overlap, "seconds": time.process_time() - start}
    return row


def true_mask(image: Image.Image, twin: Image.Image, box: Box) -> NDArray[np.bool_] | None:
    """Where a finding changed the picture, (height, width); None where it changed nothing that stands out."""
    small = image.convert("L").resize(twin.size, Image.Resampling.LANCZOS)  # a twin may be kept smaller
    before, after = (ndimage.gaussian_filter(np.asarray(one.convert("L"), np.float32), 1) for one in (twin, small))
    changed = np.abs(after - before)
    outside = np.ones(changed.shape, bool)
    sx, sy = twin.width / image.width, twin.height / image.height
    x0, y0, x1, y1 = (round(side) for side in box.clipped(*image.size).scaled(sx, sy).xyxy)
    outside[y0:y1, x0:x1] = False
    changed[outside] = 0
    largest = float(np.percentile(changed[~outside], 99))
    if largest < 2:
        return None
    return np.asarray(Image.fromarray(changed > _SHARE * largest).resize(image.size, Image.Resampling.NEAREST))


def iou(truth: NDArray[np.bool_], found: NDArray[np.bool_]) -> float:
    """Intersection over union, 0 to 1."""
    return float((truth & found).sum() / (truth | found).sum())


def _filled(polygon: Polygon, size_wh: tuple[int, int]) -> NDArray[np.bool_]:
    mask = Image.new("1", size_wh)
    ImageDraw.Draw(mask).polygon(list(polygon.points), fill=1)
    return np.asarray(mask)


def _ellipse(box: Box, size_wh: tuple[int, int]) -> NDArray[np.bool_]:
    mask = Image.new("1", size_wh)
    ImageDraw.Draw(mask).ellipse(box.xyxy, fill=1)
    return np.asarray(mask)


def _summary(rows: list[dict[str, object]], way: str) -> dict[str, object]:
    told: list[dict[str, float]] = [row[way] for row in rows]  # type: ignore[misc]
    overlaps = np.array([one["iou"] for one in told])
    labels = np.array([str(row["finding"]) for row in rows])
    resamples = draw_resamples([str(row["patient"] or row["sample"]) for row in rows])
    return {
        "all": str(bootstrap_mean(overlaps, resamples).overall),
        "by_finding": {label: float(overlaps[labels == label].mean()) for label in dict.fromkeys(labels.tolist())},
        "seconds": float(np.mean([one["seconds"] for one in told])),
    }


if __name__ == "__main__":
    main()
