"""What was drawn meets what the app changed meanwhile: nothing undone comes back, no stroke is lost."""

from math import inf
from typing import Any

import pytest
from PIL import Image

from dashboard.demo.film.canvas import _as_of, _Held, _merged, _with_changes
from dashboard.demo.film.fabric import write_drawing
from dashboard.demo.film.xray import Xray
from vpe_core.markers.marks import MAX_MARKS, Mark
from vpe_core.types import Box

A, B, C, D = (Mark("bbox", Box(10 * k, 10, 10 * k + 8, 30)) for k in range(4))

XRAY = Xray("case", Image.new("L", (512, 512)))


@pytest.mark.parametrize(
    ("marks", "before", "after", "expected"),
    [
        pytest.param((A, B), (A, B), (A, B, C), (A, B, C), id="a stroke"),
        pytest.param((A, B), (A, B), (B, A), (B, A), id="another order"),
        pytest.param((A,), (A, B), (A, B), (A,), id="undone while the canvas told what it showed"),
        pytest.param((A,), (A, B), (A, B, C), (A, C), id="a stroke on a canvas that did not yet know of an undone one"),
        pytest.param((A, B, C), (A, B), (A, D), (A, C, D), id="added by numbers while another one was moved"),
        pytest.param((), (A, B), (A,), (), id="cleared while one was deleted"),
        pytest.param((A, C), (A,), (A, C, D), (A, C, D), id="a stroke told of twice is one"),
    ],
)
def test_changes_on_both_sides_are_kept(
    marks: tuple[Mark, ...], before: tuple[Mark, ...], after: tuple[Mark, ...], expected: tuple[Mark, ...]
) -> None:
    assert _with_changes(marks, before, after) == expected


def _report(number: int, *marks: Mark) -> dict[str, Any]:
    return {**write_drawing(marks, XRAY.canvas_scale, "#ff0000", 6), "revision": 1, "number": number, "selected": -1}


def test_two_reports_of_a_canvas_that_does_not_know_of_an_undo_yet_tell_of_one_shape() -> None:
    """A stroke beside an undo, and then moved, before the canvas was told to redraw."""
    held = _Held({}, (A,), ("#ff0000", 6), (A,), revision=2, earlier={1: (A, B)})
    held, marks = _merged(held, _report(1, A, B, C), (A,), XRAY)
    assert marks == (A, C)
    held, marks = _merged(held, _report(2, A, B, D), marks, XRAY)
    assert marks == (A, D)
    assert _merged(held, _report(2, A, B, D), marks, XRAY) == (held, marks), "the same report again"


@pytest.mark.parametrize(
    ("time", "drawn"),
    [(19, None), (20, 2), (29, 2), (30, 3), (inf, 3)],
)
def test_a_click_is_told_what_had_been_drawn_when_it_came(time: float, drawn: int | None) -> None:
    held = _Held({}, (A,), ("#ff0000", 6), (A,), revision=1, report=_report(10, A))
    report = {**_report(30, A, B, C), "steps": [[10, 1, 1], [20, 2, 1], [30, 3, 1]]}
    found = _as_of(report, time, held)
    assert (found and len(found["objects"])) == drawn


def test_there_are_never_more_than_the_most() -> None:
    many = tuple(Mark("bbox", Box(k, 10, k + 8, 30)) for k in range(MAX_MARKS))
    assert len(_with_changes(many, many[:-1], (*many[:-1], D))) == MAX_MARKS
