"""The one way to a network: whoever wants something computed of pictures or texts submits it to its predictor.

A loaded model comes with a predictor that computes at once, in the caller's thread (`towers.DirectPredictor`). A server
puts one in its place that answers many people (`vpe_core.serving`). This file says what all of them have in common; it
does not import torch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from vpe_core.images import ImageSources, as_images
from vpe_core.types import Floats

if TYPE_CHECKING:
    from torch import Tensor

Rows: TypeAlias = tuple[Floats, ...]
"""One array for each thing that was wanted, with a row for each picture."""
Computation: TypeAlias = "Callable[[Tensor, Tensor], tuple[Tensor, ...]]"
"""From pixels (n, 3, height, width) and what stands beside them, such as text embeddings (n, d or 0), to tensors of n
rows."""

A_PASS = 16
"""Pictures that are given to a network together."""
A_PASS_OF_MAPS = 8
"""The same where attention is recorded: it takes memory, and so do its gradients."""


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
        from vpe_core.models.towers import unit

        return lambda pixels, _texts: (unit(network.encode_image(pixels)),)


EMBEDDING = Embedding()


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks a predictor that many share, and how.

    Attributes:
        asker: A person or session; askers take turns. None for whoever does not say.
        bulk: Whether it yields to people, as a benchmark does.
    """

    asker: Hashable = None
    bulk: bool = False


ANYONE = Asking()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What a predictor has done since it was made.

    Attributes:
        waiting: Requests that are not answered yet.
        answered: Requests that got their answer.
        failed: Requests that got an error of reading or computing.
        dropped: Requests that were cancelled before they began, as by a session that is run again.
        refused: Requests that found the queue full.
        passes: How many passes through the network there were with so many pictures, by that number.
        texts: Texts that were encoded.
        texts_shared: Texts that were asked for and encoded only once with another request's.
        milliseconds: From submitting to the answer, of the latest requests: the 50th, 95th and 99th percentile, by
            that number; empty before the first.
    """

    waiting: int = 0
    answered: int = 0
    failed: int = 0
    dropped: int = 0
    refused: int = 0
    passes: Mapping[int, int] = field(default_factory=dict)
    texts: int = 0
    texts_shared: int = 0
    milliseconds: Mapping[int, float] = field(default_factory=dict)


class Predictor(ABC):
    """Answers all who ask one network: sessions of the app, the benchmark, attention methods. Safe to share by threads.

    What callers may rely on, whichever predictor it is:

    - An answer has a row for each picture, in the given order. It is what these pictures get alone, up to the rounding
      of another batch size.
    - Any error of reading, preparing or computing comes out of the future, not out of `submit`, and reaches only who
      asked: `BusyError` where too many wait, `CancelledError` where the predictor is closed first.
    - `submit` may answer at once, or later and from another thread. Until the future is done its pictures must not be
      changed.
    - The caller's modes of torch (gradients, inference) do not matter, and no caller locks anything.
    """

    @abstractmethod
    def submit(
        self, pictures: ImageSources, want: Want = EMBEDDING, texts: Floats | None = None, asking: Asking = ANYONE
    ) -> Future[Rows]:
        """What is wanted of some pictures, which may go through the network together and with those of others.

        Args:
            pictures: One or many, at least one. Those that `VisionLanguageModel.prepare` has prepared may be one array
                (n, height, width, 3); others are prepared in the caller's thread.
            want: What.
            texts: For wants that read a text: its embedding for each picture, (n, dimension). For `FovealGaze`, which
                reads a bias for each patch instead, that.
            asking: Who asks.
        """

    @abstractmethod
    def submit_texts(self, texts: Sequence[str], asking: Asking = ANYONE) -> Future[Rows]:
        """The embeddings of at least one text, (n, dimension), rows of length 1."""

    @abstractmethod
    def statistics(self) -> Statistics:
        """What it has done so far."""

    @abstractmethod
    def close(self) -> None:
        """End what runs for it; what waits is cancelled, and what comes later gets a `ModelError`. May come twice."""

    @property
    def notice(self) -> str:
        """What whoever is answered should know of it at the moment, as a sentence; empty for nothing."""
        return ""

    def result_of(self, future: Future[Rows]) -> Rows:
        """Wait for an answer."""
        return future.result()

    def in_batches(self, pictures: ImageSources, want: Want, batch_size: int, texts: Floats | None = None) -> Rows:
        """The answers for any number of pictures, `batch_size` of them submitted together; nothing for none."""
        sources = as_images(pictures)
        parts = [slice(start, start + batch_size) for start in range(0, len(sources), batch_size)]
        futures = (self.submit(sources[part], want, None if texts is None else texts[part]) for part in parts)
        answers = [self.result_of(future) for future in futures]
        return tuple(np.concatenate(rows) for rows in zip(*answers, strict=True))
