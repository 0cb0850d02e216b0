"""The same X-ray and the same marks, answered by a second model. No streamlit here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboard.demo.answers.marked_xray import look_together, template_of, without_and_with_marks
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import DemoState
from vpe_core import models
from vpe_core.cache import BoundedCache

if TYPE_CHECKING:
    from vpe_core.models import Model

OFFERED_FIRST = ("simclip", "simclip-plain")
"""The pair that comes with the project: one followed markers in its training, the other never saw one."""


@dataclass(frozen=True, slots=True)
class SecondAnswer:
    """Probabilities of the classes, 0 to 1, without and with the marks; `marked` is None while nothing is drawn."""

    without: tuple[float, ...]
    marked: tuple[float, ...] | None


def second_answer(
    model: Model, xray: Xray, state: DemoState, classes: tuple[str, ...], memory: BoundedCache
) -> SecondAnswer:
    """What another model says to the same question; where it looks is not asked.

    Raises:
        VPEError: A prompt or mark does not fit.
    """
    images = without_and_with_marks(model, xray, state, memory)
    look_together(images)
    without, *marked = (image.probabilities(classes, template_of(state), state.question) for image in images)
    return SecondAnswer(without, marked[0] if marked else None)


def offered_seconds(first: str) -> tuple[str, ...]:
    """Models that can answer beside `first`: the project's own pair, then those that are here, then the others."""
    names = [name for name in models.selectable_names() if name != first]

    def rank(name: str) -> tuple[bool, bool]:
        return name not in OFFERED_FIRST, not models.is_ready(models.get(name))

    return tuple(sorted(names, key=rank))
