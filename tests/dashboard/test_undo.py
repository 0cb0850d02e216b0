"""Undo and redo go through the drawing as it was, whatever the change was."""

from dashboard.demo.state.undo import MAX_STEPS, MarkHistory
from vpe_core.markers.marks import Mark
from vpe_core.types import Box

A, B, C, A_MOVED = (Mark("bbox", Box(10 * k, 10, 10 * k + 8, 30)) for k in range(4))


def _history(*drawings: tuple[Mark, ...]) -> MarkHistory:
    history = MarkHistory()
    for marks in drawings:
        history = history.changed(marks)
    return history


def test_a_move_a_deletion_and_clearing_are_undone_as_what_they_were() -> None:
    history = _history((A,), (A, B), (A_MOVED, B), (B,), ())
    seen = []
    for _ in range(5):
        history = history.undone()
        seen.append(history.present)
    assert seen == [(B,), (A_MOVED, B), (A, B), (A,), ()]
    assert history.undone() == history, "there is nothing earlier"
    assert history.redone().redone().present == (A, B)
    for _ in range(9):
        history = history.redone()
    assert history == _history((A,), (A, B), (A_MOVED, B), (B,), ())


def test_shapes_that_arrive_together_are_a_step_each_and_the_same_drawing_is_none() -> None:
    history = _history((A, B, C), (A, B, C))
    assert history.past == ((), (A,), (A, B))
    assert history.undone().undone().present == (A,)


def test_what_was_undone_cannot_be_redone_after_another_change() -> None:
    history = _history((A,), (A, B)).undone().changed((A, C))
    assert history.future == ()
    assert history.redone() == history
    assert history.undone().present == (A,)


def test_the_history_is_bounded() -> None:
    history = _history(*[(A,), (B,)] * MAX_STEPS)
    assert len(history.past) == MAX_STEPS
    for _ in range(2 * MAX_STEPS):
        history = history.undone()
    assert len(history.future) == MAX_STEPS
