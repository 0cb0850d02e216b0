"""Parts that make maps: the quick ones, and the slow ones that are asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from dashboard.lab.subject import Subject
from dashboard.lab.work import asked_model, computed
from vpe_core import lab
from vpe_core.lab import LabScene
from vpe_core.lab.mapping import map_names, title_of
from vpe_core.lab.set_maps import quick_maps
from vpe_core.models import Model
from vpe_core.types import Progress

_SLOW = "lab_slow"
Make = Callable[[LabScene, Model, tuple[str, ...], Progress], Any]
"""From the scene, the model, the maps' names and where progress is told to what a part shows."""


def computed_for_maps(part: str, subject: Subject, make: Make | None = None, *, scene: LabScene | None = None) -> Any:
    """What `make`, or the study `part` itself, finds for the maps that are chosen; None while it is under way.

    The subject's scene unless another is given.
    """
    names, model = _chosen_maps(), asked_model(subject.model)
    work = partial(make or partial(_study, part), scene or subject.scene, model, names)
    return computed(part, (subject.model, subject.key, names), work, counts="steps")


def _study(name: str, scene: LabScene, model: Model, methods: tuple[str, ...], report: Progress) -> Any:
    return lab.get(name).run(scene, model, methods=methods, report=report)


def slow_maps_field() -> None:
    """A field for the maps that take dozens of passes, for all parts of a page."""
    st.segmented_control(
        "Slow maps, too", _slow_maps(), selection_mode="multi", format_func=title_of, key=_SLOW,
        help="For all parts below. They ask the model dozens of times for each picture: seconds to minutes, with a "
        "bar.",
    )  # fmt: skip


def _chosen_maps() -> tuple[str, ...]:
    """All names that are asked for, in their usual order."""
    slow, added = _slow_maps(), st.session_state.get(_SLOW) or ()
    return tuple(name for name in map_names() if name not in slow or name in added)


def _slow_maps() -> list[str]:
    quick = quick_maps()
    return [name for name in map_names() if name not in quick]
