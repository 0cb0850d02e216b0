from __future__ import annotations

import pytest

from dashboard.frame.verdicts import EACH
from dashboard.frame.words import answer_words, as_text, few, marker_name
from vpe_core.markers.marks import Mark
from vpe_core.types import Box

CLASSES = ("cardiomegaly", "consolidation")
CIRCLE = Mark("circle", Box(0, 0, 9, 9))


NEAR_CHANCE = (0.13, 0.11, *(0.76 / 9,) * 9)
CLEAR = (0.02, 0.8, *(0.02,) * 9)
NAMES = ("atelectasis", "consolidation", *(f"class {number}" for number in range(9)))


@pytest.mark.parametrize(
    ("without", "marked", "sentence"),
    [
        ((0.8, 0.1), (0.03, 0.97), "The circle turns the answer from cardiomegaly (80%) to consolidation (97%)."),
        ((0.86, 0.1), (0.87, 0.1), "The circle leaves the answer at cardiomegaly (87%)."),
        (
            (0.76, 0.24),
            (0.86, 0.1),
            "The answer stays cardiomegaly; the circle makes the model surer of it (76% → 86%).",
        ),
        (
            (0.86, 0.1),
            (0.76, 0.24),
            "The answer stays cardiomegaly; the circle makes the model less sure of it (86% → 76%).",
        ),
        ((0.86, 0.1), None, "Without a marker, the likeliest class is cardiomegaly (86%)."),
        ((0.6, 0.4), None, "The model is undecided: cardiomegaly 60%, consolidation 40%; guessing is 50%."),
    ],
)
def test_the_sentence_says_what_the_marker_does(
    without: tuple[float, ...], marked: tuple[float, ...] | None, sentence: str
) -> None:
    assert str(answer_words(CLASSES, without, marked, "circle")) == sentence


@pytest.mark.parametrize(
    ("without", "marked", "sentence"),
    [
        (NEAR_CHANCE, None, "The model is undecided: atelectasis 13%, consolidation 11%; guessing is 9%."),
        (CLEAR, NEAR_CHANCE, "With the circle, the answer moves from consolidation (80%) to undecided: "
         "atelectasis 13%, consolidation 11%; guessing is 9%."),
        (NEAR_CHANCE, CLEAR, "With the circle, the answer moves from undecided to consolidation (80%)."),
        (NEAR_CHANCE, NEAR_CHANCE[::-1], "With the circle, the model stays undecided: class 8 13%, class 7 11%; "
         "guessing is 9%."),
        ((0.45, 0.4, *(0.01,) * 9), None, "Without a marker, it is a near tie: atelectasis 45%, consolidation 40%."),
        ((0.45, 0.4, *(0.01,) * 9), CLEAR, "With the circle, the answer moves from a near tie of atelectasis and "
         "consolidation to consolidation (80%)."),
        ((0.45, 0.4, *(0.01,) * 9), (0.4, 0.41, *(0.01,) * 9), "With the circle, it stays a near tie: "
         "consolidation 41%, atelectasis 40%."),
    ],
)  # fmt: skip
def test_near_chance_and_near_ties_no_answer_is_claimed(
    without: tuple[float, ...], marked: tuple[float, ...] | None, sentence: str
) -> None:
    assert str(answer_words(NAMES, without, marked, "circle")) == sentence


@pytest.mark.parametrize(
    ("classes", "without", "marked", "sentence"),
    [
        (("nodule",), (0.83,), None, "The model says nodule is present (83%); guessing is 50%."),
        (("nodule",), (0.04,), None, "The model says nodule is absent (4% for present); guessing is 50%."),
        (("nodule",), (0.04,), (0.97,), "With the circle, the model's verdict on nodule moves from absent (4%) to "
         "present (97%); guessing is 50%."),
        (("nodule",), (0.84,), (0.97,), "With the circle, the model's verdict on nodule stays present (84% → 97%); "
         "guessing is 50%."),
        (("nodule", "mass"), (0.83, 0.44), None, "The model says present: nodule (83%). It is undecided on mass (44%); "
         "guessing is 50% for each."),
        (("nodule", "mass"), (0.03, 0.44), None, "The model is undecided on mass (44%); guessing is 50% for each."),
        (("nodule", "mass"), (0.03, 0.1), None, "The model says that none of the 2 is present; guessing is 50% "
         "for each."),
        (("nodule", "mass"), (0.03, 0.1), (0.9, 0.4), "With the circle, the model's verdict on nodule moves from "
         "absent (3%) to present (90%); 1 more verdict changes; guessing is 50% for each."),
        (("nodule", "mass"), (0.8, 0.1), (0.9, 0.2), "With the circle, none of the model's verdicts changes. The model "
         "says present: nodule (90%); guessing is 50% for each."),
    ],
)  # fmt: skip
def test_of_each_class_it_is_said_whether_it_is_present(
    classes: tuple[str, ...], without: tuple[float, ...], marked: tuple[float, ...] | None, sentence: str
) -> None:
    assert str(answer_words(classes, without, marked, "circle", EACH)) == sentence


def test_what_is_read_first_is_short_and_the_rest_follows() -> None:
    undecided = answer_words(NAMES, CLEAR, NEAR_CHANCE, "circle")
    assert undecided.headline == "With the circle, the answer moves from consolidation (80%) to undecided"
    assert undecided.details == "atelectasis 13%, consolidation 11%; guessing is 9%"
    present = answer_words(("nodule", "mass"), (0.03, 0.1), (0.9, 0.4), "circle", EACH)
    assert present.headline == "With the circle, the model's verdict on nodule moves from absent (3%) to present (90%)"
    assert present.details == "1 more verdict changes; guessing is 50% for each"


def test_several_marks_are_spoken_of_in_the_plural() -> None:
    assert answer_words(CLASSES, (0.9, 0.1), (0.1, 0.9), "marks").headline.startswith("The marks turn the answer")


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
