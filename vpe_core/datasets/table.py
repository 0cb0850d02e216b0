"""Any table of one's own: a CSV file with the columns image, label, x0, y0, x1, y1, beside its images."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from vpe_core.datasets.base import Dataset, DatasetSpec
from vpe_core.datasets.folders import expected_in_settings, inside
from vpe_core.datasets.headers import place, read_header
from vpe_core.datasets.rows import Row, attribute_reader, classes_of, collect, read_rows
from vpe_core.errors import DatasetError
from vpe_core.types import Sample

_REQUIRED = ("image", "label", "x0", "y0", "x1", "y1")
_OPTIONAL = ("patient", "group", "twin")
_HOW_TO_GET = (
    "Give a CSV file, or a folder with one CSV file, with the columns image (path from the table's folder), label, and "
    "x0, y0, x1, y1 (pixels; x1 and y1 lie just outside the box). The columns patient, group and twin are understood; "
    "all others are kept as attributes."
)


def _table_of(root: Path) -> Path:
    if root.is_file():
        return root
    tables = sorted(root.glob("*.csv"))
    if len(tables) != 1:
        found = ", ".join(table.name for table in tables[:5]) or "none"
        raise DatasetError(f"Expected one CSV file in {root}, but found {len(tables)}: {found}. Give the file itself.")
    return tables[0]


def _read(root: Path, part: str) -> Dataset:
    path = _table_of(root)
    folder = path.parent
    rows = read_rows(path, _REQUIRED, "image")
    own = {*_REQUIRED, *_OPTIONAL, ""}
    attributes = attribute_reader(rows, [column for column in rows[0].cells if column not in own])

    header = cache(read_header)

    def sample(row: Row) -> Sample:
        image = inside(folder, row["image"])
        twin = inside(folder, row["twin"]) if row.first("twin") else None
        if twin:
            header(twin)
        return Sample(
            sample_id=f"{row['image']}#{row.nth}",
            image_id=row["image"],
            image_path=image,
            patient_id=row.first("patient") or row["image"],
            label=row.label("label"),
            box=place(row.floats("x0", "y0", "x1", "y1"), header(image).size_wh),
            group=row.first("group"),
            twin_path=twin,
            attributes=attributes(row),
        )

    samples, problems = collect(rows, path.name, sample)
    slug = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "samples"
    return Dataset(f"table-{slug}", path.stem, part, folder, samples, classes_of(rows, "label"), problems)


SPEC = DatasetSpec(
    name="table",
    title="A table of your own",
    parts=("all",),
    default_part="all",
    read=_read,
    how_to_get=_HOW_TO_GET,
    terms="Your own terms; the images stay where they are.",
    default_root=expected_in_settings("table"),
)
