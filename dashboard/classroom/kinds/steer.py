"""Steer: make the model change its mind with the thinnest, smallest marker."""

from __future__ import annotations

from dashboard.classroom.kinds.base import Said, TaskKind, decided_class, likeliest
from dashboard.classroom.records import MemberAnswer, MemberDrawing, Task, TaskQuestion


def _score(_task: Task, _drawing: MemberDrawing, said: Said) -> float | None:
    """The share of the picture that stays free of ink; None unless the model names another class than before."""
    named = decided_class(said.marked)
    return None if named is None or named == decided_class(said.without) else 1 - said.ink


def _result(question: TaskQuestion, answer: MemberAnswer) -> str:
    return f"{likeliest(question, answer.said)} with {100 * answer.ink:.2f}% of the picture inked"


STEER = TaskKind(
    title="Steer",
    about="Everybody tries to change the model's answer with as little ink as possible.",
    asks=lambda _: "Make the model change its mind, with the smallest and thinnest marker that does it.",
    tries=True,
    width_counts=True,
    score=_score,
    result=_result,
    missing="Nobody has changed the model's mind yet.",
)
