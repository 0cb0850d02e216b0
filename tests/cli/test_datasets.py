from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import error_of, run
from tests.datasets.conftest import nih, write_png, write_table
from vpe_core import datasets

__all__ = ["nih"]


def test_list_names_all_and_says_which_are_here() -> None:
    printed = run("datasets", "list")
    assert printed.exit_code == 0
    assert all(name in printed.output for name in datasets.names())
    rows = {row["name"]: row for row in json.loads(run("datasets", "list", "--json").output)}
    assert rows["sim-multi"]["here"] is True
    assert rows["vindr-cxr"] == {"name": "vindr-cxr", "title": "VinDr-CXR", "parts": ["test", "train"], "here": False}


def test_check_shows_what_is_there(nih: Path) -> None:
    result = run("datasets", "check", "nih14", "--root", nih)
    assert result.exit_code == 0, result.output
    assert "3 samples in 2 images of 2 patients; 3 classes." in result.output
    assert "Nothing is wrong." in result.output
    assert all(label in result.output for label in ("Effusion", "Infiltrate", "Mass"))


def test_check_counts_problems_by_kind_and_exits_with_1(nih: Path) -> None:
    with (nih / "BBox_List_2017.csv").open("a") as table:
        table.write("00000404_000.png,Mass,1,2,3,4\n" * 11 + "00000013_005.png,Mass,1,2,3,\n")
    result = run("datasets", "check", "nih14", "--root", nih)
    assert result.exit_code == 1
    assert "12 cannot be used: 11 missing image, 1 box." in result.output
    assert "BBox_List_2017.csv, row 5: The image '00000404_000.png' is not in images_*/images, images." in result.output
    assert "and 2 more; --json lists all." in result.output
    report = json.loads(run("datasets", "check", "nih14", "--root", nih, "--json").output)
    assert report["problem_counts"] == {"missing image": 11, "box": 1}
    assert len(report["problems"]) == 12
    assert report["classes"] == {"Effusion": 1, "Infiltrate": 1, "Mass": 1}


def test_check_says_that_classes_cannot_be_measured(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", (60, 60))
    rows = [("a.png", "nodule", 1, 1, 9, 9), ("a.png", "nodule", 1, 1, 9, "x")]
    write_table(tmp_path / "t.csv", ("image", "label", "x0", "y0", "x1", "y1"), rows)
    result = run("datasets", "check", "table", "--root", tmp_path)
    assert result.exit_code == 1
    assert "1 samples in 1 images, each counted as a patient; 1 class." in result.output
    assert "2 cannot be used: 1 label, 1 box." in result.output
    assert "table-t: Nothing can be measured with these classes. Expected at least 2 classes, but got" in result.output
    write_table(tmp_path / "t.csv", ("image", "label", "x0", "y0", "x1", "y1"), [*rows, ("", "mass", 1, 1, 9, 9)])
    result = run("datasets", "check", "table", "--root", tmp_path)
    assert "All samples that can be used are 'nodule': no class has an AUROC." in result.output


def test_check_decodes_on_request(nih: Path) -> None:
    image = nih / "images_012" / "images" / "00030804_000.png"
    image.write_bytes(image.read_bytes()[:1500])
    assert run("datasets", "check", "nih14", "--root", nih).exit_code == 0
    result = run("datasets", "check", "nih14", "--root", nih, "--decode", "--json")
    assert result.exit_code == 1
    assert '"unreadable image": 1' in result.output


def test_a_wrong_folder_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    write_table(tmp_path / "other.csv", ("a",), [(1,)])
    error = error_of(run("datasets", "check", "nih14", "--root", tmp_path))
    assert error.startswith("Error: Expected the boxes as BBox_List_2017.csv in ")
    assert "which holds other.csv." in error
