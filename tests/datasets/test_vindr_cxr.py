from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.datasets.conftest import VINDR_TEST, VINDR_TRAIN, write_png, write_table
from vpe_core.datasets import Dataset, count_kinds, open_dataset
from vpe_core.datasets.rows import read_rows
from vpe_core.datasets.vindr_cxr import paper_rule
from vpe_core.errors import DatasetError
from vpe_core.types import Box


def test_dicom_files_as_published(vindr: Path) -> None:
    dataset = open_dataset("vindr-cxr", vindr, part="train")
    assert [(s.sample_id, s.label, s.box) for s in dataset] == [
        ("readers#1", "Cardiomegaly", Box(10.5, 20, 50, 60.25)),
        ("readers#2", "Cardiomegaly", Box(11, 21, 51, 61)),
        ("readers#3", "ILD", Box(30, 30, 40, 40)),
    ]
    assert dataset.samples[0].attributes == {"age": 61, "sex": "F", "reader": "R1"}
    assert dataset.samples[0].patient_id == "readers"
    assert dataset.classes == ("Cardiomegaly", "ILD")
    assert dataset.problems == ()
    assert "not the paper's split" in dataset.note


def test_png_files_come_before_dicom_files(vindr: Path) -> None:
    write_png(vindr / "pngs" / "train" / "readers.png", (80, 100))
    dataset = open_dataset("vindr-cxr", vindr, part="train")
    assert {sample.image_path.name for sample in dataset} == {"readers.png"}
    assert dataset.samples[0].attributes == {"age": None, "sex": None, "reader": "R1"}


def test_the_test_part_has_no_readers(vindr: Path) -> None:
    dataset = open_dataset("vindr-cxr", vindr)
    assert [(s.sample_id, s.label, s.box) for s in dataset] == [("t1#1", "Cardiomegaly", Box(10, 10, 60, 50))]
    assert dataset.samples[0].attributes["reader"] is None


def test_a_split_in_the_folder_decides(vindr: Path) -> None:
    (vindr / "splits").mkdir()
    (vindr / "splits" / "vindrcxr_train_indices.txt").write_text("0\n1\n6\n")
    dataset = open_dataset("vindr-cxr", vindr, part="train")
    assert [sample.sample_id for sample in dataset] == ["twice#1", "readers#3"]
    assert [(problem.row, problem.kind) for problem in dataset.problems] == [(2, "box")]


def test_the_rule_is_the_official_one(tmp_path: Path) -> None:
    """Against the official code's rule, written with pandas as there, on a table of random marks."""
    rng = np.random.default_rng(3)
    classes = ["No finding", "ILD", "Edema", "Cardiomegaly"]
    rows = [(f"i{rng.integers(60)}", f"R{rng.integers(3)}", classes[rng.integers(4)], 1, 2, 3, 4) for _ in range(150)]
    path = write_table(tmp_path / "annotations_train.csv", VINDR_TRAIN, rows)
    for columns in (["image_id", "class_name", "rad_id"], ["image_id", "class_name"]):
        table = pd.read_csv(path)[["image_id", "rad_id", "class_name"]]
        if "rad_id" not in columns:
            table = table.drop(columns="rad_id")
            write_table(path, table.columns, table.to_numpy().tolist())
        found = table[table["class_name"] != "No finding"]
        counts = found.groupby(columns).size()
        repeated = set(counts[counts > 1].reset_index()["image_id"])
        expected = found[~found["image_id"].isin(repeated)].index
        assert 5 < len(expected) < len(found)
        assert paper_rule(read_rows(path, columns, "image_id")) == tuple(expected)


def test_a_missing_image_and_a_damaged_dicom_file(vindr: Path) -> None:
    (vindr / "pngs" / "test" / "t1.png").unlink()
    assert count_kinds(open_dataset("vindr-cxr", vindr).problems) == {"missing image": 1}
    damaged = vindr / "train" / "readers.dicom"
    damaged.write_bytes(damaged.read_bytes()[:200])
    dataset = open_dataset("vindr-cxr", vindr, part="train")
    assert count_kinds(dataset.problems) == {"unreadable image": 3}


def _vindr(root: Path, boxes: list[tuple[str, int, int, int, int]], size_wh: tuple[int, int]) -> Dataset:
    rows = [(image, ("ILD", "Edema")[number % 2], *box) for number, (image, *box) in enumerate(boxes)]
    write_table(root / "annotations_test.csv", VINDR_TEST, rows)
    for image, *_ in boxes:
        write_png(root / "pngs" / "test" / f"{image}.png", size_wh)
    return open_dataset("vindr-cxr", root)


def test_resized_images_are_refused_also_where_the_box_lies_inside(tmp_path: Path) -> None:
    boxes = [("a", 10, 20, 1500, 900), ("b", 1500, 1500, 1900, 1800), ("c", 5, 5, 90, 90)]
    dataset = _vindr(tmp_path, boxes, (1024, 1024))
    assert len(dataset) == 0
    assert [(problem.row, problem.kind) for problem in dataset.problems] == [(2, "box"), (3, "box"), (4, "box")]
    first, _, third = (problem.reason for problem in dataset.problems)
    assert "reaches beyond the image of 1024 x 1024 pixels" in first
    assert "the images were resized" in third
    assert "Give the DICOM files, PNG files of full size, or boxes scaled to these images" in third


def test_one_wrong_box_does_not_make_the_images_resized(tmp_path: Path) -> None:
    boxes = [(f"i{number}", 10, 10, 60, 50) for number in range(20)]
    dataset = _vindr(tmp_path, [*boxes, ("wrong", 10, 10, 95, 50)], (80, 60))
    assert len(dataset) == 20
    assert [(problem.row, problem.kind) for problem in dataset.problems] == [(22, "box")]


def test_a_box_may_touch_the_edge_and_pass_it_by_a_rounding(tmp_path: Path) -> None:
    dataset = _vindr(tmp_path, [("a", 0, 0, 80, 60), ("b", -1, 10, 81, 61), ("c", 0, 0, 82, 62)], (80, 60))
    assert len(dataset) == 3
    assert dataset.problems == ()
    assert _vindr(tmp_path, [("a", 500, 0, 2510, 100)], (2500, 200)).problems == ()


def test_fractions_are_not_pixels(tmp_path: Path) -> None:
    write_table(tmp_path / "annotations_test.csv", VINDR_TEST, [("a", "ILD", 0.1, 0.2, 0.5, 1)])
    write_png(tmp_path / "pngs" / "test" / "a.png", (80, 60))
    (problem,) = open_dataset("vindr-cxr", tmp_path).problems
    assert "In pixels of this image of 80 x 60 it would be (8, 12, 40, 60)" in problem.reason


def test_a_wrong_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"annotations/annotations_test\.csv or annotations_test\.csv in .*nothing"):
        open_dataset("vindr-cxr", tmp_path)
