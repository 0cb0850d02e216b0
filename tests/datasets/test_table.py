from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vpe_core.datasets import open_dataset
from vpe_core.errors import DatasetError
from vpe_core.types import Box

HEADING = ("image", "x0", "y0", "x1", "y1", "label", "patient", "age", "ward", "score")
ROWS = (
    ("x-rays/1.png", 10, 20, 30.5, 40, "NA", "007", 61, "007", 1.5),
    ("x-rays/1.png", 50, 20, 130, 40, "None", "007", "", "12", -2),
    ("./x-rays/2.png", 0, 0, 120, 90, "mass", "", 40, "", ""),
)
Write = Callable[..., Path]


def test_all_columns_are_kept_as_they_are(own_table: Write) -> None:
    path = own_table(HEADING, ROWS)
    dataset = open_dataset("table", path)
    assert dataset.name == "table-my-cohort"
    assert [(s.sample_id, s.patient_id, s.label, s.box) for s in dataset] == [
        ("x-rays/1.png#1", "007", "NA", Box(10, 20, 30.5, 40)),
        ("x-rays/1.png#2", "007", "None", Box(50, 20, 130, 40)),
        ("./x-rays/2.png#1", "./x-rays/2.png", "mass", Box(0, 0, 120, 90)),
    ]
    assert [sample.attributes for sample in dataset] == [
        {"age": 61, "ward": "007", "score": 1.5},
        {"age": None, "ward": "12", "score": -2},
        {"age": 40, "ward": None, "score": None},
    ]
    assert open_dataset("table", path.parent).samples == dataset.samples


def test_the_frame_keeps_its_own_columns(own_table: Write) -> None:
    heading = (*HEADING, "sample_id", "group", "twin")
    path = own_table(heading, [(*ROWS[0], "mine", "coarse", "x-rays/2.png")])
    dataset = open_dataset("table", path)
    frame = dataset.frame()
    assert frame.loc[0, ["sample_id", "group", "twin_path"]].tolist() == ["x-rays/1.png#1", "coarse", "x-rays/2.png"]
    assert frame.loc[0, ["x0", "y0", "x1", "y1", "score"]].tolist() == [10, 20, 30.5, 40, 1.5]
    assert dataset.samples[0].twin_path == path.parent / "x-rays" / "2.png"


@pytest.mark.parametrize(
    ("row", "kind", "reason"),
    [
        (("x-rays/3.png", 1, 1, 5, 5, "a"), "missing image", "There is no image 3.png."),
        (("../x-rays/1.png", 1, 1, 5, 5, "a"), "missing image", "lies outside the data set's folder"),
        (("/etc/hostname", 1, 1, 5, 5, "a"), "missing image", "lies outside the data set's folder"),
        (("", 1, 1, 5, 5, "a"), "missing image", "names no image"),
        (("my cohort.csv", 1, 1, 5, 5, "a"), "unreadable image", "damaged or no image"),
        (("x" * 5000, 1, 1, 5, 5, "a"), "unreadable image", "File name too long"),
        (("x\0y.png", 1, 1, 5, 5, "a"), "missing image", "There is no image"),
        (("x-rays/1.png", 5, 1, 5, 5, "a"), "box", "x0 < x1"),
        (("x-rays/1.png", 5, 1, "inf", 5, "a"), "box", "column x1, but got 'inf'"),
        (("x-rays/1.png", 100, 1, 200, 5, "a"), "box", "centred outside the image of 120 x 90"),
        (("x-rays/1.png", 1, 1, 5, 5, " "), "label", "column label is empty"),
        (("x-rays/1.png",), "label", "column label is empty"),
    ],
)
def test_rows_that_cannot_be_used(own_table: Write, row: tuple[object, ...], kind: str, reason: str) -> None:
    dataset = open_dataset("table", own_table(HEADING, [ROWS[0], row]))
    assert len(dataset) == 1
    (problem,) = dataset.problems
    assert (problem.file, problem.row, problem.kind) == ("my cohort.csv", 3, kind)
    assert reason in problem.reason


def test_a_missing_column_stops_at_once(own_table: Write) -> None:
    path = own_table(("image", "x0", "y0", "x1", "label"), [("x-rays/1.png", 1, 1, 5, "a")])
    with pytest.raises(DatasetError, match=r"y1 is missing\. Found: image, x0, y0, x1, label\."):
        open_dataset("table", path)


def test_a_folder_with_several_tables_is_refused(own_table: Write) -> None:
    folder = own_table(HEADING, ROWS).parent
    own_table(HEADING, ROWS, "other.csv")
    with pytest.raises(DatasetError, match=r"found 2: my cohort\.csv, other\.csv\. Give the file itself"):
        open_dataset("table", folder)
