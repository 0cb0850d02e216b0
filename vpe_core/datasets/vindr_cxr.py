"""VinDr-CXR: one row of the annotations is one box by one radiologist; PNG files, or the DICOM files as published.

Source: Nguyen et al., VinDr-CXR, Scientific Data 9 (2022) 429.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from vpe_core.datasets.base import BoxTable, Dataset, DatasetSpec, TableBox
from vpe_core.datasets.folders import ImageFolders, expected_in_settings, first_file
from vpe_core.datasets.grids import SizeWH, place_inside, place_unseen, were_resized
from vpe_core.datasets.headers import read_header
from vpe_core.datasets.labels import Labels
from vpe_core.datasets.rows import SourceRow, UnusableRow, collect, read_rows
from vpe_core.datasets.splits import describe, read_split, select_rows, split_file
from vpe_core.types import Sample

NO_FINDING = "No finding"
SUFFIXES = (".png", ".dicom", ".dcm")
_CORNERS = ("x_min", "y_min", "x_max", "y_max")
# The 22 local labels of annotations_train.csv; "No finding" has no place and is dropped.
_CLASSES = (
    "Aortic enlargement", "Atelectasis", "Calcification", "Cardiomegaly", "Clavicle fracture", "Consolidation",
    "Edema", "Emphysema", "Enlarged PA", "ILD", "Infiltration", "Lung Opacity", "Lung cavity", "Lung cyst",
    "Mediastinal shift", "Nodule/Mass", "Other lesion", "Pleural effusion", "Pleural thickening",
    "Pneumothorax", "Pulmonary fibrosis", "Rib fracture",
)  # fmt: skip
_RESIZED = (
    "Other boxes of this set reach beyond their images, so the images were resized, and the boxes are on the grid of "
    "the originals, as will be this one of {} ({} x {} pixels). Give the DICOM files, PNG files of full size, or boxes "
    "scaled to these images."
)


def _read(root: Path, part: str) -> Dataset:
    table, selected, note = _rows(root, part)
    images = ImageFolders(root, (f"pngs/{part}", part, f"images/{part}"), SUFFIXES)
    header, labels = cache(read_header), Labels(selected, "class_name")

    def box_and_size(row: SourceRow) -> tuple[tuple[float, ...], SizeWH]:
        return row.floats(*_CORNERS), header(images.find(row["image_id"])).size_wh

    resized = were_resized(selected, "image_id", box_and_size)

    def sample(row: SourceRow) -> Sample:
        image, label = row["image_id"], labels.of(row)
        corners = row.floats(*_CORNERS)
        path = images.find(image)
        facts = header(path)
        box = place_inside(corners, facts.size_wh)
        if resized:
            raise UnusableRow("box", _RESIZED.format(image, *facts.size_wh))
        return Sample(
            sample_id=f"{image}#{row.nth}",
            image_id=image,
            image_path=path,
            patient_id=image,  # the source names no patients
            label=label,
            box=box,
            attributes={"age": facts.age_years, "sex": facts.sex or None, "reader": row.first("rad_id") or None},
        )

    samples, problems = collect(selected, table.name, sample)
    return SPEC.dataset(part, root, samples, labels.classes, problems, note)


def _read_boxes(root: Path, part: str) -> BoxTable:
    table, selected, note = _rows(root, part)
    labels = Labels(selected, "class_name")

    def box(row: SourceRow) -> TableBox:
        image = row["image_id"]
        return TableBox(image, image, labels.of(row), place_unseen(row.floats(*_CORNERS)), None)

    return BoxTable(table, *collect(selected, table.name, box), note)


def _rows(root: Path, part: str) -> tuple[Path, tuple[SourceRow, ...], str]:
    """The table, the rows of it that the paper uses, and a note on which these are."""
    name = f"annotations_{part}.csv"
    table = first_file([root / "annotations" / name, root / name], "the annotations", root)
    rows = read_rows(table, ("image_id", "class_name", *_CORNERS), "image_id", optional=("rad_id",), bare=True)
    file = split_file(root, "vindrcxr", part)
    numbers = read_split(file) if file else paper_rule(rows)
    selected = select_rows(rows, numbers, table) if numbers else ()
    return table, selected, describe(numbers, "vindrcxr", part)


def paper_rule(rows: Sequence[SourceRow]) -> tuple[int, ...]:
    """The rows that the paper uses, counted from 0; of the published tables they are the official split.

    Rows without a finding are left out, and so are all rows of an image in which one reader marked a class twice: a
    class and an image would then not tell which box is meant.
    """
    findings = [(position, row) for position, row in enumerate(rows) if row["class_name"] != NO_FINDING]
    marks = Counter((row["image_id"], row["class_name"], row.first("rad_id")) for _, row in findings)
    ambiguous = {image for (image, _, _), count in marks.items() if count > 1}
    return tuple(position for position, row in findings if row["image_id"] not in ambiguous)


SPEC = DatasetSpec(
    name="vindr-cxr",
    title="VinDr-CXR",
    parts=("test", "train"),
    default_part="test",
    read=_read,
    how_to_get=(
        "Ask for credentialed access at https://physionet.org/content/vindr-cxr/1.0.0/ and keep the layout: "
        "annotations/annotations_test.csv and the DICOM files in test; PNG files of full size go to pngs/test."
    ),
    terms="PhysioNet Credentialed Health Data License 1.5.0; it must not be passed on.",
    citation="Nguyen et al., VinDr-CXR: an open dataset of chest X-rays with radiologist's annotations, "
    "Scientific Data 9 (2022) 429",
    default_root=expected_in_settings("vindr-cxr"),
    classes=_CLASSES,
    official_names={"test": "VinDrCXRTest", "train": "VinDrCXRTrain"},
    read_boxes=_read_boxes,
)
