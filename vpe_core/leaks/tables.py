"""From the table of a data set to its labelled boxes: no image is needed where the table says enough."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from vpe_core.datasets import BoxTable, Problem, TableBox, get, open_dataset, read_boxes
from vpe_core.datasets.headers import read_header
from vpe_core.datasets.table import SPEC as OWN_TABLE
from vpe_core.datasets.table import name_of
from vpe_core.errors import DatasetError
from vpe_core.leaks.boxes import LabelledBoxes
from vpe_core.leaks.measure import LeakTable
from vpe_core.leaks.record import TableSource

_ON_GRID = "All boxes are on a grid of {} pixels, as the data set says."
_FROM_IMAGES = "Read from the images."
_ONE_FRAME = (
    "Not in the table, and no image is here that its boxes fit: one frame of {:,} x {:,} pixels, which holds all "
    "boxes, stands for all images. Size and place are therefore told in pixels; a crop's rectangle is approximate."
)


def boxes_of_dataset(name: str, root: str | Path | None = None, part: str | None = None) -> LeakTable:
    """The labelled boxes of a part of a data set.

    Its table is enough for NIH ChestX-ray14. VinDr-CXR and tables of one's own do not tell how large the images are:
    that is read from the images where they are here, and else one frame stands for all. Of other sets, the images must
    be here.

    Args:
        name: From `vpe_core.datasets.names()`.
        root: Its folder; None for the default one.
        part: None for the data set's default part.

    Raises:
        DatasetError: As `open_dataset`, or there is not one usable box.
    """
    spec, table = get(name), read_boxes(name, root, part=part)
    source = TableSource(
        spec.name, spec.title, part or spec.default_part, terms=spec.terms, citation=spec.citation,
        simulated=spec.simulated,
    )  # fmt: skip
    if table is not None:
        named = (name_of(table.file), table.file.stem) if name == OWN_TABLE.name else (spec.name, spec.title)
        sha256 = hashlib.sha256(table.file.read_bytes()).hexdigest()
        source = replace(source, name=named[0], title=named[1], file=table.file.name, sha256=sha256, note=table.note)
        grids = {one.size_wh for one in table.boxes}
        if None not in grids:
            words = " and ".join("{:,} x {:,}".format(*grid) for grid in sorted(filter(None, grids)))
            return _table(table.boxes, table.problems, replace(source, image_sizes=_ON_GRID.format(words)))
    try:
        dataset = open_dataset(name, root, part=part)
    except DatasetError:
        if table is None:
            raise
        return _in_one_frame(table, source)
    if table is not None and not len(dataset):
        return _in_one_frame(table, source)
    source = replace(source, sha256=source.sha256 or dataset.fingerprint, image_sizes=_FROM_IMAGES, note=dataset.note)
    header = cache(read_header)
    boxes = [
        TableBox(one.image_id, one.patient_id, one.label, one.box, header(one.image_path).size_wh)
        for one in dataset
        if one.box
    ]
    return _table(boxes, dataset.problems, source)


def boxes_of_table(file: str | Path) -> LeakTable:
    """The labelled boxes of a table of one's own, in the format of `docs/datasets.md`.

    Raises:
        DatasetError: There is no such table, it is malformed, or there is not one usable box.
    """
    return boxes_of_dataset(OWN_TABLE.name, file)


def _in_one_frame(table: BoxTable, source: TableSource) -> LeakTable:
    width = max((math.ceil(one.box.x1) for one in table.boxes), default=1)
    height = max((math.ceil(one.box.y1) for one in table.boxes), default=1)
    boxes = [replace(one, size_wh=(width, height)) for one in table.boxes]
    words = _ONE_FRAME.format(width, height)
    return _table(boxes, table.problems, replace(source, image_sizes=words, sizes_known=False))


def _table(boxes: Sequence[TableBox], problems: tuple[Problem, ...], source: TableSource) -> LeakTable:
    if not boxes:
        first = f" The first: row {problems[0].row}: {problems[0].reason}" if problems else ""
        raise DatasetError(
            f"Expected boxes with a class each in {source.file or source.title}, but no row can be used.{first}"
        )
    source = replace(source, patients_named=any(one.patient_id != one.image_id for one in boxes))
    known = LabelledBoxes.of((one.label, one.patient_id, one.box, one.size_wh or (1, 1)) for one in boxes)
    return LeakTable(known, source, len({one.image_id for one in boxes}), problems)
