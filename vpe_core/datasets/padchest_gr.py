"""PadChest-GR: one row of the master table is one label of one X-ray; its box is in the grounded reports.

Source: de Castro et al., PadChest-GR, arXiv 2411.05085 (2024).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from vpe_core.datasets.base import Dataset, DatasetSpec
from vpe_core.datasets.folders import ImageFolders, expected_in_settings, first_file
from vpe_core.datasets.headers import place, read_header
from vpe_core.datasets.labels import Labels
from vpe_core.datasets.rows import SourceRow, UnusableRow, collect, number, read_rows
from vpe_core.datasets.splits import describe, fetch_split, read_split, select_rows, split_file
from vpe_core.documents import DocumentError, read_bytes, read_json
from vpe_core.errors import DatasetError
from vpe_core.types import Sample, are_fractions

TABLE = "master_table.csv"
REPORTS = "grounded_reports_*.json"
IMAGES = ("Padchest_GR_files/PadChest_GR", "PadChest_GR", "images")
_CORNERS = 4
_REQUIRED = ("ImageID", "label", "label_group")
_OPTIONAL = ("PatientID", "PatientBirth", "StudyDate_DICOM", "PatientSex_DICOM", "Projection", "ViewPosition_DICOM")
_NO_PATIENTS = f" {TABLE} has no column PatientID, so each image counts as a patient."
# The column label_group of the master table without its catch-all groups, after github.com/javiermq/EX-IA-PadChest-Gr.
_CLASSES = (
    "Alveolar pattern", "Aortic atheromatosis", "Aortic elongation", "Atelectasis", "Bronchiectasis",
    "Cardiomegaly", "Central venous catheter", "Electrical device", "Endotracheal tube", "Fracture", "Goiter",
    "Hemidiaphragm elevation", "Hiatal hernia", "Hyperinflated lung", "Hypoexpansion", "Interstitial pattern",
    "NSG tube", "Nodule", "Osteopenia", "Pleural effusion", "Pleural thickening", "Scoliosis",
    "Vascular hilar enlargement", "Vertebral degenerative changes",
)  # fmt: skip

Findings: TypeAlias = Mapping[str, Any]


def _read(root: Path, part: str) -> Dataset:
    table = first_file([root / TABLE], "the master table", root)
    rows = read_rows(table, _REQUIRED, "ImageID", optional=_OPTIONAL, bare=True)
    reports = _read_reports(root)
    images = ImageFolders(root, IMAGES)
    numbers = read_split(split_file(root, "padchestgr", part) or fetch_split("padchestgr", part))
    selected = select_rows(rows, numbers, table)
    header, groups = cache(read_header), Labels(selected, "label_group")

    def sample(row: SourceRow) -> Sample:
        name, label = row["ImageID"], row.text("label")
        group = groups.of(row)
        boxes = _boxes(reports, name, label)
        path = images.find(name)
        size_wh = header(path).size_wh
        return Sample(
            sample_id=f"{name}#{row.nth}",
            image_id=name,
            image_path=path,
            patient_id=row.first("PatientID") or name,
            label=group,
            box=place(_in_pixels(boxes[0], size_wh), size_wh),
            group=label,
            attributes={**_attributes(row), "boxes": float(len(boxes))},
        )

    samples, problems = collect(selected, TABLE, sample)
    note = describe(numbers, "padchestgr", part) + ("" if "PatientID" in rows[0].cells else _NO_PATIENTS)
    return SPEC.dataset(part, root, samples, groups.classes, problems, note)


def _read_reports(root: Path) -> dict[str, Findings]:
    """The grounded reports by image; the newest file if there are several."""
    newest_first = sorted(root.glob(REPORTS), reverse=True)
    path = first_file([*newest_first, root / "grounded_reports.json"], f"the grounded reports ({REPORTS})", root)
    try:
        entries = read_json(read_bytes(path), list)
    except (OSError, DocumentError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DatasetError(
            f"Expected a JSON list of reports, each with an ImageID, in {path}, but it cannot be read: {reason}. "
            "Unpack the data set again."
        ) from None
    wrong = next((number for number, entry in enumerate(entries, 1) if not isinstance(entry, dict)), None)
    if wrong is not None:
        raise DatasetError(
            f"Expected a JSON list of reports, each with an ImageID, in {path}, but entry {wrong} is "
            f"{str(entries[wrong - 1])[:60]!r}. Unpack the data set again."
        )
    reports = {entry["ImageID"]: entry for entry in entries if isinstance(entry.get("ImageID"), str)}
    if not reports:
        raise DatasetError(
            f"Expected a JSON list of reports, each with an ImageID, in {path}, but none of its {len(entries)} entries "
            "has one. Unpack the data set again."
        )
    return reports


def _boxes(reports: Mapping[str, Findings], image: str, label: str) -> list[Any]:
    """All boxes of the first finding that has this label and any box; the paper marks the first of them."""
    if image not in reports:
        raise UnusableRow("box", f"The grounded reports do not mention the image {image}.")
    labelled = list(_with_label(reports[image], label))
    if not labelled:
        raise UnusableRow("label", f"The grounded report of {image} has no finding labelled {label!r}.")
    for finding in labelled:
        boxes = finding.get("boxes")
        if isinstance(boxes, list) and boxes:
            return boxes
    raise UnusableRow("box", f"The grounded report of {image} gives no box for {label!r}.")


def _with_label(report: Findings, label: str) -> Iterator[Findings]:
    findings = report.get("findings")
    for finding in findings if isinstance(findings, list) else ():
        labels = finding.get("labels") if isinstance(finding, dict) else None
        if isinstance(labels, list) and label in labels:
            yield finding


def _in_pixels(box: Any, size_wh: tuple[int, int]) -> tuple[float, ...]:
    """A box in pixels; the reports give fractions of the image's width and height."""
    corners = [_json_number(value) for value in box] if isinstance(box, list) else []
    known = [value for value in corners if value is not None]
    if len(corners) != _CORNERS or len(known) != _CORNERS:
        raise UnusableRow("box", f"Expected a box of four numbers, but got {str(box)[:60]}.")
    x0, y0, x1, y1 = known
    if math.isfinite(x0 + y0 + x1 + y1) and not are_fractions((x0, y0, x1, y1)):
        raise UnusableRow(
            "box",
            f"Expected a box in fractions of width and height, from 0 to 1, but got {x0:g}, {y0:g}, {x1:g}, {y1:g}. "
            "If these are pixels, divide them by the width and the height of the image that they belong to.",
        )
    width, height = size_wh
    return x0 * width, y0 * height, x1 * width, y1 * height


def _json_number(value: Any) -> float | None:
    return value if isinstance(value, float) else number(str(value))  # a text may hold one; true is none


def _attributes(row: SourceRow) -> dict[str, str | float | None]:
    birth, study = number(row.first("PatientBirth")), row.first("StudyDate_DICOM")[:4]
    return {
        "age": float(study) - birth if birth and study.isdigit() else None,  # of years: give or take one
        "sex": row.first("PatientSex_DICOM") or None,
        "view": row.first("Projection", "ViewPosition_DICOM") or None,
    }


SPEC = DatasetSpec(
    name="padchest-gr",
    title="PadChest-GR",
    parts=("test", "val", "train"),
    default_part="test",
    read=_read,
    how_to_get=(
        "Ask for access at https://bimcv.cipf.es/bimcv-projects/padchest-gr/ and unpack it: master_table.csv, "
        "grounded_reports_20240819.json, and the PNG files in Padchest_GR_files/PadChest_GR. The paper's split is "
        "fetched once, or read from test_indices.txt in the folder."
    ),
    terms="Research only, under BIMCV's agreement; it must not be passed on.",
    citation="de Castro et al., PadChest-GR: a bilingual chest X-ray dataset for grounded radiology report generation, "
    "arXiv 2411.05085",
    default_root=expected_in_settings("padchest-gr"),
    classes=_CLASSES,
    official_names={"test": "PadChestGRTest", "val": "PadChestGRVal", "train": "PadChestGRTrain"},
)
