from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.datasets.conftest import VINDR_TRAIN, write_png, write_table
from vpe_core.datasets import count_kinds, open_dataset
from vpe_core.datasets.rows import read_rows
from vpe_core.datasets.vindr_cxr import paper_rule
from vpe_core.errors import DatasetError
from vpe_core.types import Box


def test_dicom_files_as_published(vindr: Path) -> None:
    dataset = open_dataset("vindr-cxr", vindr, "train")
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
    dataset = open_dataset("vindr-cxr", vindr, "train")
    assert {sample.image_path.name for sample in dataset} == {"readers.png"}
    assert dataset.samples[0].attributes == {"age": None, "sex": None, "reader": "R1"}


def test_the_test_part_has_no_readers(vindr: Path) -> None:
    dataset = open_dataset("vindr-cxr", vindr)
    assert [(s.sample_id, s.label, s.box) for s in dataset] == [("t1#1", "Cardiomegaly", Box(10, 10, 60, 50))]
    assert dataset.samples[0].attributes["reader"] is None


def test_a_split_in_the_folder_decides(vindr: Path) -> None:
    (vindr / "splits").mkdir()
    (vindr / "splits" / "vindrcxr_train_indices.txt").write_text("0\n1\n6\n")
    dataset = open_dataset("vindr-cxr", vindr, "train")
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
    dataset = open_dataset("vindr-cxr", vindr, "train")
    assert count_kinds(dataset.problems) == {"unreadable image": 3}


def test_a_wrong_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"annotations/annotations_test\.csv or annotations_test\.csv in .*nothing"):
        open_dataset("vindr-cxr", tmp_path)
