"""What the model says to a drawing in a class: the live demo's own drawing and asking. No streamlit, no torch here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dashboard.classroom.kinds.base import Said
from dashboard.classroom.records import Drawing, Question, Task
from dashboard.demo.answers.answer import Answer, answer
from dashboard.demo.answers.marked_xray import MarkedXray, look_together, template_of, without_marks
from dashboard.demo.state.demo_state import DemoState
from vpe_core.cache import BoundedCache

if TYPE_CHECKING:
    from PIL import Image

    from vpe_core.models import Model


def ask(model: Model, task: Task, drawing: Drawing | None, memory: BoundedCache) -> Said:
    """Ask the model about the task's X-ray without and, if something is drawn, with the marker.

    Raises:
        VPEError: The drawing does not fit the picture, or the model cannot answer.
    """
    state = demo_state(task.question, drawing)
    images = [MarkedXray(model, task.xray, without_marks(state), memory)]
    if drawing is not None:
        images.append(MarkedXray(model, task.xray, state, memory))
    look_together(images)
    scores = [image.probabilities(task.question.classes, template_of(state)) for image in images]
    if drawing is None:
        return Said(scores[0])
    return Said(scores[0], scores[1], _ink(images[0].image, images[1].image))


def full_answer(model: Model, task: Task, drawing: Drawing | None, memory: BoundedCache) -> Answer:
    """The same with attention and pictures, for the drawings that the class looks at.

    Raises:
        VPEError: As `ask`.
    """
    return answer(model, task.xray, demo_state(task.question, drawing), task.question.classes, memory)


def demo_state(question: Question, drawing: Drawing | None) -> DemoState:
    """What the live demo would show."""
    if drawing is None:
        return DemoState(model=question.model)
    return DemoState(model=question.model, marks=(drawing.mark,), width=drawing.width)


def _ink(plain: Image.Image, marked: Image.Image) -> float:
    """The share of the picture that the marker has changed."""
    before, after = np.asarray(plain.convert("RGB")), np.asarray(marked.convert("RGB"))
    return float((before != after).any(axis=-1).mean())
