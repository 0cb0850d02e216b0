from __future__ import annotations

import pytest

from dashboard.frame.words import answer_sentence, as_text, few, marker_name
from vpe_core.markers.marks import Mark
from vpe_core.types import Box

CLASSES = ("cardiomegaly", "consolidation")
CIRCLE = Mark("circle", Box(0, 0, 9, 9))


@pytest.mark.parametrize(
    ("without", "marked", "sentence"),
    [
        (
            (0.46, 0.31),
            (0.01, 0.97),
            "The circle turns the answer from cardiomegaly (0.46) to consolidation (0.97).",
        ),
        ((0.46, 0.31), (0.47, 0.3), "The circle leaves the answer at cardiomegaly (0.47)."),
        (
            (0.46, 0.31),
            (0.86, 0.1),
            "The answer stays cardiomegaly; the circle makes the model surer of it (0.46 → 0.86).",
        ),
        (
            (0.86, 0.1),
            (0.46, 0.31),
            "The answer stays cardiomegaly; the circle makes the model less sure of it (0.86 → 0.46).",
        ),
        (
            (0.46, 0.31),
            (0.41, 0.45),
            "The circle turns the answer from cardiomegaly (0.46) to consolidation (0.45). "
            "Close behind: cardiomegaly (0.41).",
        ),
        (
            (0.12, 0.11),
            None,
            "Without a marker, the likeliest class is cardiomegaly (0.12). Close behind: consolidation (0.11).",
        ),
        ((0.46, 0.31), None, "Without a marker, the likeliest class is cardiomegaly (0.46)."),
    ],
)
def test_the_sentence_says_what_the_marker_does(
    without: tuple[float, ...], marked: tuple[float, ...] | None, sentence: str
) -> None:
    assert answer_sentence(CLASSES, without, marked, "circle") == sentence


def test_several_marks_are_spoken_of_in_the_plural() -> None:
    assert answer_sentence(CLASSES, (0.9, 0.1), (0.1, 0.9), "marks").startswith("The marks turn the answer")


def test_marks_are_called_by_what_the_model_is_shown() -> None:
    assert marker_name((), "as drawn") == "marker"
    assert marker_name((CIRCLE,), "as drawn") == "circle"
    assert marker_name((CIRCLE, CIRCLE), "as drawn") == "marks"
    assert marker_name((CIRCLE,), "crop") == "crop"


def test_text_for_markdown_loses_its_meaning_but_not_its_signs() -> None:
    assert as_text("**a** [b](c)\n\n# d :red[e]") == (r"\*\*a\*\* \[b\]\(c\) \# d \:red\[e\]")


def test_of_many_words_the_first_are_named_and_the_others_counted() -> None:
    assert few(["a", "b"]) == "a, b"
    assert few(list("abcdefghij")) == "a, b, c, d, e, f, g, h and 2 more"
