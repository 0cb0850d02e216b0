"""One X-ray as a model is shown it, without or with marks, and what the model makes of it. No streamlit here.

Everything is kept, with the session or, of an X-ray that everybody may see, for all: the picture is encoded once, and
other words, classes or attention methods start from what is kept.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.demo.answers.presence import presence_probabilities
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import AS_DRAWN, DemoState
from dashboard.frame.verdicts import CHOOSE, EACH
from vpe_core.attention import GazeEncoder, patch_relevance
from vpe_core.attention.explain import spread
from vpe_core.attention.last_layer import METHOD as LAST_LAYER
from vpe_core.cache import BoundedCache
from vpe_core.markers.marks import draw_marks
from vpe_core.prompts import ENSEMBLES, marker_suffix
from vpe_core.types import Heatmap

if TYPE_CHECKING:
    from vpe_core.models import Model

SHOWN_PX = 560
"""Longer side of the pictures under the overlays."""

Template: TypeAlias = str | tuple[str, ...]
Grids: TypeAlias = NDArray[np.float32]
"""Attention of one image, (1, rows, columns)."""
Look: TypeAlias = tuple[NDArray[np.float32], Grids | None]
"""Embedding of one image, (1, d), and the last block's attention of models where it can be read."""


def treatment_of(state: DemoState) -> str | None:
    """The marker in which all marked regions are shown; None for each as it was drawn."""
    return None if state.treatment == AS_DRAWN else state.treatment


def template_of(state: DemoState) -> Template:
    """The prompt, or those of the ensemble that the state names."""
    return ENSEMBLES.get(state.template, state.template)


def without_marks(state: DemoState) -> DemoState:
    """The same picture for the model, with nothing drawn on it."""
    return DemoState(protocol=state.protocol)


def draw(xray: Xray, state: DemoState) -> Image.Image:
    """The X-ray as the model is shown it: with all marks, in the chosen treatment; a new RGB image."""
    return draw_marks(
        xray.pixels if state.protocol == "paper" else xray.image,
        xray.exact(state.marks),
        treatment=treatment_of(state),
        color=state.ink,
        width=state.width,
        protocol=state.protocol,
    )


def suffix_words(state: DemoState) -> str:
    """The words that name the latest mark, if the prompt is to name it: " indicated by a red circle"."""
    if not state.suffix or not state.marks:
        return ""
    if state.marker_words:
        return f" {state.marker_words}"
    return marker_suffix(treatment_of(state) or state.marks[-1].marker, state.color)


class MarkedXray:
    """An X-ray in front of a model, with the marks of a state; drawn when it is first needed.

    Args:
        model: Who looks at it.
        xray: The X-ray.
        state: Its marks and how they are drawn; without marks it is the plain X-ray, whose prompts name no marker.
        memory: Where results are kept.
    """

    def __init__(self, model: Model, xray: Xray, state: DemoState, memory: BoundedCache) -> None:
        self._model, self._xray, self._state, self._memory = model, xray, state, memory
        self._weights = model.name, model.record.weights_sha256
        self._suffix = suffix_words(state)
        look = (state.marks, state.treatment, state.ink, state.width) if state.marks else ()
        self._picture: Hashable = (xray.content, state.protocol, look)

    @cached_property
    def image(self) -> Image.Image:
        """In full resolution, RGB."""
        return draw(self._xray, self._state)

    @property
    def seen(self) -> Image.Image:
        """What the model's preprocessing makes of the image, done once."""
        return self._memory.get_or_compute(("seen", self._weights, self._picture), lambda: self._model.seen(self.image))

    @property
    def preview(self) -> Image.Image:
        """RGB, small enough for the page."""
        return self._memory.get_or_compute(("preview", self._picture), lambda: _shrunk(self.image))

    def probabilities(self, classes: tuple[str, ...], template: Template, question: str = CHOOSE) -> tuple[float, ...]:
        """Of the classes, 0 to 1."""
        from vpe_core.models.encoder import probabilities

        embedding, _ = self._look()
        if question == EACH:
            return presence_probabilities(self._model, embedding, classes, template, self._suffix)
        texts = self._model.encode_classes(classes, template=template, suffix=self._suffix)
        return tuple(probabilities(embedding, texts, self._model.logit_scale)[0].tolist())

    def heatmap(self, target: str, method: str, template: Template) -> Heatmap:
        """Attention in the pixels of `preview`; of methods that read the text, for the class `target`."""

        def spread_out() -> Heatmap:
            (grid,) = self._grids(target, method, template)
            return spread(grid, self._model, self.preview.size, method=method, text=target)

        if self._state.marks:  # every stroke makes another one
            return spread_out()
        return self._memory.get_or_compute(("heatmap", self.attention_key(target, method, template)), spread_out)

    def heatmaps(self, targets: tuple[str, ...], method: str, template: Template) -> list[Heatmap]:
        """`heatmap` for several classes, those that are not kept yet in one go."""
        by_key = {self.attention_key(target, method, template): target for target in targets}
        relevance = partial(patch_relevance, method=method, template=template, suffix=self._suffix)

        def compute(missing: list[Hashable]) -> list[Grids]:
            pictures = np.repeat(self._prepared, len(missing), axis=0)
            grids = relevance(self._model, pictures, [by_key[key] for key in missing])
            return [grids[number : number + 1].copy() for number in range(len(missing))]  # a view would hold all

        grids = self._memory.get_or_compute_each(by_key, compute)
        return [
            spread(grid, self._model, self.preview.size, method=method, text=target)
            for (grid,), target in zip(grids, targets, strict=True)
        ]

    def attention_key(self, target: str, method: str, template: Template) -> Hashable:
        """What tells this map from all others."""
        return ("attention", self._weights, self._picture, target, method, template, self._suffix)

    def cost_ms(self, target: str, method: str, template: Template) -> float:
        """What encoding it and reading its attention took."""
        keys = (self._look_key, self.attention_key(target, method, template))
        return sum(self._memory.cost_ms(key) for key in keys)

    @property
    def _prepared(self) -> NDArray[np.uint8]:
        return np.asarray(self.seen)[np.newaxis]

    @property
    def _look_key(self) -> Hashable:
        return ("look", self._weights, self._picture)

    def _look(self) -> Look:
        return look_together([self])[0]

    def _grids(self, target: str, method: str, template: Template) -> Grids:
        _, maps = self._look()
        if method == LAST_LAYER.name and maps is not None:
            return maps
        relevance = partial(patch_relevance, method=method, template=template, suffix=self._suffix)
        key = self.attention_key(target, method, template)
        return self._memory.get_or_compute(key, lambda: relevance(self._model, self._prepared, target))


def without_and_with_marks(model: Model, xray: Xray, state: DemoState, memory: BoundedCache) -> list[MarkedXray]:
    """The plain X-ray and, if something is drawn, the marked one, in front of a model."""
    images = [MarkedXray(model, xray, without_marks(state), memory)]
    return [*images, MarkedXray(model, xray, state, memory)] if state.marks else images


def look_together(images: Sequence[MarkedXray]) -> list[Look]:
    """What a model makes of several X-rays; those that are not kept yet go through the network in one batch.

    Args:
        images: At least one, all in front of one model and of one memory.
    """
    model, memory = images[0]._model, images[0]._memory
    by_key = {image._look_key: image for image in images}

    def encode(missing: list[Hashable]) -> list[Look]:
        prepared = np.concatenate([by_key[key]._prepared for key in missing])
        embeddings, maps = GazeEncoder(model).encode(prepared)
        parts = [slice(number, number + 1) for number in range(len(missing))]
        return [(embeddings[part].copy(), None if maps is None else maps[part].copy()) for part in parts]

    return memory.get_or_compute_each([image._look_key for image in images], encode)


def _shrunk(image: Image.Image) -> Image.Image:
    factor = min(1.0, SHOWN_PX / max(image.size))
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.HAMMING, reducing_gap=2.0)
