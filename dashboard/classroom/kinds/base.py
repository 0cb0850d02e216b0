"""The shape that all kinds of tasks have, and the measures that several of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashboard.classroom.records import MemberAnswer, MemberDrawing, Task, TaskQuestion
from dashboard.demo.film.xray import Xray
from dashboard.frame.verdicts import choice
from vpe_core.markers import get as get_marker
from vpe_core.markers.marks import Mark, marked_area
from vpe_core.plots.percent import percent

_GRID_PX = 256
"""Longer side of the picture on which areas are compared."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the model says: a probability a class without the marker, and with it; and how much the marker covers."""

    without: tuple[float, ...] = ()
    marked: tuple[float, ...] = ()
    ink: float = 0.0


NOT_ASKED = Said()


def allow(_task: Task, _drawing: MemberDrawing) -> str:
    """Every place is allowed."""
    return ""


def no_score(_task: Task, _drawing: MemberDrawing, _said: Said) -> float | None:
    """Nothing is compared."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskKind:
    """A kind of task.

    Attributes:
        title: For buttons and headings.
        about: What it is, for the lecturer.
        asks: One sentence that says what to do.
        draws: Whether members draw; else they choose a class.
        tries: Whether the model answers each try at once and the best one counts; else one answer is sent.
        wants_target: Whether the lecturer names a class that the model is to be made to say.
        width_counts: Whether members choose the width of the line.
        refusal: Why a drawing is not taken; empty if it is.
        score: Of a drawing, higher is better; None where it does not count.
        result: What became of an answer that counts, in a few words.
        missing: What is said where no answer counts.
    """

    title: str
    about: str
    asks: Callable[[TaskQuestion], str]
    draws: bool = True
    tries: bool = False
    wants_target: bool = False
    width_counts: bool = False
    refusal: Callable[[Task, MemberDrawing], str] = allow
    score: Callable[[Task, MemberDrawing, Said], float | None] = no_score
    result: Callable[[TaskQuestion, MemberAnswer], str]
    missing: str = "Nobody has answered yet."


def likeliest(question: TaskQuestion, probabilities: tuple[float, ...]) -> str:
    """The likeliest class and its probability: "consolidation (63%)"."""
    place = int(np.argmax(probabilities))
    return f"{question.classes[place]} ({percent(probabilities[place])})"


def decided_class(probabilities: tuple[float, ...]) -> int | None:
    """The number of the class that the model names; None while it is undecided."""
    verdict = choice(probabilities)
    return None if verdict.kind == "undecided" else verdict.leaders[0]


def overlap(xray: Xray, drawing: MemberDrawing) -> tuple[float, float]:
    """How a drawing lies to the known findings.

    Returns:
        The share of the marked area that lies on any of them, and the best intersection over union with one of them.
    """
    scale = _GRID_PX / max(xray.size_wh)
    size = (max(1, round(xray.size_wh[0] * scale)), max(1, round(xray.size_wh[1] * scale)))
    mark = Mark(drawing.mark.marker, drawing.mark.region.scaled(scale, scale))
    area = marked_area([mark], size)
    covered, best = np.zeros_like(area), 0.0
    for finding in xray.findings:
        x0, y0, x1, y1 = (round(value) for value in finding.box.scaled(scale, scale).xyxy)
        box = np.zeros_like(area)
        box[max(y0, 0) : max(y1, y0 + 1), max(x0, 0) : max(x1, x0 + 1)] = 1
        covered = np.maximum(covered, box)
        inside = float(np.minimum(area, box).sum())
        best = max(best, inside / float(np.maximum(area, box).sum()))
    return float((area * covered).sum() / max(float(area.sum()), 1.0)), best


def marker_title(drawing: MemberDrawing) -> str:
    """What the drawing is called: "circle"."""
    return get_marker(drawing.mark.marker).short_title
