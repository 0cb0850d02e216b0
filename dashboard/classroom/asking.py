"""What the model says to a drawing in a class: the live demo's own drawing and asking. No streamlit, no torch here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dashboard.classroom.kinds.base import Said
from dashboard.classroom.records import MemberDrawing, Task, TaskQuestion
from dashboard.demo.answers.answer import Answer, answer
from dashboard.demo.answers.marked_xray import MarkedXray, look_together, template_of, without_marks
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import DemoState
from vpe_core.cache import BoundedCache
from vpe_core.markers.arrow import HEAD_SHARE
from vpe_core.markers.protocols import NATIVE_REFERENCE_PX
from vpe_core.types import Arrow, Box

if TYPE_CHECKING:
    from PIL import Image

    from vpe_core.models import Model


def ask(model: Model, task: Task, drawing: MemberDrawing | None, memory: BoundedCache) -> Said:
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
    key = ("ink", task.xray.content, drawing)
    return Said(scores[0], scores[1], memory.get_or_compute(key, lambda: _ink(task.xray, images[1].image, drawing)))


def full_answer(model: Model, task: Task, drawing: MemberDrawing | None, memory: BoundedCache) -> Answer:
    """The same with attention and pictures, for the drawings that the class looks at.

    Raises:
        VPEError: As `ask`.
    """
    return answer(model, task.xray, demo_state(task.question, drawing), task.question.classes, memory)


def demo_state(question: TaskQuestion, drawing: MemberDrawing | None) -> DemoState:
    """What the live demo would show."""
    if drawing is None:
        return DemoState(model=question.model)
    return DemoState(model=question.model, marks=(drawing.mark,), width=drawing.width)


def _ink(xray: Xray, marked: Image.Image, drawing: MemberDrawing) -> float:
    """The share of the picture that the marker has changed; it changes nothing far from its region."""
    region, shorter = drawing.mark.region, min(xray.size_wh)
    ends = (region.tail, region.tip) if isinstance(region, Arrow) else (region.box.xyxy[:2], region.box.xyxy[2:])
    width_px = max(1.0, drawing.width * shorter / NATIVE_REFERENCE_PX)
    reach = max(HEAD_SHARE * shorter, 3 * width_px)  # as far as an arrow's head
    (left, right), (top, bottom) = (sorted(side) for side in zip(*ends, strict=True))
    x0, y0, x1, y1 = Box(left - reach, top - reach, right + reach, bottom + reach).clipped(*xray.size_wh).xyxy
    part = (int(x0), int(y0), math.ceil(x1), math.ceil(y1))
    before, after = np.asarray(xray.image.crop(part)), np.asarray(marked.crop(part))
    return float((before[..., np.newaxis] != after).any(axis=-1).sum() / np.prod(xray.size_wh))
