"""What a model says about an X-ray without and with the marks: numbers, attention and pictures. No streamlit here.

Each image is encoded once; prompts and classes are scored against the kept embedding. A stroke therefore costs one
pass, in which the last block's attention is read on the way, and another wording none.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.demo.state import AS_DRAWN, COLORS, DemoState
from dashboard.demo.xray import Xray
from vpe_core.attention import GazeEncoder, attention_inside, patch_relevance
from vpe_core.attention import get as get_method
from vpe_core.attention.explain import spread
from vpe_core.attention.last_layer import METHOD as LAST_LAYER
from vpe_core.attention.localization import coverage
from vpe_core.cache import BoundedCache
from vpe_core.markers import get
from vpe_core.markers.marks import draw_marks
from vpe_core.prompts import ENSEMBLES, build_prompts, marker_suffix
from vpe_core.types import Heatmap

if TYPE_CHECKING:
    from vpe_core.models import Model, ModelSpec, Reading

SHOWN_PX = 560
"""Longer side of the pictures under the overlays."""


@dataclass(frozen=True, slots=True, eq=False)
class Impression:
    """What a model makes of one image: what it saw, what it concludes, and where it looked.

    Attributes:
        seen: RGB, as the model's preprocessing leaves it.
        shown: RGB, small enough for the page.
        probabilities: Of the classes, 0 to 1.
        heatmap: Attention, in the pixels of `shown`.
    """

    seen: Image.Image
    shown: Image.Image
    probabilities: tuple[float, ...]
    heatmap: Heatmap


@dataclass(frozen=True, slots=True)
class RegionShare:
    """Share of the attention inside the marked regions, before and after, and the regions' share of the image."""

    before: float
    after: float
    area: float


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Everything that the page shows.

    Attributes:
        classes: What the model chose from.
        target: The class whose evidence the attention shows.
        asked_for: The same, or empty if the attention method reads no text.
        without: The unmarked image.
        marked: The marked image; None while nothing is drawn.
        cropped: Whether the marked image is only a part of the X-ray.
        inside: Attention inside the marks; None while nothing is drawn, and for crops.
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
    images = [_MarkedXray(model, xray, DemoState(), memory, "")]
    if state.marks:
        images.append(_MarkedXray(model, xray, state, memory, suffix_words(state)))
    template = ENSEMBLES.get(state.template, state.template)
    scores = [image.probabilities(classes, template) for image in images]
    target = state.target if state.target in classes else classes[int(np.argmax(scores[-1]))]
    impressions = [
        Impression(image.seen, image.shown, chances, image.heatmap(target, state.method, template))
        for image, chances in zip(images, scores, strict=True)
    ]
    marked = impressions[1] if state.marks else None
    cropped = marked is not None and _crops(state)
    groups = build_prompts(classes, [template] if isinstance(template, str) else template, suffix=suffix_words(state))
    prompts = [prompt for group in groups for prompt in group]
    own_words = prompts if isinstance(template, str) else [*classes, suffix_words(state)]  # no person wrote an ensemble
    return Answer(
        classes=classes,
        target=target,
        asked_for=target if get_method(state.method).reads_text else "",
        without=impressions[0],
        marked=marked,
        cropped=cropped,
        inside=None if marked is None or cropped else _inside(impressions[0], marked, state, xray.image.size),
        milliseconds=images[-1].cost_ms(target, state.method, template),
        unknown_words=model.unknown_words(own_words),
        reading=model.reading(prompts),
    )


def draw(image: Image.Image, state: DemoState) -> Image.Image:
    """The image as the model is shown it: with all marks, in the chosen treatment; a new RGB image."""
    treatment = None if state.treatment == AS_DRAWN else state.treatment
    return draw_marks(image, state.marks, treatment=treatment, color=COLORS[state.color], width=state.width)


def suffix_words(state: DemoState) -> str:
    """The words that name the latest mark, if the prompt is to name it: " indicated by a red circle"."""
    if not state.suffix or not state.marks:
        return ""
    marker = state.marks[-1].marker if state.treatment == AS_DRAWN else state.treatment
    return marker_suffix(marker, state.color)


def out_of_domain(spec: ModelSpec, xray: Xray) -> bool:
    """Whether the model has seen nothing like this picture."""
    return spec.simulated_only and not xray.simulated


Template: TypeAlias = str | tuple[str, ...]
Grids: TypeAlias = NDArray[np.float32]
"""Attention of one image, (1, rows, columns)."""
Look: TypeAlias = tuple[NDArray[np.float32], Grids | None]
"""Embedding of one image, (1, d), and the last block's attention of models where it can be read."""


class _MarkedXray:
    """One image, drawn when it is first needed; everything else is kept in the session's memory."""

    def __init__(self, model: Model, xray: Xray, state: DemoState, memory: BoundedCache, suffix: str) -> None:
        self._model, self._xray, self._state, self._memory, self._suffix = model, xray, state, memory, suffix
        look = (state.marks, state.treatment, state.color, state.width) if state.marks else ()
        self._picture: Hashable = (xray.key, look)

    @cached_property
    def image(self) -> Image.Image:
        return draw(self._xray.image, self._state)

    @property
    def seen(self) -> Image.Image:
        """What the model's preprocessing makes of the image, done once."""
        return self._memory.get_or_compute(
            ("seen", self._model.name, self._picture), lambda: self._model.seen(self.image)
        )

    @property
    def _prepared(self) -> NDArray[np.uint8]:
        return np.asarray(self.seen)[np.newaxis]

    @property
    def shown(self) -> Image.Image:
        return self._memory.get_or_compute(("shown", self._picture), lambda: _shrunk(self.image))

    def probabilities(self, classes: tuple[str, ...], template: Template) -> tuple[float, ...]:
        from vpe_core.models.encoder import probabilities

        embedding, _ = self._look()
        texts = self._model.encode_classes(classes, template=template, suffix=self._suffix)
        return tuple(probabilities(embedding, texts, self._model.logit_scale)[0].tolist())

    def heatmap(self, target: str, method: str, template: Template) -> Heatmap:
        (grid,) = self._grids(target, method, template)
        return spread(grid, self._model, self.shown.size, method=method, text=target)

    def cost_ms(self, target: str, method: str, template: Template) -> float:
        keys = (self._look_key, self._attention_key(target, method, template))
        return sum(self._memory.cost_ms(key) for key in keys)

    @property
    def _look_key(self) -> Hashable:
        return ("look", self._model.name, self._picture)

    def _attention_key(self, target: str, method: str, template: Template) -> Hashable:
        return ("attention", self._model.name, self._picture, target, method, template, self._suffix)

    def _look(self) -> Look:
        return self._memory.get_or_compute(self._look_key, lambda: GazeEncoder(self._model).encode(self._prepared))

    def _grids(self, target: str, method: str, template: Template) -> Grids:
        _, maps = self._look()
        if method == LAST_LAYER.name and maps is not None:
            return maps
        relevance = partial(patch_relevance, method=method, template=template, suffix=self._suffix)
        key = self._attention_key(target, method, template)
        return self._memory.get_or_compute(key, lambda: relevance(self._model, self._prepared, target))


def _crops(state: DemoState) -> bool:
    return state.treatment != AS_DRAWN and get(state.treatment).crops


def _inside(without: Impression, marked: Impression, state: DemoState, image_wh: tuple[int, int]) -> RegionShare | None:
    scale = without.shown.width / image_wh[0]
    cover = np.max([coverage(mark.region.scaled(scale, scale), without.shown.size) for mark in state.marks], axis=0)
    inside = cover > 0.5
    if not inside.any():
        return None
    before, after = attention_inside(without.heatmap, inside), attention_inside(marked.heatmap, inside)
    return RegionShare(before.share, after.share, before.area)


def _shrunk(image: Image.Image) -> Image.Image:
    factor = min(1.0, SHOWN_PX / max(image.size))
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
