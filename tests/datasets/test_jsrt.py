from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.conftest import JSRT_ROWS, write_png
from vpe_core.datasets import open_dataset
from vpe_core.images import load_image
from vpe_core.prompts import build_prompts
from vpe_core.types import Box

TABLE = Path("Clinical_Information") / "CLNDAT_EN.txt"


def test_the_published_layout(jsrt: Path) -> None:
    dataset = open_dataset("jsrt", jsrt)
    half = (5 * int(15 / 0.175), 5 * int(12.5 / 0.175))
    assert [(s.label, s.box) for s in dataset] == [
        ("malignant", Box(1634 - half[0], 692 - half[0], 1634 + half[0], 692 + half[0])),
        ("benign", Box(100 - half[1], 1900 - half[1], 100 + half[1], 1900 + half[1])),  # beyond the image, as published
    ]
    assert dataset.samples[0].attributes == {
        "age": 53, "sex": "Male", "size_mm": 15, "subtlety": 5, "location": "l.upper lobe", "diagnosis": "lung cancer",
    }  # fmt: skip
    assert dataset.samples[1].attributes["age"] is None
    assert dataset.problems == ()
    assert dataset.note == ""
    assert load_image(dataset.samples[0].image_path).size == (2048, 2048)


def test_the_prompts_are_the_papers(jsrt: Path) -> None:
    dataset = open_dataset("jsrt", jsrt)
    words = [dataset.class_words[label] for label in dataset.classes]
    assert build_prompts(words, template=dataset.template) == [
        "A chest X-ray with a benign lung nodule.",
        "A chest X-ray with a malignant lung nodule.",
    ]


def test_a_table_with_the_subtlety_first_keeps_the_published_boxes_and_says_so(jsrt: Path) -> None:
    cells = [row.split("\t") for row in JSRT_ROWS]
    swapped = [[name, third, second, *more] for name, second, third, *more in cells]
    (jsrt / TABLE).write_text("\r".join("\t".join(row) for row in swapped), encoding="utf-8")
    dataset = open_dataset("jsrt", jsrt)
    assert [sample.box.width for sample in dataset if sample.box] == [2 * 5 * int(5 / 0.175), 2 * 5 * int(2 / 0.175)]
    assert [sample.attributes["size_mm"] for sample in dataset] == [15, 12.5]
    assert [sample.attributes["subtlety"] for sample in dataset] == [5, 2]
    assert "size follows the subtlety, not the nodule" in dataset.note


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("JPCLN003.IMG\t15\t5\t53\tMale\t1634\t692\tmalignant\tx\ty", "missing image"),
        ("JPCLN001.IMG\t15\t5\t53\tMale\t1634\t692\tunknown\tx\ty", "label"),
        ("JPCLN001.IMG\t15\t5\t53\tMale\t1634\t2692\tbenign\tx\ty", "box"),
        ("JPCLN001.IMG\t0.1\t5\t53\tMale\t1634\t692\tbenign\tx\ty", "box"),
        ("JPCLN001.IMG\t15\t5\t53\tMale", "label"),
    ],
)
def test_rows_that_cannot_be_used(jsrt: Path, row: str, kind: str) -> None:
    (jsrt / TABLE).write_text("\n".join([*JSRT_ROWS, row]))
    dataset = open_dataset("jsrt", jsrt)
    assert len(dataset) == 2
    assert [(problem.row, problem.kind) for problem in dataset.problems] == [(3, kind)]


def test_images_of_another_size_are_refused(jsrt: Path) -> None:
    (jsrt / "images" / "JPCLN002.IMG").unlink()
    write_png(jsrt / "x.png", (1024, 1024)).rename(jsrt / "images" / "jpcln002.img")
    (problem,) = open_dataset("jsrt", jsrt).problems
    assert (problem.row, problem.kind) == (2, "box")
    assert "2048 x 2048 pixels, but jpcln002.img has 1024 x 1024" in problem.reason


@pytest.mark.parametrize("cell", ['"granuloma', '"lung "cancer', 'lung "cancer"'])
def test_no_row_is_lost_at_a_quotation_mark(jsrt: Path, cell: str) -> None:
    first = JSRT_ROWS[0].rsplit("\t", 1)[0]
    (jsrt / TABLE).write_text("\n".join([f"{first}\t{cell}", *JSRT_ROWS, f"{first}\t{cell}", JSRT_ROWS[1]]))
    dataset = open_dataset("jsrt", jsrt)
    assert len(dataset) + len(dataset.problems) == 5
    assert {problem.row for problem in dataset.problems} <= {1, 4}
