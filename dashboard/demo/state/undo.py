"""What was drawn on each X-ray, step by step, for as long as the session lasts: to undo, redo, and come back to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import streamlit as st

from vpe_core.markers.marks import Mark

Marks: TypeAlias = tuple[Mark, ...]

MAX_STEPS = 200
_MAX_XRAYS = 50
_HISTORIES = "demo:mark_histories"


@dataclass(frozen=True, slots=True)
class MarkHistory:
    """The marks on one X-ray as they were, are and would be again; of `past` and `future`, the nearest step is last."""

    past: tuple[Marks, ...] = ()
    present: Marks = ()
    future: tuple[Marks, ...] = ()

    def changed(self, marks: Marks) -> MarkHistory:
        """With `marks` as the present. Shapes that only came on top are a step each, as if drawn one after another."""
        if marks == self.present:
            return self
        kept = len(self.present)
        drawn_on = marks[:kept] == self.present
        steps = [marks[:number] for number in range(kept, len(marks))] if drawn_on else [self.present]
        return MarkHistory((*self.past, *steps)[-MAX_STEPS:], marks)

    def undone(self) -> MarkHistory:
        """A step earlier, if there is one."""
        if not self.past:
            return self
        *past, present = self.past
        return MarkHistory(tuple(past), present, (*self.future, self.present))

    def redone(self) -> MarkHistory:
        """An undone step later, if there is one."""
        mirrored = replace(self, past=self.future, future=self.past).undone()
        return replace(mirrored, past=mirrored.future, future=mirrored.past)


def record(xray_key: str, marks: Marks) -> MarkHistory:
    """Take note of what is drawn on an X-ray now; returns how it came to be."""
    return keep(xray_key, _histories().get(xray_key, MarkHistory()).changed(marks))


def latest(xray_key: str) -> Marks:
    """What was last drawn on an X-ray."""
    return _histories().get(xray_key, MarkHistory()).present


def keep(xray_key: str, history: MarkHistory) -> MarkHistory:
    """Take over a history, as after undoing; the one that was longest untouched makes room."""
    histories = _histories()
    histories.pop(xray_key, None)
    histories[xray_key] = history
    if len(histories) > _MAX_XRAYS:
        del histories[next(iter(histories))]
    return history


def _histories() -> dict[str, MarkHistory]:
    histories: dict[str, MarkHistory] = st.session_state.setdefault(_HISTORIES, {})
    return histories
