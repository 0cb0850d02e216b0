"""The one way to a network: whoever wants something computed of pictures or texts submits it here."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from vpe_core.images import ImageSources, as_images
from vpe_core.models.device import exact_convolutions

if TYPE_CHECKING:
    from vpe_core.models.preprocessing import Preprocessing
    from vpe_core.models.reading import Reader

Floats: TypeAlias = NDArray[np.float32]
Rows: TypeAlias = tuple[Floats, ...]
"""One array for each thing that was wanted, with a row for each picture."""
Computation: TypeAlias = "Callable[[Tensor, Tensor], tuple[Tensor, ...]]"
"""From pixels (n, 3, height, width) and text embeddings (n, d or 0) to tensors of n rows."""


class Want(ABC):
    """What is to be computed of pictures. A frozen dataclass of plain values, so that equal wants are one and the same.

    What a picture is answered must not depend on the others in its batch.

    Attributes:
        gradients: Whether gradients are taken on the way.
    """

    gradients: ClassVar[bool] = False

    @abstractmethod
    def on(self, network: Any) -> Computation:
        """The computation on this network, made once for each; only one thread at a time runs it."""


@dataclass(frozen=True)
class Embedding(Want):
    """The image embedding alone: (n, dimension), rows of length 1."""

    def on(self, network: Any) -> Computation:
        return lambda pixels, _texts: (_unit(network.encode_image(pixels)),)


EMBEDDING = Embedding()


class Predictor:
    """Answers all who ask one network: sessions of the app, the benchmark, attention methods. Safe to share by threads.

    What callers may rely on, now and when pictures of several callers go through the network together:

    - An answer has a row for each picture, in the given order. It is what these pictures get alone, up to the rounding
      of another batch size.
    - Any error of reading, preparing or computing comes out of the future, not out of `submit`.
    - `submit` may answer at once, as it does now, or later and from another thread. Until the future is done its
      pictures must not be changed.
    - The caller's modes of torch (gradients, inference) do not matter, and no caller locks anything.

    Args:
        network: An open_clip model.
        reader: Of its tokenizer.
        preprocessing: Of its image tower.
        device: Where it runs.
    """

    def __init__(self, network: Any, reader: Reader, preprocessing: Preprocessing, device: str) -> None:
        self._network, self._reader, self._preprocessing, self._device = network, reader, preprocessing, device
        self._computations: dict[Want, Computation] = {}
        self._lock = threading.Lock()  # one computation at a time, so that sessions do not fight for the cores

    def submit(self, pictures: ImageSources, want: Want = EMBEDDING, texts: Floats | None = None) -> Future[Rows]:
        """What is wanted of some pictures that may go through the network together.

        Args:
            pictures: One or many, at least one. Those that `VisionLanguageModel.prepare` has prepared may be one array
                (n, height, width, 3); others are prepared in the caller's thread.
            want: What.
            texts: For wants that read a text: its embedding for each picture, (n, dimension).
        """

        def compute() -> tuple[Tensor, ...]:
            pixels = self.pixels(pictures)
            beside = torch.from_numpy(np.empty((len(pixels), 0), np.float32) if texts is None else texts)
            with self._lock, exact_convolutions(self._device):
                if want not in self._computations:
                    self._computations[want] = want.on(self._network)
                return self._computations[want](pixels, beside.to(pixels.device))

        return _completed(compute, want.gradients)

    def submit_texts(self, texts: Sequence[str]) -> Future[Rows]:
        """The embeddings of at least one text, (n, dimension), rows of length 1."""

        def compute() -> tuple[Tensor, ...]:
            tokens = self._tokens(texts)
            with self._lock, exact_convolutions(self._device):
                return (_unit(self._network.encode_text(tokens)),)

        return _completed(compute, gradients=False)

    def in_batches(self, pictures: ImageSources, want: Want, batch_size: int, texts: Floats | None = None) -> Rows:
        """The answers for any number of pictures, `batch_size` of them submitted together; nothing for none."""
        sources = as_images(pictures)
        parts = [slice(start, start + batch_size) for start in range(0, len(sources), batch_size)]
        futures = (self.submit(sources[part], want, None if texts is None else texts[part]) for part in parts)
        answers = [future.result() for future in futures]
        return tuple(np.concatenate(rows) for rows in zip(*answers, strict=True))

    def pixels(self, pictures: ImageSources) -> Tensor:
        """Pictures as the image tower takes them: (n, 3, height, width)."""
        prepared = torch.from_numpy(self._preprocessing.prepared(pictures))
        pixels = self._preprocessing.normalise(prepared.to(self._device))
        return pixels.to(next(self._network.visual.parameters()).dtype)

    def _tokens(self, texts: Sequence[str]) -> Tensor:
        tokens = self._reader.ids(texts)
        config = getattr(getattr(self._network, "text", None), "config", None)
        if config is not None:  # a Hugging Face tower masks padding, so columns of nothing but padding only cost time
            used = int((tokens != config.pad_token_id).any(dim=0).nonzero().max()) + 1
            tokens = tokens[:, :used]
        return tokens.to(self._device)


def _completed(compute: Callable[[], tuple[Tensor, ...]], gradients: bool) -> Future[Rows]:
    future: Future[Rows] = Future()
    try:
        with torch.inference_mode(not gradients), torch.set_grad_enabled(gradients):
            tensors = compute()
        future.set_result(tuple(tensor.detach().float().cpu().numpy() for tensor in tensors))
    except Exception as error:
        future.set_exception(error)
    return future


def _unit(features: Tensor) -> Tensor:
    return functional.normalize(features.float(), dim=-1)
