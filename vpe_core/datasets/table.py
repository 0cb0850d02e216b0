"""Any table of one's own: a CSV file with the columns image, label, x0, y0, x1, y1, beside its images."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path

from vpe_core.datasets.base import BoxTable, Dataset, DatasetSpec, Problem, TableBox
from vpe_core.datasets.folders import ImagePaths, expected_in_settings
from vpe_core.datasets.grids import place_inside, place_unseen
from vpe_core.datasets.headers import read_header
from vpe_core.datasets.labels import Labels
from vpe_core.datasets.rows import SourceRow, UnusableRow, attribute_reader, collect, read_rows
from vpe_core.errors import DatasetError
from vpe_core.types import Sample

_CORNERS = ("x0", "y0", "x1", "y1")
_REQUIRED = ("image", "label", *_CORNERS)
OPTIONAL = ("patient", "group", "twin")
_SEPARATORS = (",", ";", "\t")
_DECIMAL_COMMA = re.compile(r"^([+-]?[0-9]*),([0-9]+)$")
_MOST_BLANK_LINES, _MOST_LOOKED_AT = 100, 20_000
_HOW_TO_GET = (
    "Give a CSV file (parted by comma, semicolon or tab), or a folder with one CSV file, with the columns image (path "
    "from the table's folder), label, and "
    "x0, y0, x1, y1 (pixels; x1 and y1 lie just outside the box). The columns patient, group and twin are understood; "
    "all others are kept as attributes."
)


def is_table(dataset: str, root: Path) -> bool:
    """Whether a data set of this name is the table that lies in a folder."""
    try:
        return dataset == name_of(_table_of(root))
    except (DatasetError, OSError):
        return False


def name_of(table: Path) -> str:
    """What the data set of a table is called: "table-" and the file's name."""
    slug = re.sub(r"[^a-z0-9]+", "-", table.stem.lower()).strip("-") or "samples"
    return f"table-{slug}"


def _table_of(root: Path) -> Path:
    if root.is_file():
        return root
    tables = sorted(root.glob("*.csv"))
    if len(tables) != 1:
        found = ", ".join(table.name for table in tables[:5]) or "none"
        raise DatasetError(f"Expected one CSV file in {root}, but found {len(tables)}: {found}. Give the file itself.")
    return tables[0]


def read_samples(
    table: Path,
    rows: Sequence[SourceRow],
    label: str = "label",
    allowed: Sequence[str] = (),
    image_id: Callable[[str], str] = str,
) -> tuple[tuple[Sample, ...], tuple[str, ...], tuple[Problem, ...]]:
    """The samples of a table whose images lie beside it, its classes, and the problems of its other rows.

    Args:
        table: The file.
        rows: Those of its rows that are findings.
        label: The column with the class.
        allowed: The labels that there may be; any if empty.
        image_id: Makes an image's name from its path in the table.
    """
    images, header, labels = _Images(table.parent), cache(read_header), Labels(rows, label, allowed)
    own = {"image", label, *_CORNERS, *OPTIONAL, ""}
    attributes = attribute_reader(rows, [column for row in rows[:1] for column in row.cells if column not in own])

    def sample(row: SourceRow) -> Sample:
        name = image_id(row["image"])
        image = images.find(row["image"])
        twin = images.find(row["twin"]) if row.first("twin") else None
        if twin:
            header(twin)
        return Sample(
            sample_id=f"{name}#{row.nth}",
            image_id=name,
            image_path=image,
            patient_id=row.first("patient") or name,
            label=labels.of(row),
            box=place_inside(row.floats(*_CORNERS), header(image).size_wh),
            group=row.first("group"),
            twin_path=twin,
            attributes=attributes(row),
        )

    samples, problems = collect(rows, table.name, sample)
    return samples, labels.classes, problems


class _Images(ImagePaths):
    """Images beside a table; of one that lies in another folder than the table says, the folder is told."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._folder = root
        self._places: dict[str, str] | None = None

    def find(self, name: str) -> Path:
        try:
            return super().find(name)
        except UnusableRow as error:
            place = (
                self._place_of(name.replace("\\", "/").rsplit("/", 1)[-1]) if error.kind == "missing image" else None
            )
            if place is None:
                raise
            raise UnusableRow(error.kind, f"{error} A file of that name is at {place}: write that path.") from None

    def _place_of(self, bare: str) -> str | None:
        if self._places is None:
            found = islice(self._folder.rglob("*.*"), _MOST_LOOKED_AT)
            self._places = {path.name: path.relative_to(self._folder).as_posix() for path in found}
        return self._places.get(bare)


def separator_of(table: Path, required: Sequence[str] = _REQUIRED) -> str:
    """What parts the cells of a table: the sign that makes the needed columns out of its first line; else a comma."""
    with suppress(OSError, UnicodeDecodeError), table.open(encoding="utf-8-sig", newline="") as file:
        heading = next((line for line in islice(file, _MOST_BLANK_LINES) if line.strip(" ,;\t\r\n")), "")
        for sign in _SEPARATORS:
            names = {re.sub(r"[\s_]+", "", name).casefold() for name in next(csv.reader([heading], delimiter=sign), ())}
            if names.issuperset(required):
                return sign
    return ","


def read_table(table: Path, required: Sequence[str] = _REQUIRED) -> tuple[SourceRow, ...]:
    """The rows of a table of one's own: parted by comma, semicolon or tab.

    With semicolons, as spreadsheets write them where the decimal sign is a comma, the corners may have that sign.

    Raises:
        DatasetError: As `read_rows`.
    """
    sign = separator_of(table, required)
    rows = read_rows(table, required, "image", delimiter=sign, optional=OPTIONAL)
    return tuple(map(_with_points, rows)) if sign == ";" else rows


def _with_points(row: SourceRow) -> SourceRow:
    corners = {name: _DECIMAL_COMMA.sub(r"\1.\2", row.cells[name]) for name in _CORNERS if name in row.cells}
    return replace(row, cells={**row.cells, **corners})


def _read(root: Path, part: str) -> Dataset:
    table = _table_of(root)
    rows = read_table(table)
    samples, classes, problems = read_samples(table, rows)
    return Dataset(name_of(table), table.stem, part, table.parent, samples, classes, problems)


def _read_boxes(root: Path, part: str) -> BoxTable:  # noqa: ARG001  # there is one part
    table = _table_of(root)
    rows = read_table(table)
    labels = Labels(rows, "label")

    def box(row: SourceRow) -> TableBox:
        image = row["image"]
        return TableBox(image, row.first("patient") or image, labels.of(row), place_unseen(row.floats(*_CORNERS)), None)

    return BoxTable(table, *collect(rows, table.name, box))


SPEC = DatasetSpec(
    name="table",
    title="A table of your own",
    read=_read,
    how_to_get=_HOW_TO_GET,
    terms="Your own terms; the images stay where they are.",
    default_root=expected_in_settings("table"),
    read_boxes=_read_boxes,
)
