"""A loaded vision-language model: pictures and texts in, embeddings and probabilities out."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from vpe_core.errors import PromptError
from vpe_core.geometry import SizeWH, View
from vpe_core.models.device import device_title
from vpe_core.models.preprocessing import Preprocessing
from vpe_core.models.reading import Reader, Reading
from vpe_core.models.specs import ModelRecord, ModelSpec
from vpe_core.prompts import PAPER_TEMPLATE, build_prompts, refuse_single
from vpe_core.types import Prediction

if TYPE_CHECKING:
    from PIL.Image import Image

    from vpe_core.models.loading import Tokenizer

_KEPT_TEXTS = 4096

Embeddings = NDArray[np.float32]
Pictures = NDArray[np.uint8]


class VisionLanguageModel:
    """A CLIP-style model, ready to answer. Made by `load_model`; safe to share between threads.

    Attributes:
        spec: What is known about the model.
        record: What was loaded: hash, commit, device, precision.
        visual: The image tower; do not change it.
        lock: Held during every computation, so that many sessions share one model without fighting for the cores.
    """

    def __init__(self, spec: ModelSpec, record: ModelRecord, network: Any, tokenizer: Tokenizer) -> None:
        self.spec = spec
        self.record = record
        self.visual: torch.nn.Module = network.visual
        self.lock = threading.RLock()
        self._network = network
        self._tokenizer = tokenizer
        self._reader = Reader(tokenizer)
        self._preprocessing = Preprocessing.of(network.visual)
        self._texts: OrderedDict[str, Embeddings] = OrderedDict()

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

    def view(self, image_wh: SizeWH) -> View:
        """How the model sees an image of this size: resized, perhaps cropped."""
        return self._preprocessing.view(image_wh)

    def seen(self, image: Image) -> Image:
        """What the model sees of `image`, before the values are normalised: an RGB picture of the model's size."""
        return self._preprocessing.picture(image)

    def prepare(self, image: Image) -> Pictures:
        """`seen` as an array, uint8 (height, width, 3): what a thread can do ahead while the model is busy."""
        return np.asarray(self.seen(image))

    def pixels(self, images: Sequence[Image] | Pictures) -> torch.Tensor:
        """The images as the tower takes them: (n, 3, height, width), preprocessed as the model's authors do.

        Args:
            images: PIL images, or the prepared ones, uint8 (n, height, width, 3).
        """
        prepared = images if isinstance(images, np.ndarray) else np.stack([self.prepare(image) for image in images])
        pixels = self._preprocessing.normalise(torch.from_numpy(prepared).to(self.device))
        return pixels.to(next(self.visual.parameters()).dtype)

    def encode_images(self, images: Sequence[Image] | Pictures, *, batch_size: int = 32) -> Embeddings:
        """Embeddings of the images.

        Args:
            images: PIL images of any mode and size, or prepared ones, uint8 (n, height, width, 3).
            batch_size: Images that go through the network together.

        Returns:
            float32, (n_images, dimension), rows of length 1.
        """
        parts = []
        for start in range(0, len(images), batch_size):
            pixels = self.pixels(images[start : start + batch_size])
            with self.lock, torch.inference_mode():
                parts.append(_normalised(self._network.encode_image(pixels)))
        return np.concatenate(parts) if parts else np.empty((0, self.dimension), np.float32)

    def encode_texts(self, texts: Sequence[str], *, batch_size: int = 64) -> Embeddings:
        """Embeddings of the texts, computed once each and kept (the latest 4096).

        Returns:
            float32, (n_texts, dimension), rows of length 1.
        """
        with self.lock:
            missing = [text for text in dict.fromkeys(texts) if text not in self._texts]
            fresh: dict[str, Embeddings] = {}
            for start in range(0, len(missing), batch_size):
                batch = missing[start : start + batch_size]
                fresh.update(zip(batch, self._encode_text_batch(batch), strict=True))
            rows = [fresh[text] if text in fresh else self._texts[text] for text in texts]
            self._keep(texts, rows)
        return np.stack(rows) if rows else np.empty((0, self.dimension), np.float32)

    def encode_classes(
        self, classes: Sequence[str], *, template: str | Sequence[str] | None = PAPER_TEMPLATE, suffix: str = ""
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
        if not classes:
            raise PromptError("Expected at least one class, but got none.")
        if template is None:
            prompts = [[text] for text in classes]
        else:
            templates = (template,) if isinstance(template, str) else tuple(template)
            prompts = build_prompts(classes, templates, suffix=suffix)
        embeddings = self.encode_texts([prompt for group in prompts for prompt in group])
        mean: Embeddings = embeddings.reshape(len(prompts), len(prompts[0]), -1).mean(axis=1)
        unit: Embeddings = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return unit

    def classify(
        self,
        images: Sequence[Image],
        classes: Sequence[str],
        *,
        template: str | Sequence[str] | None = PAPER_TEMPLATE,
        suffix: str = "",
    ) -> NDArray[np.float32]:
        """Zero-shot probabilities: the softmax over the classes of logit scale times cosine.

        Args:
            images: PIL images.
            classes: Class names, at least two, or complete prompts if `template` is None.
            template: See `encode_classes`; the paper's template unless told otherwise.
            suffix: See `encode_classes`.

        Returns:
            float32, (n_images, n_classes), rows sum to 1.

        Raises:
            PromptError: There is one class only, of which each image would be certain; or see `encode_classes`.
        """
        refuse_single(classes)
        texts = self.encode_classes(classes, template=template, suffix=suffix)
        return probabilities(self.encode_images(images), texts, self.logit_scale)

    def predict(
        self,
        images: Sequence[Image],
        classes: Sequence[str],
        *,
        template: str | Sequence[str] | None = PAPER_TEMPLATE,
        suffix: str = "",
    ) -> Prediction:
        """`classify`, together with what answered and how long it took."""
        start = time.perf_counter()
        answer = self.classify(images, classes, template=template, suffix=suffix)
        milliseconds = (time.perf_counter() - start) * 1e3
        return Prediction(answer, tuple(classes), self.name, self.device, milliseconds)

    def unknown_words(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Words that the model cannot read, as its tokenizer tells; empty if it can spell any word."""
        with self.lock:
            return tuple(dict.fromkeys(word for text in texts for word in self._reader.unknown_words(text)))

    def reading(self, texts: Sequence[str]) -> Reading:
        """What of some prompts is beyond the model's context, and whether it can still tell them apart."""
        with self.lock:
            return self._reader.reading(tuple(texts))

    def words_read_of(self, texts: Sequence[str]) -> int:
        """How many words the model reads of the text that loses most; 0 if all are read in full."""
        return self.reading(texts).words

    @cached_property
    def dimension(self) -> int:
        """Length of an embedding."""
        return int(self._network.encode_text(self._tokens([""])).shape[1])

    def _encode_text_batch(self, texts: list[str]) -> Embeddings:
        with torch.inference_mode():
            return _normalised(self._network.encode_text(self._tokens(texts)))

    def _tokens(self, texts: list[str]) -> torch.Tensor:
        tokens = self._tokenizer(texts)
        text_tower = getattr(self._network, "text", None)
        config = getattr(text_tower, "config", None)
        if config is not None:  # a Hugging Face tower masks padding, so columns of nothing but padding only cost time
            used = int((tokens != config.pad_token_id).any(dim=0).nonzero().max()) + 1
            tokens = tokens[:, :used]
        return tokens.to(self.device)

    def _keep(self, texts: Sequence[str], rows: list[Embeddings]) -> None:
        for text, row in zip(texts, rows, strict=True):
            self._texts[text] = row
            self._texts.move_to_end(text)
        while len(self._texts) > _KEPT_TEXTS:
            self._texts.popitem(last=False)


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


def _normalised(features: torch.Tensor) -> Embeddings:
    unit: Embeddings = functional.normalize(features.float(), dim=-1).cpu().numpy()
    return unit
