"""Both towers of a network, ready to compute: what is submitted to a predictor ends here."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from vpe_core.images import ImageSources
from vpe_core.models.device import exact_convolutions
from vpe_core.models.failures import told_in_words
from vpe_core.models.predictor import ANYONE, EMBEDDING, Asking, Computation, Predictor, Rows, Statistics, Want
from vpe_core.types import Floats

if TYPE_CHECKING:
    from vpe_core.models.preprocessing import Preprocessing
    from vpe_core.models.reading import Reader


class Towers:
    """A network with its preprocessing. `prepared` may run in many threads, the others in one at a time.

    Args:
        network: An open_clip model.
        reader: Of its tokenizer.
        preprocessing: Of its image tower.
        device: Where it runs.
    """

    def __init__(self, network: Any, reader: Reader, preprocessing: Preprocessing, device: str) -> None:
        self._network, self._reader, self._preprocessing, self.device = network, reader, preprocessing, device
        self._computations: dict[Want, Computation] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_computations": {}}  # made anew where it arrives

    def with_image_tower(self, visual: Any) -> Towers:
        """Another image tower, such as a changed copy, beside the same text tower, with the same preprocessing."""
        network, other = self._network, copy.copy(self)
        other._network = SimpleNamespace(
            visual=visual, encode_image=visual, encode_text=network.encode_text, text=getattr(network, "text", None)
        )
        other._computations = {}
        return other

    def prepared(self, pictures: ImageSources) -> NDArray[np.uint8]:
        """What the image tower sees of each picture, (n, height, width, 3).

        Raises:
            ImageReadError: One cannot be read, or is none.
        """
        return self._preprocessing.prepared(pictures)

    def blank(self, n: int) -> NDArray[np.uint8]:
        """So many prepared pictures with nothing on them."""
        width, height = self._preprocessing.size_wh
        return np.zeros((n, height, width, 3), np.uint8)

    def pixels(self, prepared: NDArray[np.uint8]) -> Tensor:
        """Prepared pictures as the image tower takes them: (n, 3, height, width), on its device."""
        pixels = self._preprocessing.normalise(torch.from_numpy(prepared).to(self.device))
        return pixels.to(next(self._network.visual.parameters()).dtype)

    def of_pictures(self, prepared: NDArray[np.uint8], want: Want, texts: Floats | None = None) -> Rows:
        """What is wanted of prepared pictures, all in one pass."""
        with (
            torch.inference_mode(not want.gradients),
            torch.set_grad_enabled(want.gradients),
            told_in_words("this answer", self.device),
            exact_convolutions(self.device),
        ):
            pixels = self.pixels(prepared)
            beside = torch.from_numpy(np.empty((len(pixels), 0), np.float32) if texts is None else texts)
            if want not in self._computations:
                self._computations[want] = want.on(self._network)
            return _arrays(self._computations[want](pixels, beside.to(pixels.device)))

    def of_texts(self, texts: Sequence[str]) -> Rows:
        """The embeddings of texts, (n, dimension), rows of length 1, all in one pass."""
        with torch.inference_mode(), told_in_words("this answer", self.device), exact_convolutions(self.device):
            return _arrays((unit(self._network.encode_text(self._tokens(texts))),))

    def _tokens(self, texts: Sequence[str]) -> Tensor:
        tokens = self._reader.ids(texts)
        config = getattr(getattr(self._network, "text", None), "config", None)
        if config is not None:  # a Hugging Face tower masks padding, so columns of nothing but padding only cost time
            used = int((tokens != config.pad_token_id).any(dim=0).nonzero().max()) + 1
            tokens = tokens[:, :used]
        return tokens.to(self.device)


class DirectPredictor(Predictor):
    """Computes at once, in the caller's thread, one computation at a time: what a model is loaded with.

    Args:
        towers: What computes.
    """

    def __init__(self, towers: Towers) -> None:
        self._towers = towers
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[DirectPredictor], tuple[Towers]]:
        return type(self), (self._towers,)

    def submit(
        self,
        pictures: ImageSources,
        want: Want = EMBEDDING,
        texts: Floats | None = None,
        asking: Asking = ANYONE,  # noqa: ARG002 - nobody waits here
    ) -> Future[Rows]:
        def compute() -> Rows:
            prepared = self._towers.prepared(pictures)
            with self._lock:
                return self._towers.of_pictures(prepared, want, texts)

        return _completed(compute)

    def submit_texts(
        self,
        texts: Sequence[str],
        asking: Asking = ANYONE,  # noqa: ARG002 - nobody waits here
    ) -> Future[Rows]:
        def compute() -> Rows:
            with self._lock:
                return self._towers.of_texts(texts)

        return _completed(compute)

    def statistics(self) -> Statistics:
        """Nothing: whoever computes in the caller's thread has no queue."""
        return Statistics()

    def close(self) -> None:
        """Nothing runs for it, and it goes on answering."""


def unit(features: Tensor) -> Tensor:
    """Rows of length 1, in float32."""
    return functional.normalize(features.float(), dim=-1)


def _completed(compute: Callable[[], Rows]) -> Future[Rows]:
    future: Future[Rows] = Future()
    try:
        future.set_result(compute())
    except Exception as error:
        future.set_exception(error)
    return future


def _arrays(tensors: tuple[Tensor, ...]) -> Rows:
    return tuple(tensor.detach().float().cpu().numpy() for tensor in tensors)
