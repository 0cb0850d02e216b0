"""The model that answers a class, and where what it says is kept."""

from __future__ import annotations

import streamlit as st

from dashboard.classroom.asking import ask, full_answer
from dashboard.classroom.kinds.base import Said
from dashboard.classroom.records import MemberDrawing, Task
from dashboard.classroom.room import Room
from dashboard.demo.answers.answer import Answer
from dashboard.demo.state import session
from dashboard.frame.shared_models import shared_model
from vpe_core import models
from vpe_core.cache import BoundedCache
from vpe_core.models import Model


def said(room: Room, task: Task, drawing: MemberDrawing | None = None) -> Said:
    """What the model says to a drawing, or to the plain X-ray.

    Raises:
        VPEError: The drawing does not fit, or the model cannot answer.
    """
    return ask(_model(task), task, drawing, memory(room, task))


def looked_at(room: Room, task: Task, drawing: MemberDrawing | None = None) -> Answer:
    """The same with attention and pictures.

    Raises:
        VPEError: As `said`.
    """
    return full_answer(_model(task), task, drawing, memory(room, task))


def memory(room: Room, task: Task) -> BoundedCache:
    """Where results are kept: for all who look at an X-ray of the gallery, with the room for the lecturer's own."""
    return session.memory(task.xray) if task.xray.public else room.memory


def _model(task: Task) -> Model:
    spec = models.get(task.question.model)
    with st.spinner(f"Loading {spec.title}", _cache=True):
        return shared_model(spec.name)
