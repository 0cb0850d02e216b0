"""NIH ChestX-ray14: the 984 boxes of BBox_List_2017.csv, drawn by a radiologist on images of 1024 x 1024 pixels.

Source: Wang et al., ChestX-ray8, CVPR 2017.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from vpe_core.datasets.base import BoxTable, Dataset, DatasetSpec, TableBox
from vpe_core.datasets.folders import ImageFolders, expected_in_settings, first_file
from vpe_core.datasets.grids import place_pixels
from vpe_core.datasets.headers import read_header
from vpe_core.datasets.labels import Labels
from vpe_core.datasets.rows import SourceRow, UnusableRow, collect, number, read_rows
from vpe_core.errors import DatasetError
from vpe_core.types import Box, Sample

BOXES = "BBox_List_2017.csv"
ENTRIES = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv")
SIDE_PX = 1024
NO_FINDING = "No Finding"
"""The label of an X-ray with nothing to find."""
_IMAGE = "Image Index"
_ENTRY_COLUMNS = {
    "patient": ("Patient ID",),
    "age": ("Patient Age",),
    "sex": ("Patient Sex", "Patient Gender"),
    "view": ("View Position",),
}
"""What is read about an image, and under which heading: NIH has served several releases of the table."""
# The published heading is "Bbox [x,y,w,h]", unquoted, so that the table's own commas split it into four columns.
_X, _Y, _WIDTH, _HEIGHT = "Bbox [x", "y", "w", "h]"
# As BBox_List_2017.csv spells them: Infiltrate, where the other tables say Infiltration.
_CLASSES = (
    "Atelectasis", "Cardiomegaly", "Effusion", "Infiltrate", "Mass", "Nodule", "Pneumonia", "Pneumothorax",
)  # fmt: skip


def _read(root: Path, part: str) -> Dataset:
    _, rows = _rows(root)
    images = ImageFolders(root, ("images_*/images", "images"))
    labels = Labels(rows, "Finding Label", _CLASSES)
    entries, note = _entries(root)
    header = cache(read_header)

    def sample(row: SourceRow) -> Sample:
        label = labels.of(row)
        name = row[_IMAGE]
        path = images.find(name)
        size_wh = header(path).size_wh
        if size_wh != (SIDE_PX, SIDE_PX):
            raise UnusableRow(
                "box",
                f"The boxes are on a grid of {SIDE_PX} x {SIDE_PX} pixels, but {name} has {size_wh[0]} x {size_wh[1]}.",
            )
        entry = entries.get(name)
        return Sample(
            sample_id=f"{name}#{row.nth}",
            image_id=name,
            image_path=path,
            patient_id=_patient(name, entry),
            label=label,
            box=_box(row),
            attributes=_attributes(entry) if entry else {},
        )

    samples, problems = collect(rows, BOXES, sample)
    return SPEC.dataset(part, root, samples, labels.classes, problems, note)


def _read_boxes(root: Path, part: str) -> BoxTable:  # noqa: ARG001  # there is one part
    table, rows = _rows(root)
    labels = Labels(rows, "Finding Label", _CLASSES)
    entries, note = _entries(root)

    def box(row: SourceRow) -> TableBox:
        name = row[_IMAGE]
        return TableBox(name, _patient(name, entries.get(name)), labels.of(row), _box(row), (SIDE_PX, SIDE_PX))

    return BoxTable(table, *collect(rows, BOXES, box), note)


def _rows(root: Path) -> tuple[Path, tuple[SourceRow, ...]]:
    table = first_file([root / BOXES], "the boxes", root)
    return table, read_rows(table, (_IMAGE, "Finding Label", _X, _Y, _WIDTH, _HEIGHT), _IMAGE, bare=True)


def _box(row: SourceRow) -> Box:
    x, y, width, height = row.floats(_X, _Y, _WIDTH, _HEIGHT)
    if width <= 0 or height <= 0:
        raise UnusableRow("box", f"Expected a box with a width and a height, but got {width} x {height}.")
    return place_pixels(Box.from_xywh(x, y, width, height).xyxy, (SIDE_PX, SIDE_PX))


def _entries(root: Path) -> tuple[dict[str, SourceRow], str]:
    """The rows about all images, by image, and a note on what they do not tell.

    That table only adds patient, age, sex and view, so nothing in it stops the boxes.
    """
    table = next((root / name for name in ENTRIES if (root / name).is_file()), None)
    if table is None:
        return {}, ""
    optional = [heading for headings in _ENTRY_COLUMNS.values() for heading in headings]
    try:
        rows = read_rows(table, (_IMAGE,), _IMAGE, optional=optional, bare=True)
    except DatasetError as error:
        return {}, f"Age, sex and view are not known. {error}"
    absent = [
        f"{what} (in a column {' or '.join(headings)})"
        for what, headings in _ENTRY_COLUMNS.items()
        if not any(heading in rows[0].cells for heading in headings)
    ]
    notes = [f"{table.name} does not tell {', '.join(absent)}."] if absent else []
    flawed = [row for row in rows if row.flaw]
    if flawed:
        first = flawed[0]
        notes.append(f"Of {table.name}, {len(flawed)} rows are left out, the first is row {first.number}: {first.flaw}")
    return {row[_IMAGE]: row for row in rows if not row.flaw}, " ".join(notes)


def _patient(name: str, entry: SourceRow | None) -> str:
    return _unpadded(entry.first("Patient ID") if entry else "") or _patient_of(name)


def _patient_of(name: str) -> str:
    """Files are named PATIENT_FOLLOWUP.png."""
    return _unpadded(name.split("_", maxsplit=1)[0])


def _unpadded(number: str) -> str:
    return number.lstrip("0") or number


def _attributes(entry: SourceRow) -> dict[str, str | float | None]:
    def cell(what: str) -> str:
        return entry.first(*_ENTRY_COLUMNS[what])

    return {
        "age": number(cell("age").removesuffix("Y")),
        "sex": cell("sex") or None,
        "view": cell("view") or None,
    }


SPEC = DatasetSpec(
    name="nih14",
    title="NIH ChestX-ray14",
    read=_read,
    how_to_get=(
        "Download it from https://nihcc.app.box.com/v/ChestXray-NIHCC and keep the layout: BBox_List_2017.csv, "
        "Data_Entry_2017_v2020.csv (for age, sex and view), and images_001/images to images_012/images."
    ),
    terms="No restriction on use; name the NIH Clinical Center and cite the paper.",
    citation="Wang et al., ChestX-ray8: hospital-scale chest X-ray database and benchmarks, CVPR 2017",
    default_root=expected_in_settings("nih14"),
    classes=_CLASSES,
    official_names={"all": "NIH14"},
    patient_of=_patient_of,
    read_boxes=_read_boxes,
)
