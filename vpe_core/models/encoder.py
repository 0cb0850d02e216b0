"""A loaded vision-language model: pictures and texts in, embeddings and probabilities out."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
import torch
from numpy.typing import NDArray

from vpe_core.cache import BoundedCache
from vpe_core.errors import PromptError
from vpe_core.geometry import SizeWH, View
from vpe_core.images import ImageSource, ImageSources, as_image
from vpe_core.models.device import device_title
from vpe_core.models.predictor import EMBEDDING, Predictor
from vpe_core.models.preprocessing import Preprocessing
from vpe_core.models.protocols import Texts
from vpe_core.models.reading import Reader, Reading
from vpe_core.models.specs import ModelRecord, ModelSpec
from vpe_core.models.towers import DirectPredictor, Towers
from vpe_core.prompts import PAPER_TEMPLATE, as_texts, build_prompts, refuse_single
from vpe_core.types import Prediction

if TYPE_CHECKING:
    from PIL.Image import Image

    from vpe_core.models.protocols import Network
    from vpe_core.models.reading import Tokenizer

_KEPT_TEXTS = 4096

Embeddings = NDArray[np.float32]
Pictures = NDArray[np.uint8]


class VisionLanguageModel:
    """A CLIP-style model, ready to answer. Made by `load_model`; safe to share between threads.

    Wherever it takes images it takes one or many, each a Pillow image, an array (8 bit, 16 bit or float; grey or RGB),
    a path or bytes; an array (n, height, width, channels) is many. Wherever it takes texts it takes one or many.
    Answers always have a row for each: of one image `classify` gives (1, n_classes).

    Attributes:
        spec: What is known about the model.
        record: What was loaded: hash, commit, device, precision.
        visual: The image tower; do not change it.
        towers: What computes; only a predictor calls it.
        predictor: The way to the network for whatever is to be computed.
        preprocessing: What is done to pictures before the image tower sees them, without the tower.
    """

    def __init__(self, spec: ModelSpec, record: ModelRecord, network: Network, tokenizer: Tokenizer) -> None:
        self.spec = spec
        self.record = record
        self.visual: torch.nn.Module = network.visual
        self._network = network
        self._reader = Reader(tokenizer)
        self.preprocessing = Preprocessing.of(network.visual)
        self.towers = Towers(network, self._reader, self.preprocessing, record.device)
        self.predictor: Predictor = DirectPredictor(self.towers)
        self._texts = BoundedCache(_KEPT_TEXTS)

    def __repr__(self) -> str:
        return f"VisionLanguageModel({self.spec.name!r}, device={self.device!r}, precision={self.record.precision!r})"

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def device(self) -> str:
        """Where the model runs, such as "cpu" or "cuda:0"."""
        return self.record.device

    @property
    def device_title(self) -> str:
        """The device as people name it."""
        return device_title(self.device)

    @property
    def logit_scale(self) -> float:
        """What cosines are multiplied with before the softmax."""
        return float(self._network.logit_scale.exp())

    def asking(self, predictor: Predictor) -> Self:
        """The same model, texts that are kept included, asked through another predictor of these weights."""
        other = copy.copy(self)
        other.predictor = predictor
        return other

    def view(self, image_wh: SizeWH) -> View:
        """How the model sees an image of this size: resized, perhaps cropped."""
        return self.preprocessing.view(image_wh)

    def seen(self, image: ImageSource) -> Image:
        """What the model sees of `image`, before the values are normalised: an RGB picture of the model's size."""
        return self.preprocessing.picture(as_image(image))

    def prepare(self, image: ImageSource) -> Pictures:
        """`seen` as an array, uint8 (height, width, 3): what a thread can do ahead while the model is busy."""
        return np.asarray(self.seen(image))

    def pixels(self, images: ImageSources) -> torch.Tensor:
        """The images as the tower takes them: (n, 3, height, width), preprocessed as the model's authors do.

        Args:
            images: One or many, at least one. Those that `prepare` has prepared may be one array (n, height, width, 3).
        """
        return self.towers.pixels(self.towers.prepared(images))

    def encode_images(self, images: ImageSources, *, batch_size: int = 32) -> Embeddings:
        """Embeddings of the images.

        Args:
            images: One or many of any mode and size: Pillow images, arrays, paths or bytes.
            batch_size: Images that go through the network together.

        Returns:
            float32, (n_images, dimension), rows of length 1; one row for one image.

        Raises:
            ImageReadError: An image cannot be read, or is none.
        """
        rows = self.predictor.in_batches(images, EMBEDDING, batch_size)
        return rows[0] if rows else np.empty((0, self.dimension), np.float32)

    def encode_texts(self, texts: Texts, *, batch_size: int = 64) -> Embeddings:
        """Embeddings of one text or many, computed once each and kept (the latest 4096).

        Returns:
            float32, (n_texts, dimension), rows of length 1; one row for one text.

        Raises:
            PromptError: Something is no text.
        """

        def encode(missing: list[str]) -> Iterator[Embeddings]:
            for start in range(0, len(missing), batch_size):
                (rows,) = self._of_texts(missing[start : start + batch_size])
                yield from rows

        rows = self._texts.get_or_compute_each(as_texts(texts), encode)
        return np.stack(rows) if rows else np.empty((0, self.dimension), np.float32)

    def encode_classes(
        self, classes: Texts, *, template: str | Sequence[str] | None = PAPER_TEMPLATE, suffix: str = ""
    ) -> Embeddings:
        """One embedding a class: of its prompt, or for several templates the normalised mean over their prompts.

        Args:
            classes: Class names, or complete prompts if `template` is None.
            template: A template with `{class}` and perhaps `{suffix}`, or several.
            suffix: What follows the class, such as " indicated by a red circle".

        Returns:
            float32, (n_classes, dimension), rows of length 1.

        Raises:
            PromptError: There are no classes, or a class or a template is not valid.
        """
        names = as_texts(classes, "classes")
        if not names:
            raise PromptError("Expected at least one class, but got none.")
        if template is None:
            prompts = [[text] for text in names]
        else:
            templates = (template,) if isinstance(template, str) else tuple(template)
            prompts = build_prompts(names, templates, suffix=suffix)
        embeddings = self.encode_texts([prompt for group in prompts for prompt in group])
        mean: Embeddings = embeddings.reshape(len(prompts), len(prompts[0]), -1).mean(axis=1)
        unit: Embeddings = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return unit

    def classify(
        self,
        images: ImageSources,
        classes: Texts,
        *,
        template: str | Sequence[str] | None = PAPER_TEMPLATE,
        suffix: str = "",
    ) -> NDArray[np.float32]:
        """Zero-shot probabilities: the softmax over the classes of logit scale times cosine.

        Args:
            images: One or many, as in `encode_images`.
            classes: Class names, at least two, or complete prompts if `template` is None.
            template: See `encode_classes`; the paper's template unless told otherwise.
            suffix: See `encode_classes`.

        Returns:
            float32, (n_images, n_classes), rows sum to 1; (1, n_classes) for one image.

        Raises:
            ImageReadError: An image cannot be read, or is none.
            PromptError: There is one class only, of which each image would be certain; or see `encode_classes`.
        """
        names = as_texts(classes, "classes")
        refuse_single(names)
        texts = self.encode_classes(names, template=template, suffix=suffix)
        return probabilities(self.encode_images(images), texts, self.logit_scale)

    def predict(
        self,
        images: ImageSources,
        classes: Texts,
        *,
        template: str | Sequence[str] | None = PAPER_TEMPLATE,
        suffix: str = "",
    ) -> Prediction:
        """`classify`, together with what answered and how long it took."""
        start, names = time.perf_counter(), as_texts(classes, "classes")
        answer = self.classify(images, names, template=template, suffix=suffix)
        milliseconds = (time.perf_counter() - start) * 1e3
        return Prediction(answer, tuple(names), self.name, self.device, milliseconds)

    def unknown_words(self, texts: Texts) -> tuple[str, ...]:
        """Words that the model cannot read, as its tokenizer tells; empty if it can spell any word."""
        return tuple(dict.fromkeys(word for text in as_texts(texts) for word in self._reader.unknown_words(text)))

    def reading(self, texts: Texts) -> Reading:
        """What of one prompt or of many is beyond the model's context, and whether it can still tell them apart."""
        return self._reader.reading(tuple(as_texts(texts)))

    @cached_property
    def dimension(self) -> int:
        """Length of an embedding."""
        (rows,) = self._of_texts([""])
        return int(rows.shape[1])

    def _of_texts(self, texts: Sequence[str]) -> tuple[Embeddings, ...]:
        return self.predictor.result_of(self.predictor.submit_texts(texts))


def probabilities(images: Embeddings, texts: Embeddings, logit_scale: float) -> NDArray[np.float32]:
    """Softmax over the texts of `logit_scale` times cosine.

    Args:
        images: (n_images, dimension), rows of length 1.
        texts: (n_texts, dimension), rows of length 1.
        logit_scale: The model's temperature, as a factor.

    Returns:
        float32, (n_images, n_texts), rows sum to 1.
    """
    logits = logit_scale * (images.astype(np.float64) @ texts.T.astype(np.float64))
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
