"""What a step asks of models, by the live demo's own drawing and answers. No streamlit here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from dashboard.demo.answers.answer import Answer, answer
from dashboard.demo.answers.marked_xray import MarkedXray, look_together, template_of
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import DemoState
from vpe_core.cache import BoundedCache

if TYPE_CHECKING:
    from vpe_core.leaks import BoxLeak
    from vpe_core.models import Model
    from vpe_core.results.analysis.leak_card import LeakCard

Chances: TypeAlias = tuple[float, ...]
"""Probabilities of the classes of a state, 0 to 1."""


@dataclass(frozen=True)
class Asker:
    """Who puts the questions of a step.

    Attributes:
        model: Gives the model of a name; only when something is asked, for it may have to be loaded.
        memory: Where results about an X-ray are kept.
        card: What a red circle adds on a data set with a model, by stored results; None where there are none.
        real_boxes: What boxes of real data sets give away, by the name of the data set.
    """

    model: Callable[[str], Model]
    memory: Callable[[Xray], BoundedCache]
    card: Callable[[str, str], LeakCard | None] = lambda _dataset, _model: None
    real_boxes: Callable[[], Mapping[str, BoxLeak]] = dict

    def chances(self, xray: Xray, states: Sequence[DemoState]) -> tuple[Chances, ...]:
        """What the model of the states, one for all, says about an X-ray in each of them.

        Raises:
            VPEError: There is no such model, or it gives no answer.
        """
        (name,) = {state.model for state in states}
        model, memory = self.model(name), self.memory(xray)
        images = [MarkedXray(model, xray, state, memory) for state in states]
        look_together(images)
        return tuple(
            image.probabilities(state.shown_classes, template_of(state), state.question)
            for image, state in zip(images, states, strict=True)
        )

    def answer(self, xray: Xray, state: DemoState) -> Answer:
        """The live demo's answer, with its attention maps.

        Raises:
            VPEError: There is no such model, or it gives no answer.
        """
        return answer(self.model(state.model), xray, state, state.shown_classes, self.memory(xray))
