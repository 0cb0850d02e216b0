from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import error_of, run
from tests.datasets.conftest import NIH_HEADING, write_table
from vpe_core.leaks import read_leak

COLUMNS = ("image", "label", "x0", "y0", "x1", "y1", "patient")


def rows(n: int = 60) -> list[tuple[object, ...]]:
    """Small nodules and large masses, a patient each."""
    rng = np.random.default_rng(0)
    corners = rng.integers(10, 200, (n, 2)).tolist()
    sides = [20 + 60 * (row % 2) + int(rng.integers(9)) for row in range(n)]
    return [
        (f"{row}.png", ("nodule", "mass")[row % 2], x, y, x + side, y + side, f"p{row}")
        for row, ((x, y), side) in enumerate(zip(corners, sides, strict=True))
    ]


def test_a_table_is_measured_and_written(tmp_path: Path) -> None:
    table = write_table(tmp_path / "own.csv", COLUMNS, [*rows(), ("x.png", "mass", 1, 1, "?", 9, "p")])
    result = run("leak", "--table", table, "--out", tmp_path / "new" / "leak.json")
    assert result.exit_code == 0, result.output
    assert "own.csv, row 62: Expected a number in the column x1, but got '?'." in result.output
    assert "60 boxes of 2 classes on 60 images of 60 patients; 1 rows left out." in result.output
    assert "puts those that tell nothing below 0.5 on average" in " ".join(result.output.split())
    assert "names the class with a macro AUROC of 1.000 (1.000 to 1.000)" in result.output
    assert "bbox, circle, contour, spotlight, blur, grayscale-tint: 1.000" in result.output
    assert "Image sizes: Not in the table" in result.output
    written = read_leak(tmp_path / "new" / "leak.json")
    assert written.both.auroc.value == 1.0
    assert written.source.file == "own.csv"


def test_a_data_set_is_measured_by_name(tmp_path: Path) -> None:
    lines = [
        f"{row:08d}_000.png,{label.title()},{x0},{y0},{x1 - x0},{y1 - y0}\n"
        for row, (_, label, x0, y0, x1, y1, _) in enumerate(rows(20))
    ]  # type: ignore[operator]
    (tmp_path / "BBox_List_2017.csv").write_text(NIH_HEADING + "".join(lines))
    result = run("datasets", "leak", "nih14", "--root", tmp_path)
    assert result.exit_code == 0, result.output
    assert "NIH ChestX-ray14, part all, BBox_List_2017.csv" in result.output
    assert "20 boxes: too few to tell" in result.output


def test_a_table_that_names_no_patients_counts_images(tmp_path: Path) -> None:
    table = write_table(tmp_path / "own.csv", COLUMNS[:-1], [row[:-1] for row in rows(20)])
    result = run("leak", "--table", table, "--out", tmp_path / "leak.json")
    assert "20 boxes of 2 classes on 20 images, each counted as a patient; 0 rows left out." in result.output
    assert not read_leak(tmp_path / "leak.json").source.patients_named


def test_a_folder_as_the_file_is_refused_before_the_work(tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.csv", COLUMNS, rows(20))
    result = run("leak", "--table", table, "--out", tmp_path)
    assert "is a folder" in error_of(result)
    assert "boxes of" not in result.output


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([("a.png", "mass", 1, 1, "", 9, "p")], "but no row can be used. The first: row 2: Expected a number"),
        ([(*row[:1], "mass", *row[2:]) for row in rows(10)], "two classes or more, but all 10 are 'mass'"),
        ([(*row[:6], "p") for row in rows(10)], "5 patients or more"),
    ],
)
def test_what_cannot_be_measured_is_told_in_a_sentence(
    tmp_path: Path, table: list[tuple[object, ...]], message: str
) -> None:
    assert message in error_of(run("leak", "--table", write_table(tmp_path / "t.csv", COLUMNS, table)))
