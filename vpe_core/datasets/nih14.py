"""NIH ChestX-ray14: the 984 boxes of BBox_List_2017.csv, drawn by a radiologist on images of 1024 x 1024 pixels.

Source: Wang et al., ChestX-ray8, CVPR 2017.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from vpe_core.datasets.base import Dataset, DatasetSpec
from vpe_core.datasets.folders import ImageFolders, expected_in_settings, first_file
from vpe_core.datasets.headers import place, read_header
from vpe_core.datasets.rows import Row, UnusableRow, classes_of, collect, number, read_rows
from vpe_core.prompts import CLASS_LISTS
from vpe_core.types import Box, Sample

BOXES = "BBox_List_2017.csv"
ENTRIES = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv")
SIDE_PX = 1024
# The published heading is "Bbox [x,y,w,h]", unquoted, so that the table's own commas split it into four columns.
_X, _Y, _WIDTH, _HEIGHT = "Bbox [x", "y", "w", "h]"
_TITLE = "NIH ChestX-ray14"


def _read(root: Path, part: str) -> Dataset:
    table = first_file([root / BOXES], "the boxes", root)
    rows = read_rows(table, ("Image Index", "Finding Label", _X, _Y, _WIDTH, _HEIGHT), "Image Index")
    images = ImageFolders(root, ("images_*/images", "images"))
    labels = CLASS_LISTS.get("nih14").classes
    entries = _entries(root)
    header = cache(read_header)

    def sample(row: Row) -> Sample:
        label = row.label("Finding Label", labels)
        name = row["Image Index"]
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
            box=place(Box.from_xywh(*_xywh(row)).xyxy, size_wh),
            attributes=_attributes(entry) if entry else {},
        )

    samples, problems = collect(rows, BOXES, sample)
    classes = classes_of(rows, "Finding Label", labels)
    return Dataset("nih14", _TITLE, part, root, samples, classes, problems)


def _xywh(row: Row) -> tuple[float, float, float, float]:
    x, y, width, height = row.floats(_X, _Y, _WIDTH, _HEIGHT)
    if width <= 0 or height <= 0:
        raise UnusableRow("box", f"Expected a box with a width and a height, but got {width} x {height}.")
    return x, y, width, height


def _entries(root: Path) -> dict[str, Row]:
    """The rows about all images, by image; empty without that table, which only adds age, sex and view."""
    table = next((root / name for name in ENTRIES if (root / name).is_file()), None)
    if table is None:
        return {}
    required = ("Image Index", "Patient ID", "Patient Age", "Patient Gender", "View Position")
    return {row["Image Index"]: row for row in read_rows(table, required, "Image Index")}


def _patient(name: str, entry: Row | None) -> str:
    # Files are named PATIENT_FOLLOWUP.png.
    return entry["Patient ID"] if entry else name.split("_", maxsplit=1)[0].lstrip("0")


def _attributes(entry: Row) -> dict[str, str | float | None]:
    return {
        "age": number(entry["Patient Age"].removesuffix("Y")),
        "sex": entry["Patient Gender"] or None,
        "view": entry["View Position"] or None,
    }


SPEC = DatasetSpec(
    name="nih14",
    title=_TITLE,
    parts=("all",),
    default_part="all",
    read=_read,
    how_to_get=(
        "Download it from https://nihcc.app.box.com/v/ChestXray-NIHCC and keep the layout: BBox_List_2017.csv, "
        "Data_Entry_2017_v2020.csv (for age, sex and view), and images_001/images to images_012/images."
    ),
    terms="No restriction on use; name the NIH Clinical Center and cite the paper.",
    citation="Wang et al., ChestX-ray8: hospital-scale chest X-ray database and benchmarks, CVPR 2017",
    default_root=expected_in_settings("nih14"),
)
