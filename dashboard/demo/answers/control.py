"""The control: the same marker on a picture without the finding, or elsewhere. No streamlit here.

Pictures and places are those of the benchmark's variants (`vpe_core.variants`), so that the numbers of a link and of a
benchmark agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from dashboard.demo.answers.answer import Answer
from dashboard.demo.answers.marked_xray import MarkedXray, look_together, template_of, without_marks
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import DemoState
from vpe_core.cache import BoundedCache
from vpe_core.images import load_image
from vpe_core.images.blank import blank_pixels
from vpe_core.variants import mirrored

if TYPE_CHECKING:
    from vpe_core.models import Model


@dataclass(frozen=True, slots=True, eq=False)
class ControlAnswer:
    """What the same marker gets elsewhere.

    Attributes:
        target: The class that the answer to the marked X-ray names.
        here: Its probability there, 0 to 1.
        there: Its probability with the same marker in the control.
        unmarked: Its probability in the control without a marker.
        likeliest: The class that the marked control is given.
        chance: The probability of that class.
        preview: The marked control, RGB, small enough for the page.
        simulated: Whether its picture is a simulated X-ray.
    """

    target: str
    here: float
    there: float
    unmarked: float
    likeliest: str
    chance: float
    preview: Image.Image
    simulated: bool


def picture_for(control: str, xray: Xray, other: Xray | None) -> Xray | None:
    """The picture that a control puts the marker on; None where there is none.

    Args:
        control: One of `CONTROLS`.
        xray: The X-ray that is marked.
        other: Another patient's X-ray.

    Raises:
        ImageReadError: The file of the twin is damaged.
    """
    match control:
        case "twin":
            if xray.twin is None or not xray.twin.is_file():
                return None
            return Xray(f"twin of {xray.key}", load_image(xray.twin), simulated=xray.simulated, file=xray.twin)
        case "blank":
            width, height = xray.size_wh
            return Xray(f"blank {width} x {height}", blank_pixels(xray.size_wh).grey())
        case "other":
            return other
        case _:
            return xray


def marks_for(control: str, state: DemoState, xray: Xray, picture: Xray) -> DemoState:
    """The state with its marks where the control has them, in pixels of the control's picture."""
    width = xray.size_wh[0]
    sx, sy = (there / here for there, here in zip(picture.size_wh, xray.size_wh, strict=True))
    drawn = xray.exact(state.marks)
    regions = [mirrored(mark.region, width) if control == "mirror" else mark.region for mark in drawn]
    marks = [replace(mark, region=region.scaled(sx, sy)) for mark, region in zip(drawn, regions, strict=True)]
    return replace(state, marks=tuple(marks))


def control_answer(
    model: Model, result: Answer, xray: Xray, picture: Xray, state: DemoState, memory: BoundedCache
) -> ControlAnswer:
    """Ask the model about the control without and with the marker, both in one batch.

    Args:
        model: The model that gave the answer.
        result: Its answer to the marked X-ray.
        xray: That X-ray.
        picture: From `picture_for`.
        state: As for the answer; it names the control.
        memory: As for the answer.

    Raises:
        VPEError: A mark does not fit the picture.
    """
    assert result.marked is not None
    there = marks_for(state.control, state, xray, picture)
    images = [MarkedXray(model, picture, without_marks(state), memory), MarkedXray(model, picture, there, memory)]
    look_together(images)
    unmarked, marked = (image.probabilities(result.classes, template_of(state), state.question) for image in images)
    named = int(np.argmax(result.marked.probabilities))
    likeliest = int(np.argmax(marked))
    return ControlAnswer(
        target=result.classes[named],
        here=result.marked.probabilities[named],
        there=marked[named],
        unmarked=unmarked[named],
        likeliest=result.classes[likeliest],
        chance=marked[likeliest],
        preview=images[1].preview,
        simulated=picture.simulated,
    )
