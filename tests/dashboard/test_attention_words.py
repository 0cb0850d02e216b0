from __future__ import annotations

import pytest

from dashboard.frame.attention_words import attention_sentence, place_words
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
