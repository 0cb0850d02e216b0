from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.datasets.conftest import write_png
from vpe_core.datasets import open_dataset
from vpe_core.errors import DatasetError
from vpe_core.types import Box

HEADING = ("image", "x0", "y0", "x1", "y1", "label", "patient", "age", "ward", "score")
ROWS = (
    ("x-rays/1.png", 10, 20, 30.5, 40, "NA", "007", 61, "007", 1.5),
    ("x-rays/1.png", 50, 20, 121.5, 40, "None", "007", "", "12", -2),
    ("./x-rays/2.png", 0, 0, 120, 90, "mass", "", 40, "", ""),
)
Write = Callable[..., Path]


def test_all_columns_are_kept_as_they_are(own_table: Write) -> None:
    path = own_table(HEADING, ROWS)
    dataset = open_dataset("table", path)
    assert dataset.name == "table-my-cohort"
    assert [(s.sample_id, s.patient_id, s.label, s.box) for s in dataset] == [
        ("x-rays/1.png#1", "007", "NA", Box(10, 20, 30.5, 40)),
        ("x-rays/1.png#2", "007", "None", Box(50, 20, 121.5, 40)),
        ("x-rays/2.png#1", "x-rays/2.png", "mass", Box(0, 0, 120, 90)),
    ]
    assert [sample.attributes for sample in dataset] == [
        {"age": 61, "ward": "007", "score": 1.5},
        {"age": None, "ward": "12", "score": -2},
        {"age": 40, "ward": None, "score": None},
    ]
    assert open_dataset("table", path.parent).samples == dataset.samples


def test_an_image_in_several_spellings_is_one_image(own_table: Write) -> None:
    names = ("x-rays/1.png", "./x-rays/1.png", ".\\x-rays\\1.png", "x-rays/./1.png", "x-rays//1.png")
    dataset = open_dataset("table", own_table(HEADING[:6], [(name, 1, 1, 5, 5, "a") for name in names]))
    assert (dataset.n_images, dataset.n_patients) == (1, 1)
    assert [sample.sample_id for sample in dataset] == [f"x-rays/1.png#{nth}" for nth in range(1, 6)]


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
        (
            ("x-rays/3.png", 1, 1, 5, 5, "a"),
            "missing image",
            "There is no image 3.png. It was looked for as 'x-rays/3.png' in /",
        ),
        (
            ("C:\\x-rays\\1.png", 1, 1, 5, 5, "a"),
            "missing image",
            "begins with a drive of Windows. Name it by its path from",
        ),
        (("..\\x-rays\\1.png", 1, 1, 5, 5, "a"), "missing image", "lies outside the data set's folder"),
        (("\\\\server\\x-rays\\1.png", 1, 1, 5, 5, "a"), "missing image", "lies outside the data set's folder"),
        (
            ("x-rays/1.png", 1, 1, 5, 5, "a", "", "", "", "", "left"),
            "other",
            "more cells than there are headings: 'left' has none",
        ),
        (("x-rays/1.png", 90, 1, 130, 5, "a"), "box", "reaches beyond the image of 120 x 90 pixels"),
        (("x-rays/1.png", -9, 1, 30, 5, "a"), "box", "reaches beyond the image of 120 x 90 pixels"),
        (
            ("x-rays/1.png", 0.25, 0.5, 0.5, 1.0, "a"),
            "box",
            "within 0 and 1, as fractions of width and height do. In pixels of this image of 120 x 90 it",
        ),
        (("x-rays/1.png", 10, 10, 10.5, 20, "a"), "box", "at least 1 wide and high, but got 0.5 x 10"),
        (("x-rays/1.png", 1, 1, 5, 5, "a" * 101), "label", "at most 100 characters, but got 101"),
        (("x-rays/1.png", 1, 1, 5, 5, "a\nb"), "label", "control character U+000A"),
        (("x-rays/1.png", 1, 1, 5, 5, "a\x07b"), "label", "control character U+0007"),
        (("x-rays/1.png", 1, 1, 5, 5, "na"), "label", "'na' differs from 'NA' in upper and lower case only"),
        (("../x-rays/1.png", 1, 1, 5, 5, "a"), "missing image", "lies outside the data set's folder"),
        (("/etc/hostname", 1, 1, 5, 5, "a"), "missing image", "lies outside the data set's folder"),
        (("", 1, 1, 5, 5, "a"), "missing image", "names no image"),
        (("my cohort.csv", 1, 1, 5, 5, "a"), "unreadable image", "no format that is read here"),
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


@pytest.mark.parametrize(
    ("labels", "difference"),
    [
        (("œde\u0301me", "œd\u00e9me"), "how its accents are encoded, as one character or as two, only"),
        (("Œde\u0301me", "œd\u00e9me"), "in upper and lower case and in how its accents are encoded"),
        (("lung\u00a0mass", "lung mass"), "in spaces or characters that cannot be seen only"),
        (
            ("Lung\u00a0mass", "lung mass"),
            "in spaces or characters that cannot be seen and in upper and lower case only",
        ),
        (("ma\u200bss", "mass"), "in spaces or characters that cannot be seen only"),
    ],
)
def test_what_two_labels_differ_in_is_told(own_table: Write, labels: tuple[str, str], difference: str) -> None:
    rows = [("x-rays/1.png", 1, 1, 5, 5, label) for label in (labels[1], *labels, "mass")]
    (problem,) = open_dataset("table", own_table(HEADING, rows)).problems
    assert (problem.row, difference in problem.reason) == (3, True)


def test_names_that_another_system_wrote(own_table: Write) -> None:
    path = own_table(("Image", "Label", "X0", "y0", "x1", "y1", "Patient", "twin"), [
        ("x-rays\\1.png", "a", 1, 1, 5, 5, "p1", ".\\X-rays\\2.PNG"),
        (".\\x-rays\\2.png", "b", 1, 1, 5, 5, "p2", ""),
        ("x-rays/1.png", "b", 1, 1, 5, 5, "p1", ""),
        ("X-Rays/A\u0308.PNG", "b", 1, 1, 5, 5, "p3", ""),
        ("x-rays/TWICE.png", "b", 1, 1, 5, 5, "p4", ""),
    ])  # fmt: skip
    images = path.parent / "x-rays"
    for name in ("\u00e4.png", "twice.png", "Twice.png"):
        write_png(images / name, (20, 20))
    dataset = open_dataset("table", path)
    assert [(s.sample_id, s.patient_id, s.image_path, s.twin_path) for s in dataset] == [
        ("x-rays/1.png#1", "p1", images / "1.png", images / "2.png"),
        ("x-rays/2.png#1", "p2", images / "2.png", None),
        ("x-rays/1.png#2", "p1", images / "1.png", None),
        ("X-Rays/A\u0308.PNG#1", "p3", images / "\u00e4.png", None),
    ]
    assert [(problem.row, problem.kind) for problem in dataset.problems] == [(6, "missing image")]
    assert "Twice.png and twice.png, so that case does not tell which one is meant" in dataset.problems[0].reason


def test_an_archive_from_windows_unpacked_into_names_with_backslashes(own_table: Write) -> None:
    path = own_table(HEADING, [("scans\\1.png", 1, 1, 5, 5, "a")])
    write_png(path.parent / "scans\\1.png", (20, 20))
    assert open_dataset("table", path).problems == ()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["mass", "mass"], "at least 2 classes, but got only 'mass'"),
        (["mass", "Mass", "nodule"], "'Mass' is given twice"),
        (["a\u0308", "\u00e4", "b"], "given twice"),
        (["mass", "x" * 101, "nodule"], "at most 100 characters"),
        ([f"finding {number}" for number in range(101)], "1 to 100 class names, but got 101"),
        (["mass", "nodule", ""], ""),
    ],
)
def test_classes_that_no_prompts_can_tell_apart_are_a_label_problem(
    own_table: Write, labels: list[str], message: str
) -> None:
    dataset = open_dataset("table", own_table(HEADING, [("x-rays/1.png", 1, 1, 5, 5, label) for label in labels]))
    assert message in dataset.class_problem
    assert bool(dataset.class_problem) == bool(message)
    whole = [problem for problem in dataset.all_problems if problem.row is None]
    assert [(problem.kind, dataset.class_problem in problem.reason) for problem in whole] == [("label", True)] * bool(
        message
    )


def test_a_missing_column_stops_at_once(own_table: Write) -> None:
    path = own_table(("image", "x0", "y0", "x1", "label"), [("x-rays/1.png", 1, 1, 5, "a")])
    with pytest.raises(DatasetError, match=r"y1 is missing\. Found: image, x0, y0, x1, label\."):
        open_dataset("table", path)


def test_a_folder_with_several_tables_is_refused(own_table: Write) -> None:
    folder = own_table(HEADING, ROWS).parent
    own_table(HEADING, ROWS, "other.csv")
    with pytest.raises(DatasetError, match=r"found 2: my cohort\.csv, other\.csv\. Give the file itself"):
        open_dataset("table", folder)
