"""What was drawn meets what the app changed meanwhile: nothing undone comes back, no stroke is lost."""

import pytest

from dashboard.demo.canvas import _with_changes
from vpe_core.markers.marks import MAX_MARKS, Mark
from vpe_core.types import Box

A, B, C, D = (Mark("bbox", Box(10 * k, 10, 10 * k + 8, 30)) for k in range(4))


@pytest.mark.parametrize(
    ("marks", "before", "after", "expected"),
    [
        pytest.param((A, B), (A, B), (A, B, C), (A, B, C), id="a stroke"),
        pytest.param((A, B), (A, B), (B, A), (B, A), id="another order"),
        pytest.param((A,), (A, B), (A, B), (A,), id="undone while the canvas told what it showed"),
        pytest.param((A,), (A, B), (A, B, C), (A, C), id="a stroke on a canvas that did not yet know of an undone one"),
        pytest.param((A, B, C), (A, B), (A, D), (A, C, D), id="added by numbers while another one was moved"),
        pytest.param((), (A, B), (A,), (), id="cleared while one was deleted"),
    ],
)
def test_changes_on_both_sides_are_kept(
    marks: tuple[Mark, ...], before: tuple[Mark, ...], after: tuple[Mark, ...], expected: tuple[Mark, ...]
) -> None:
    assert _with_changes(marks, before, after) == expected


def test_there_are_never_more_than_the_most() -> None:
    many = tuple(Mark("bbox", Box(k, 10, k + 8, 30)) for k in range(MAX_MARKS))
    assert len(_with_changes(many, many[:-1], (*many[:-1], D))) == MAX_MARKS
