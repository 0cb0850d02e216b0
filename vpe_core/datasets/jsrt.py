"""JSRT: 154 X-rays with one nodule each, benign or malignant; raw .IMG files and a table without headings.

Source: Shiraishi et al., American Journal of Roentgenology 174 (2000) 71-74.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from vpe_core.datasets.base import Dataset, DatasetSpec
from vpe_core.datasets.folders import ImageFolders, expected_in_settings, first_file
from vpe_core.datasets.headers import place, read_header
from vpe_core.datasets.labels import Labels
from vpe_core.datasets.rows import SourceRow, UnusableRow, collect, number, read_rows
from vpe_core.images.jsrt import SIDE_PX
from vpe_core.prompts import JSRT_TEMPLATE
from vpe_core.types import Sample

TABLE = "CLNDAT_EN.txt"
COLUMNS = ("image", "second", "third", "age", "sex", "x", "y", "malignancy", "location", "diagnosis")
MM_PER_PX = 0.175
_BOX_FACTOR = 5
_SUBTLETIES = ("1", "2", "3", "4", "5")
_CLASSES = ("benign", "malignant")


def _read(root: Path, part: str) -> Dataset:
    table = first_file([root / TABLE, root / "Clinical_Information" / TABLE], "the clinical information", root)
    rows = read_rows(table, COLUMNS, "image", columns=COLUMNS, delimiter="\t", bare=True)
    images = ImageFolders(root, ("images", "Nodule154images", "."))
    labels = Labels(rows, "malignancy", _CLASSES)
    subtlety_first = _subtlety_first([row for row in rows if not row.flaw and not row.is_blank])
    header = cache(read_header)

    def sample(row: SourceRow) -> Sample:
        label = labels.of(row)
        x, y, second = row.floats("x", "y", "second")
        half = half_box_px(second)
        path = images.find(row["image"])
        size_wh = header(path).size_wh
        if size_wh != (SIDE_PX, SIDE_PX):
            raise UnusableRow(
                "box",
                f"The nodules are placed in images of {SIDE_PX} x {SIDE_PX} pixels, but {path.name} has {size_wh[0]} x "
                f"{size_wh[1]}. Give the published files.",
            )
        third = number(row["third"])
        size_mm, subtlety = (third, second) if subtlety_first else (second, third)
        return Sample(
            sample_id=f"{row['image']}#{row.nth}",
            image_id=row["image"],
            image_path=path,
            patient_id=row["image"],  # one image a patient
            label=label,
            box=place((x - half, y - half, x + half, y + half), size_wh),
            attributes={
                "age": number(row["age"]),
                "sex": row["sex"] or None,
                "size_mm": size_mm,
                "subtlety": subtlety,
                "location": row["location"] or None,
                "diagnosis": row["diagnosis"] or None,
            },
        )

    samples, problems = collect(rows, TABLE, sample)
    return SPEC.dataset(part, root, samples, labels.classes, problems, _SUBTLETY_NOTE if subtlety_first else "")


def half_box_px(second_column: float) -> int:
    """Half the edge of the paper's box: five times the second column, taken for millimetres, in whole pixels.

    Raises:
        UnusableRow: The box would have no area.
    """
    half = _BOX_FACTOR * int(second_column / MM_PER_PX)
    if half <= 0:
        raise UnusableRow("box", f"Expected a size above {MM_PER_PX} in the second column, but got {second_column}.")
    return half


def _subtlety_first(rows: Sequence[SourceRow]) -> bool:
    """Whether the second column holds the five degrees of subtlety and the third the size in mm.

    The official code takes the second for the size; others who parsed the published table report it as told here.
    """
    return all(row["second"] in _SUBTLETIES for row in rows) and any(row["third"] not in _SUBTLETIES for row in rows)


_SUBTLETY_NOTE = (
    "The second column of this table is the degree of subtlety, not the size in mm. The paper's boxes are made from "
    "the second column, and so are these, to be comparable: their size follows the subtlety, not the nodule."
)

SPEC = DatasetSpec(
    name="jsrt",
    title="JSRT",
    read=_read,
    how_to_get=(
        "Register at http://db.jsrt.or.jp/eng.php and unpack it: Clinical_Information/CLNDAT_EN.txt, and the 154 .IMG "
        "files with nodules in images or Nodule154images."
    ),
    terms="Free for research after registration; it must not be passed on.",
    citation="Shiraishi et al., Development of a digital image database for chest radiographs with and without a lung "
    "nodule, AJR 174 (2000) 71-74",
    default_root=expected_in_settings("jsrt"),
    classes=_CLASSES,
    template=JSRT_TEMPLATE,
    official_names={"all": "JSRT"},
    patient_of=str,  # one image a patient
)
