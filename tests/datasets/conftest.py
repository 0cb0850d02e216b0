"""Small data sets in the layouts in which the real ones are published, written anew for each test."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.images.conftest import dicom_bytes, dicom_dataset

NIH_HEADING = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"
VINDR_TRAIN = ("image_id", "rad_id", "class_name", "x_min", "y_min", "x_max", "y_max")
VINDR_TEST = ("image_id", "class_name", "x_min", "y_min", "x_max", "y_max")


def write_table(path: Path, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(heading)
        writer.writerows(rows)
    return path


def write_png(path: Path, size_wh: tuple[int, int], bits: int = 8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size_wh
    ramp = np.linspace(0, 2**bits - 1, width * height).reshape(height, width)
    Image.fromarray(ramp.astype(np.uint8 if bits == 8 else np.uint16)).save(path)
    return path


def write_dicom(path: Path, size_wh: tuple[int, int], age: str, sex: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size_wh
    values = np.linspace(0, 4095, width * height).astype(np.uint16).reshape(height, width)
    path.write_bytes(dicom_bytes(dicom_dataset(values, BitsStored=12, HighBit=11, PatientAge=age, PatientSex=sex)))
    return path


def write_img(path: Path) -> Path:
    """A raw JSRT image: 2048 x 2048 big-endian values of 12 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.tile(np.linspace(0, 4095, 2048).astype(">i2"), (2048, 1)).tofile(path)
    return path


@pytest.fixture
def nih(tmp_path: Path) -> Path:
    """Three boxes on two images in two of the twelve folders, without the trailing commas of the original rows."""
    (tmp_path / "BBox_List_2017.csv").write_text(
        NIH_HEADING
        + "00000013_005.png,Infiltrate,100.5,200.25,300,400\n"
        + "00000013_005.png,Mass,10,20,30,40\n"
        + "00030804_000.png,Effusion,500,600,100.125,50,,,\n"
    )
    write_table(
        tmp_path / "Data_Entry_2017_v2020.csv",
        ("Image Index", "Finding Labels", "Follow-up #", "Patient ID", "Patient Age", "Patient Gender",
         "View Position", "OriginalImage[Width", "Height]"),
        [("00000013_005.png", "Infiltration|Mass", 5, 13, 60, "M", "AP", 2500, 2048),
         ("00030804_000.png", "Effusion", 0, 30804, "027Y", "F", "PA", 2500, 2048)],
    )  # fmt: skip
    write_png(tmp_path / "images_001" / "images" / "00000013_005.png", (1024, 1024))
    write_png(tmp_path / "images_012" / "images" / "00030804_000.png", (1024, 1024))
    return tmp_path


PADCHEST_ROWS = (
    ("s0", "a.png", "p1", "nodule", "Nodule"),
    ("s0", "a.png", "p1", "lung mass", "Nodule"),
    ("s1", "b.png", "p2", "cardiomegaly", "Cardiomegaly"),
    ("s2", "c.png", "p3", "no finding", "Normal"),
)
PADCHEST_REPORTS = (
    {
        "StudyID": "s0", "ImageID": "a.png",
        "findings": [
            {"sentence_en": "No effusion.", "abnormal": False},
            {"labels": ["nodule"], "boxes": []},
            {"labels": ["nodule", "granuloma"], "boxes": [[0.25, 0.5, 0.375, 0.75], [0, 0, 0.1, 0.1]]},
            {"labels": ["lung mass"], "boxes": [[0.5, 0.1, 0.9, 0.3]]},
        ],
    },
    {"StudyID": "s1", "ImageID": "b.png", "findings": [{"labels": ["cardiomegaly"], "boxes": [[0.2, 0.4, 0.8, 0.9]]}]},
    {"StudyID": "s2", "ImageID": "c.png", "findings": [{"labels": ["no finding"], "boxes": []}]},
)  # fmt: skip


@pytest.fixture
def padchest(tmp_path: Path) -> Path:
    """Four rows of the master table, with the split test = rows 0, 1, 2 beside it."""
    heading = ("StudyID", "ImageID", "PatientID", "label", "label_group", "PatientSex_DICOM", "PatientBirth",
               "StudyDate_DICOM", "Projection")  # fmt: skip
    write_table(
        tmp_path / "master_table.csv", heading, [(*row, "F", "1950.0", "20140915", "PA") for row in PADCHEST_ROWS]
    )
    (tmp_path / "grounded_reports_20240819.json").write_text(json.dumps(PADCHEST_REPORTS))
    (tmp_path / "test_indices.txt").write_text("0\n1\n2")
    for name, size in (("a.png", (400, 200)), ("b.png", (300, 330)), ("c.png", (100, 100))):
        write_png(tmp_path / "Padchest_GR_files" / "PadChest_GR" / name, size, bits=16)
    return tmp_path


@pytest.fixture
def vindr(tmp_path: Path) -> Path:
    """The published layout with DICOM files; image "twice" has a class twice for one reader."""
    write_table(
        tmp_path / "annotations" / "annotations_train.csv",
        VINDR_TRAIN,
        [
            ("plain", "R1", "No finding", "", "", "", ""),
            ("twice", "R1", "Nodule/Mass", 1, 1, 5, 5),
            ("twice", "R1", "Nodule/Mass", 6, 6, 9, 9),
            ("twice", "R2", "Cardiomegaly", 2, 2, 9, 9),
            ("readers", "R1", "Cardiomegaly", 10.5, 20, 50, 60.25),
            ("readers", "R2", "Cardiomegaly", 11, 21, 51, 61),
            ("readers", "R2", "ILD", 30, 30, 40, 40),
        ],
    )
    write_table(
        tmp_path / "annotations" / "annotations_test.csv",
        VINDR_TEST,
        [("t1", "Cardiomegaly", 10, 10, 60, 50), ("t2", "No finding", "", "", "", "")],
    )
    for image, age in (("plain", "040Y"), ("twice", "000Y"), ("readers", "061Y")):
        write_dicom(tmp_path / "train" / f"{image}.dicom", (80, 100), age, "F")
    write_png(tmp_path / "pngs" / "test" / "t1.png", (80, 60))
    return tmp_path


JSRT_ROWS = (
    "JPCLN001.IMG\t15\t5\t53\tMale\t1634\t692\tmalignant\tl.upper lobe\tlung cancer",
    "JPCLN002.IMG\t12.5\t2\t?\tFemale\t100\t1900\tbenign\tr.lower lobe\tgranuloma",
)


@pytest.fixture
def jsrt(tmp_path: Path) -> Path:
    """Two nodules; the columns in the order of the database's guide and of the official code."""
    (tmp_path / "Clinical_Information").mkdir()
    (tmp_path / "Clinical_Information" / "CLNDAT_EN.txt").write_text("\n".join(JSRT_ROWS) + "\n")
    for name in ("JPCLN001.IMG", "JPCLN002.IMG"):
        write_img(tmp_path / "images" / name)
    return tmp_path


@pytest.fixture
def own_table(tmp_path: Path) -> Callable[..., Path]:
    """Writes a table of one's own and its images: `own_table(heading, rows)`."""

    def write(heading: Sequence[str], rows: Sequence[Sequence[object]], name: str = "my cohort.csv") -> Path:
        for number in (1, 2):
            write_png(tmp_path / "x-rays" / f"{number}.png", (120, 90))
        return write_table(tmp_path / name, heading, rows)

    return write
