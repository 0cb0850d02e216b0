from __future__ import annotations

import pytest

from dashboard.frame.attention_words import attention_sentence, how_methods_agree, place_words
from vpe_core.markers.marks import Mark
from vpe_core.types import Arrow, Box, Polygon

BOX = Box(10, 10, 50, 60)
CIRCLE, FRAME, DOT = Mark("circle", BOX), Mark("bbox", BOX), Mark("point", BOX)
ARROW = Mark("arrow", Arrow((0, 0), (20, 20)))
CONTOUR = Mark("contour", Polygon(((0, 0), (9, 0), (4, 8))))


def test_attention_in_two_numbers_and_the_size_of_the_place() -> None:
    assert attention_sentence(0.42, 0.713, 0.1, "near the arrow tip", "") == (
        "Attention near the arrow tip: 42% → 71%. That area is 10% of the picture."
    )
    assert attention_sentence(0, 0.001, 0.052, "inside the circle", "consolidation") == (
        "Evidence for consolidation inside the circle: 0% → <1%. That area is 5% of the picture."
    )


@pytest.mark.parametrize(
    ("marks", "treatment", "words"),
    [
        ((CIRCLE,), None, "inside the circle"),
        ((FRAME, FRAME), None, "inside the boxes"),
        ((ARROW,), None, "near the arrow tip"),
        ((ARROW, ARROW), None, "near the arrow tips"),
        ((CONTOUR,), None, "inside the contour"),
        ((DOT,), None, "near the point"),
        ((CIRCLE, ARROW), None, "at the marks"),
        ((ARROW,), "circle", "inside the circle"),
        ((CIRCLE, ARROW), "spotlight", "in the marked region"),
    ],
)
def test_places_are_called_by_what_the_marker_does(marks: tuple[Mark, ...], treatment: str | None, words: str) -> None:
    assert place_words(marks, treatment) == words


def test_methods_that_disagree_are_said_to_with_their_numbers() -> None:
    rise, fall, still = ("Last-layer attention", 0.44, 0.993), ("LeGrad", 0.72, 0.68), ("Attention rollout", 0.3, 0.31)
    assert how_methods_agree([fall, still, rise], "inside the circle") == (
        "The methods disagree on the share inside the circle: Last-layer attention 44% → 99%, LeGrad 72% → 68%."
    )
    assert "none sees less inside the circle" in how_methods_agree([rise, still], "inside the circle")
    assert "none sees more near the arrow tip" in how_methods_agree([fall, still], "near the arrow tip")
    assert "hardly changes" in how_methods_agree([still, still], "inside the circle")
    assert how_methods_agree([rise], "inside the circle") == ""
