"""All answers of a class as a CSV file, for the lecturer. No streamlit here."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np

from dashboard.classroom.records import Kept, MemberAnswer, TaskQuestion
from dashboard.frame.csv_cells import cell
from vpe_core.markers.marks import marks_to_text

COLUMNS = (
    "task", "kind", "xray", "model", "target", "member", "nickname", "which", "choice", "drawing", "line_px",
    "model_says", "probability", "probability_of_target", "score", "ink_share", "seconds",
)  # fmt: skip


def answers_csv(rounds: Sequence[tuple[TaskQuestion, Sequence[Kept]]]) -> bytes:
    """One row for each kept answer; where several tries count, the best one has a row beside the latest."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for question, kept in rounds:
        for one in kept:
            writer.writerow(_row(question, one, one.latest, "latest"))
            if one.best is not None and one.best is not one.latest:
                writer.writerow(_row(question, one, one.best, "best"))
    return buffer.getvalue().encode()


def _row(question: TaskQuestion, one: Kept, answer: MemberAnswer, which: str) -> list[object]:
    place = int(np.argmax(answer.said)) if answer.said else None
    target = question.classes.index(question.target) if question.target and answer.said else None
    return [
        question.number,
        question.kind,
        cell(question.sample),
        question.model,
        cell(question.target),
        one.member.number,
        cell(one.member.nickname),
        which,
        cell(answer.choice),
        marks_to_text((answer.drawing.mark,)) if answer.drawing else "",
        answer.drawing.width if answer.drawing else "",
        "" if place is None else cell(question.classes[place]),
        "" if place is None else f"{answer.said[place]:.6f}",
        "" if target is None else f"{answer.said[target]:.6f}",
        "" if answer.score is None else f"{answer.score:.6f}",
        f"{answer.ink:.6f}" if answer.drawing else "",
        f"{answer.after_s:.1f}",
    ]
