"""Point: draw where you would circle; compared with the known finding, where there is one."""

from __future__ import annotations

from dashboard.classroom.kinds.base import Said, TaskKind, overlap
from dashboard.classroom.records import MemberAnswer, MemberDrawing, Task, TaskQuestion
from vpe_core.plots.percent import percent


def _score(task: Task, drawing: MemberDrawing, _said: Said) -> float | None:
    """Intersection over union with the nearest known finding."""
    return overlap(task.xray, drawing)[1] if task.xray.findings else None


def _result(_question: TaskQuestion, answer: MemberAnswer) -> str:
    return "" if answer.score is None else f"{percent(answer.score)} overlap with the finding"


POINT = TaskKind(
    title="Point",
    about="Everybody marks the place that they would point out to the model.",
    asks=lambda _: "Where is the finding? Mark it.",
    score=_score,
    result=_result,
    missing="This X-ray has no finding with a known place to compare with.",
)
