"""What a model says about an X-ray without and with the marks: numbers, attention and pictures. No streamlit here.

Each image is encoded once; prompts and classes are scored against the kept embedding. A stroke therefore costs one
pass, in which the last block's attention is read on the way, and another wording none.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from dashboard.demo.answers.marked_xray import suffix_words, template_of, treatment_of, without_and_with_marks
from dashboard.demo.answers.presence import opposites
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import DemoState
from dashboard.frame.verdicts import EACH
from vpe_core.attention import attention_inside
from vpe_core.attention import get as get_method
from vpe_core.cache import BoundedCache
from vpe_core.markers import get
from vpe_core.markers.marks import marked_area
from vpe_core.prompts import build_prompts
from vpe_core.types import Heatmap

if TYPE_CHECKING:
    from vpe_core.models import Model, ModelSpec, Reading


@dataclass(frozen=True, slots=True, eq=False)
class Impression:
    """What a model makes of one image: what it saw, what it concludes, and where it looked.

    Attributes:
        seen: RGB, as the model's preprocessing leaves it.
        preview: RGB, small enough for the page.
        probabilities: Of the classes, 0 to 1.
        heatmap: Attention, in the pixels of `preview`.
        key: What tells the heatmap from all others.
    """

    seen: Image.Image
    preview: Image.Image
    probabilities: tuple[float, ...]
    heatmap: Heatmap
    key: Hashable


@dataclass(frozen=True, slots=True)
class RegionShare:
    """Share of the attention at the marked place, before and after, and that place's share of the picture."""

    before: float
    after: float
    area: float


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Everything that the page shows.

    Attributes:
        classes: What the model chose from.
        target: The class whose evidence the attention shows: the one asked for, or the one that the answer names.
        asked_for: The same, or empty if the attention method reads no text.
        without: The unmarked image.
        marked: The marked image; None while nothing is drawn.
        cropped: Whether the marked image is only a part of the X-ray.
        inside: Attention at the marked place; None while nothing is drawn, and for crops.
        milliseconds: What the latest image took: drawing, encoding and attention.
        unknown_words: Words of the prompts that the model cannot read; those of our own ensembles are not counted.
        reading: What of the prompts is beyond the model's context, and whether it can tell them apart.
    """

    classes: tuple[str, ...]
    target: str
    asked_for: str
    without: Impression
    marked: Impression | None
    cropped: bool
    inside: RegionShare | None
    milliseconds: float
    unknown_words: tuple[str, ...]
    reading: Reading


def answer(model: Model, xray: Xray, state: DemoState, classes: tuple[str, ...], memory: BoundedCache) -> Answer:
    """Ask the model about the X-ray without and with the marks.

    Raises:
        VPEError: A prompt, mark or attention method does not fit.
    """
    images = without_and_with_marks(model, xray, state, memory)
    template = template_of(state)
    scores = [image.probabilities(classes, template, state.question) for image in images]
    target = state.target if state.target in classes else classes[int(np.argmax(scores[-1]))]
    impressions = [
        Impression(
            image.seen,
            image.preview,
            chances,
            image.heatmap(target, state.method, template),
            image.attention_key(target, state.method, template),
        )
        for image, chances in zip(images, scores, strict=True)
    ]
    marked = impressions[1] if state.marks else None
    templates = [template] if isinstance(template, str) else list(template)
    asked = [*templates, *opposites(template)] if state.question == EACH else templates
    groups = build_prompts(classes, asked, suffix=suffix_words(state))
    prompts = [prompt for group in groups for prompt in group]
    own_words = prompts if isinstance(template, str) else [*classes, suffix_words(state)]  # no person wrote an ensemble
    return Answer(
        classes=classes,
        target=target,
        asked_for=target if get_method(state.method).reads_text else "",
        without=impressions[0],
        marked=marked,
        cropped=marked is not None and crops(state),
        inside=None if marked is None else share_inside(impressions[0].heatmap, marked.heatmap, xray, state),
        milliseconds=images[-1].cost_ms(target, state.method, template),
        unknown_words=model.unknown_words(own_words),
        reading=model.reading(prompts),
    )


def out_of_domain(spec: ModelSpec, xray: Xray) -> bool:
    """Whether the model has seen nothing like this picture."""
    return spec.simulated_only and not xray.simulated


def crops(state: DemoState) -> bool:
    """Whether the model is shown only a part of the X-ray."""
    treatment = treatment_of(state)
    return treatment is not None and get(treatment).crops


def share_inside(before: Heatmap, after: Heatmap, xray: Xray, state: DemoState) -> RegionShare | None:
    """The attention at the marked place in two maps of the X-ray; None for crops, and where there is none to measure.

    The place is what the marker encloses or points at (`marked_area`).
    """
    if crops(state):
        return None
    sx, sy = (shown / full for shown, full in zip(before.size_wh, xray.size_wh, strict=True))
    marks = [replace(mark, region=mark.region.scaled(sx, sy)) for mark in state.marks]
    place = marked_area(marks, before.size_wh, treatment=treatment_of(state))
    if not place.any():
        return None
    shares = [attention_inside(heatmap, place) for heatmap in (before, after)]
    return RegionShare(shares[0].share, shares[1].share, shares[0].area)
