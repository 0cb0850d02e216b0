"""Fool it: a marker on a place where the finding is not, that makes the model say it all the same."""

from __future__ import annotations

from dashboard.classroom.kinds.base import Said, TaskKind, overlap
from dashboard.classroom.records import MemberAnswer, MemberDrawing, Task, TaskQuestion
from vpe_core.plots.percent import percent

_TOUCHES = 0.01
"""So much of the marked area may lie on a known finding: half a pixel of a neighbour's."""


def _refusal(task: Task, drawing: MemberDrawing) -> str:
    if overlap(task.xray, drawing)[0] > _TOUCHES:
        return "There is a finding at this place. Mark a place where nothing is."
    return ""


def _score(task: Task, _drawing: MemberDrawing, said: Said) -> float | None:
    return said.marked[task.question.classes.index(task.question.target)]


def _result(question: TaskQuestion, answer: MemberAnswer) -> str:
    return f"{question.target}: {percent(answer.score or 0.0)}"


FOOL = TaskKind(
    title="Fool it",
    about="Everybody looks for a marker on a healthy place that makes the model say a class of your choice.",
    asks=lambda question: f"Mark a place where nothing is, so that the model says: {question.target}.",
    tries=True,
    wants_target=True,
    refusal=_refusal,
    score=_score,
    result=_result,
)
