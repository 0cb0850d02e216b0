"""Predict: choose what the model will say, before it does."""

from __future__ import annotations

from dashboard.classroom.kinds.base import TaskKind

PREDICT = TaskKind(
    title="Predict",
    about="Everybody chooses what the model will say to the X-ray without a marker.",
    asks=lambda _: "What will the model say about this X-ray?",
    draws=False,
    result=lambda _, answer: answer.choice,
)
