from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.conftest import NIH_HEADING, write_png
from vpe_core.datasets import Problem, count_kinds, open_dataset
from vpe_core.errors import DatasetError
from vpe_core.types import Box


def test_the_published_layout(nih: Path) -> None:
    dataset = open_dataset("nih14", nih)
    assert [(sample.sample_id, sample.label, sample.box) for sample in dataset] == [
        ("00000013_005.png#1", "Infiltrate", Box(100.5, 200.25, 400.5, 600.25)),
        ("00000013_005.png#2", "Mass", Box(10, 20, 40, 60)),
        ("00030804_000.png#1", "Effusion", Box(500, 600, 600.125, 650)),
    ]
    assert [sample.patient_id for sample in dataset] == ["13", "13", "30804"]
    assert dataset.samples[0].attributes == {"age": 60, "sex": "M", "view": "AP"}
    assert dataset.samples[2].attributes == {"age": 27, "sex": "F", "view": "PA"}
    assert dataset.samples[2].image_path == nih / "images_012" / "images" / "00030804_000.png"
    assert dataset.classes == ("Effusion", "Infiltrate", "Mass")
    assert dataset.problems == ()
    assert (len(dataset), dataset.n_images, dataset.n_patients) == (3, 2, 2)
    assert dataset.class_counts() == {"Effusion": 1, "Infiltrate": 1, "Mass": 1}


def test_without_the_table_about_patients_the_file_name_tells_the_patient(nih: Path) -> None:
    (nih / "Data_Entry_2017_v2020.csv").unlink()
    dataset = open_dataset("nih14", nih)
    assert [sample.patient_id for sample in dataset] == ["13", "13", "30804"]
    assert dataset.samples[0].attributes == {}


ENTRY_HEADING = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,{},View Position,OriginalImage[Width,Height]"
)
ENTRY = "00000013_005.png,Mass,5,13,060Y,M,AP,3056,2544"


@pytest.mark.parametrize(
    ("table", "sex", "view", "note"),
    [
        (f"{ENTRY_HEADING.format('Patient Sex')},\n{ENTRY},\n", "M", "AP", ""),
        (f"{ENTRY_HEADING.format('Patient Gender')}\n{ENTRY},\n", "M", "AP", ""),
        (
            f"\ufeff{ENTRY_HEADING.format('PatientSex').replace('Image Index', 'Image  index')}\n{ENTRY}\n",
            "M",
            "AP",
            "",
        ),
        (
            f"{ENTRY_HEADING.format('Gender')}\n{ENTRY}\n",
            None,
            "AP",
            "tell sex (in a column Patient Sex or Patient Gender)",
        ),
        (
            f"{ENTRY_HEADING.format('Patient Sex').replace('View Position', 'View')}\n{ENTRY}\n",
            "M",
            None,
            "not tell view",
        ),
        (
            f'{ENTRY_HEADING.format("Patient Sex")}\n"x,y z\n{ENTRY}\n',
            "M",
            "AP",
            "1 rows are left out, the first is row 2",
        ),
    ],
)
def test_the_table_about_patients_may_be_of_any_release(
    nih: Path, table: str, sex: str | None, view: str | None, note: str
) -> None:
    (nih / "Data_Entry_2017_v2020.csv").write_text(table, encoding="utf-8")
    dataset = open_dataset("nih14", nih)
    assert dataset.problems == ()
    assert [sample.patient_id for sample in dataset] == ["13", "13", "30804"]
    assert dataset.samples[0].attributes == {"age": 60, "sex": sex, "view": view}
    assert (note in dataset.note) if note else dataset.note == ""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Image Index is missing"),
        (b"Image,Age\na.png,3\n", "Image Index is missing"),
        (b"\xff\xfeI\0m\0", "Save it as CSV in UTF-8"),
        (b"Image Index,View Position\n", "holds no rows"),
        (b"Image Index,Patient Age,patient age\na.png,3,4\n", "Expected one column Patient Age in Data_Entry"),
    ],
)
def test_a_table_about_patients_that_cannot_be_used_stops_no_box(nih: Path, content: bytes, reason: str) -> None:
    (nih / "Data_Entry_2017_v2020.csv").write_bytes(content)
    dataset = open_dataset("nih14", nih)
    assert len(dataset) == 3
    assert dataset.problems == ()
    assert dataset.note.startswith("Age, sex and view are not known. ")
    assert reason in dataset.note


def test_names_with_another_systems_folders_and_case(nih: Path) -> None:
    (nih / "BBox_List_2017.csv").write_text(
        f"{NIH_HEADING}images_001\\images\\00000013_005.png,Mass,1,2,3,4\n00030804_000.PNG,Effusion,1,2,3,4\n"
    )
    dataset = open_dataset("nih14", nih)
    assert [(s.sample_id, s.image_path.name, s.patient_id, s.attributes.get("view")) for s in dataset] == [
        ("00000013_005.png#1", "00000013_005.png", "13", "AP"),
        ("00030804_000.PNG#1", "00030804_000.png", "30804", None),
    ]
    write_png(nih / "images_012" / "images" / "00030804_000.Png", (1024, 1024))
    (problem,) = open_dataset("nih14", nih).problems
    assert "00030804_000.Png and 00030804_000.png, so that case does not tell" in problem.reason


def test_rows_that_cannot_be_used_are_named_and_skipped(nih: Path) -> None:
    images = nih / "images_002" / "images"
    write_png(images / "00000001_000.png", (512, 512))
    (images / "00000002_000.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    (images / "00000003_000.png").write_bytes(b"")
    with (nih / "BBox_List_2017.csv").open("a") as table:
        table.write(
            "00000404_000.png,Mass,1,2,3,4\n"
            "00000013_005.png,Mass,nan,2,3,4\n"
            "00000013_005.png,Mass,1,,3,4\n"
            "00000013_005.png,Mass,1,2,0,4\n"
            "00000013_005.png,Mass,1020,2,30,4\n"
            "00000013_005.png,Masss,1,2,3,4\n"
            "00000013_005.png,,1,2,3,4\n"
            "00000001_000.png,Mass,1,2,3,4\n"
            "00000002_000.png,Mass,1,2,3,4\n"
            "00000003_000.png,Mass,1,2,3,4\n"
            "00000013_005.png,Mass,0.1,0.2,0.3,0.4\n"
        )
    dataset = open_dataset("nih14", nih)
    assert len(dataset) == 3
    told = [(problem.row, problem.kind) for problem in dataset.problems]
    assert told == [
        (5, "missing image"), (6, "box"), (7, "box"), (8, "box"), (9, "box"), (10, "label"), (11, "label"),
        (12, "box"), (13, "unreadable image"), (14, "unreadable image"), (15, "box"),
    ]  # fmt: skip
    assert count_kinds(dataset.problems) == {"box": 6, "label": 2, "unreadable image": 2, "missing image": 1}
    reasons = {problem.row: problem.reason for problem in dataset.problems}
    assert reasons[5] == "The image '00000404_000.png' is not in images_*/images, images."
    assert reasons[6] == "Expected a number in the column Bbox [x, but got 'nan'."
    assert "centred outside the image of 1024 x 1024 pixels" in reasons[9]
    assert reasons[10].startswith("The label 'Masss' is not one of Atelectasis, ")
    assert "grid of 1024 x 1024 pixels, but 00000001_000.png has 512 x 512" in reasons[12]
    assert "it is empty" in reasons[14]
    assert "lies within 0 and 1" in reasons[15]
    assert all(problem.file == "BBox_List_2017.csv" for problem in dataset.problems)


def test_a_class_whose_images_are_missing_stays_in_the_question(nih: Path) -> None:
    (nih / "images_012" / "images" / "00030804_000.png").unlink()
    dataset = open_dataset("nih14", nih)
    assert dataset.classes == ("Effusion", "Infiltrate", "Mass")
    assert dataset.class_counts() == {"Effusion": 0, "Infiltrate": 1, "Mass": 1}
    assert dataset.problems == (
        Problem(
            "BBox_List_2017.csv", 4, "The image '00030804_000.png' is not in images_*/images, images.", "missing image"
        ),
    )


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda root: (root / "BBox_List_2017.csv").unlink(), r"Expected the boxes as BBox_List_2017\.csv in .*holds"),
        (lambda root: (root / "BBox_List_2017.csv").write_text("Image Index,Finding Label,x,y,w,h\na,b,1,2,3,4\n"),
         r"Bbox \[x, h\] are missing\. Found: Image Index, Finding Label, x, y, w, h\."),
        (lambda root: (root / "BBox_List_2017.csv").write_text(NIH_HEADING), "holds no rows"),
        (lambda root: (root / "BBox_List_2017.csv").write_bytes(b"\xff\xfe\x00I"), "UTF-8 text"),
    ],
)  # fmt: skip
def test_a_wrong_folder_or_table_stops_at_once(nih: Path, damage: object, message: str) -> None:
    damage(nih)  # type: ignore[operator]
    with pytest.raises(DatasetError, match=message):
        open_dataset("nih14", nih)


def test_a_folder_without_images_stops_at_once(nih: Path, tmp_path: Path) -> None:
    empty = tmp_path / "elsewhere"
    empty.mkdir()
    (nih / "BBox_List_2017.csv").rename(empty / "BBox_List_2017.csv")
    with pytest.raises(DatasetError, match=r"Expected images in images_\*/images or images in .*BBox_List_2017.csv"):
        open_dataset("nih14", empty)


def test_real_xrays(shared_data: Path) -> None:
    dataset = open_dataset("nih14", shared_data / "nih14")
    assert dataset.problems == ()
    assert dataset.class_counts() == {
        "Atelectasis": 1, "Cardiomegaly": 1, "Infiltrate": 1, "Nodule": 2, "Pneumonia": 1
    }  # fmt: skip
    first = dataset.samples[0]
    assert (first.image_id, first.label, first.patient_id) == ("00004296_000.png", "Atelectasis", "4296")
    assert first.attributes == {"age": 46, "sex": "M", "view": "PA"}
    assert first.box is not None
    assert first.box.xyxy == pytest.approx((731.428571, 753.100529, 731.428571 + 119.195767, 753.100529 + 93.189418))
