"""The scan map of every finding of a data set: how often a sliding marker finds it, against attention and chance.

    scan_set(open_dataset("sim-multi"), load_model("simclip"), Path("scan.json"))
    ScanRecord.read(Path("scan.json")).summary()

The marker has the same size everywhere, so that nothing but the X-ray tells where and how large a finding is. The file
is small, is written after every few findings, and goes on where it was stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vpe_core.errors import ImageReadError, LabError
from vpe_core.images import load_image
from vpe_core.lab.findings import drawn_at_random, findings_of
from vpe_core.lab.scan import LEAST, MOST, Scan, scan
from vpe_core.lab.scan_record import ScannedFinding, ScanOrder, ScanRecord
from vpe_core.lab.scene import LabScene, MarkerStyle
from vpe_core.types import Box, Sample

if TYPE_CHECKING:
    from vpe_core.datasets import Dataset
    from vpe_core.models import Model
    from vpe_core.types import Progress

SIDE_SHARE = 0.2
"""The marker is as wide as this share of the X-ray's shorter side."""
_SAVE_EVERY = 5


def scan_set(
    dataset: Dataset,
    model: Model,
    path: Path,
    *,
    n: int = 14,
    style: MarkerStyle | None = None,
    side: float = SIDE_SHARE,
    sizes: Sequence[float] = (1.0,),
    limit: int | None = None,
    command: str = "",
    report: Progress = lambda done, total: None,  # noqa: ARG005 - nobody watches
    on_problem: Callable[[Sample, str], None] = lambda sample, reason: None,  # noqa: ARG005 - nobody listens
) -> ScanRecord:
    """Scan all findings with a place, in a random order; what the file holds of the same order is kept.

    Args:
        dataset: An open data set.
        model: A loaded model.
        path: The JSON file that is written after every few findings, and read first.
        n: Places a side, 8 to 28.
        style: The marker; a red circle of 3 px if left out.
        side: Share of the X-ray's shorter side that it is wide.
        sizes: Relative to that; the map is the mean.
        limit: Only so many findings, drawn at random; a larger limit goes on with what a smaller one left.
        command: Stored beside the numbers.
        report: Told how many findings are done; where it raises, what is done is written first.
        on_problem: Told of findings whose image cannot be read, which are left out.

    Raises:
        LabError: The grid is out of range, the set has no findings with a place, or the file is of another order.
        VPEError: The marker cannot be drawn, or a class name cannot be used.
    """
    if not LEAST <= n <= MOST or not 0.02 <= side <= 1:
        raise LabError(f"Expected {LEAST} to {MOST} places a side and a marker of 0.02 to 1, but got {n} and {side}.")
    style = style or MarkerStyle("circle", "red", 3.0)
    listed = findings_of(dataset)
    if not listed:
        raise LabError(f"No finding of {dataset.title} has a box, so there is nothing that a scan could find.")
    samples = drawn_at_random(listed, limit)
    order = _order(dataset, model, style, n, side, sizes)
    record = ScanRecord(order, len(samples), command, n_all=len(listed))
    if path.exists():
        known = ScanRecord.read(path)
        if known.order != order:
            raise LabError(
                f"{path} holds scans of something else ({_difference(known.order, order)}). Name another file, or "
                "delete it."
            )
        record = replace(record, total=max(len(samples), len(known.findings)), findings=known.findings)
    done = {one.sample_id for one in record.findings}
    waiting = [sample for sample in samples if sample.sample_id not in done]
    found = list(record.findings)

    def save() -> ScanRecord:
        made = replace(record, findings=tuple(found))
        made.write(path)
        return made

    report(len(samples) - len(waiting), len(samples))
    try:
        for number, sample in enumerate(waiting, 1):
            try:
                found.append(_scanned(sample, dataset, model, style, order))
            except ImageReadError as error:
                on_problem(sample, str(error))
            if number % _SAVE_EVERY == 0:
                save()
            report(len(samples) - len(waiting) + number, len(samples))
    finally:
        record = save()
    return record


def _order(
    dataset: Dataset, model: Model, style: MarkerStyle, n: int, side: float, sizes: Sequence[float]
) -> ScanOrder:
    return ScanOrder(
        dataset.name, dataset.part, dataset.fingerprint, dataset.simulated, model.name, model.record.weights_sha256,
        style.marker, style.color, style.width, n, round(side, 5),
        tuple(round(size, 5) for size in sizes),
        tuple(dataset.class_words[label] for label in dataset.classes), dataset.template,
    )  # fmt: skip


def _scanned(sample: Sample, dataset: Dataset, model: Model, style: MarkerStyle, order: ScanOrder) -> ScannedFinding:
    image = load_image(sample.image_path)
    assert sample.box is not None
    half, (x, y) = order.side * min(image.size) / 2, (image.width / 2, image.height / 2)
    scene = LabScene(
        image, Box(x - half, y - half, x + half, y + half), order.classes, dataset.class_words[sample.label], style,
        order.template, known=sample.box,
    )  # fmt: skip
    found: Scan = scan(scene, model, n=order.n, sizes=order.sizes)
    assert found.found is not None
    looks = found.attention_found
    return ScannedFinding(
        sample.sample_id, sample.patient_id, sample.label, float(found.found.hit), found.found.iou,
        None if looks is None else float(looks.hit), None if looks is None else looks.iou, found.found.chance_hit,
        found.found.chance_iou, float(found.grid.max()) - found.unmarked,
    )  # fmt: skip


def _difference(known: ScanOrder, wanted: ScanOrder) -> str:
    names = [name for name, value in asdict(known).items() if value != asdict(wanted)[name]]
    return ", ".join(f"another {name}" for name in names)
