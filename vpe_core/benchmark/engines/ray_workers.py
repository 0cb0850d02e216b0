"""What the machines of a Ray cluster do of a job: draw pictures, and encode them."""

from __future__ import annotations

import socket
from collections.abc import Generator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vpe_core.benchmark.pictures import PictureMaker, RenderedImage
from vpe_core.errors import BenchmarkError

if TYPE_CHECKING:
    from vpe_core.benchmark.job import AnnotatedImage, BatchDone
    from vpe_core.models import Model, ModelRecord
    from vpe_core.models.preprocessing import Preprocessing
    from vpe_core.results.store.schema import Chunk
    from vpe_core.variants import Variant


def draw(
    preprocessing: Preprocessing, root: Path, images: Sequence[AnnotatedImage], variants: Sequence[Variant]
) -> list[RenderedImage]:
    """All pictures of some images, ready for the network.

    Raises:
        BenchmarkError: This machine lacks the data set's folder: its images would all pass for unreadable.
    """
    if not root.is_dir():
        raise BenchmarkError(
            f"The machine {socket.gethostname()} has no folder {root}. Bring the data set to the same place on every "
            "machine, or share its folder with them."
        )
    maker = PictureMaker(preprocessing.prepare, preprocessing.view, root)
    return [maker(image, variants) for image in images]


class Encoder:
    """A model on one GPU, or on one core. It is loaded when it is first needed, also after a restart.

    Args:
        record: The job's model.
        batch_size: Pictures that go through the network together.
        device: Where it is to run, as `load_model` takes it.
    """

    def __init__(self, record: ModelRecord, batch_size: int, device: str) -> None:
        self._record, self._batch_size, self._device = record, batch_size, device

    def introduce(self) -> tuple[Preprocessing, str]:
        """How the model wants its pictures, and on what it runs.

        Raises:
            ModelError: It cannot be loaded.
            BenchmarkError: The model that is there has other weights.
        """
        return self._model.preprocessing, self._model.device_title

    def encode(self, variants: Sequence[Variant], pieces: Sequence[Any]) -> Generator[BatchDone | Chunk, None, None]:
        """See `ChunkEncoder.encode`; the images come as references to what `draw` made."""
        import ray

        from vpe_core.benchmark.encode import ChunkEncoder

        images = (image for piece in pieces for image in ray.get(piece))
        yield from ChunkEncoder(self._model, self._batch_size).encode(images, variants)

    @cached_property
    def _model(self) -> Model:
        import torch

        from vpe_core.benchmark.engines.local import model_of

        torch.set_num_threads(1)
        return model_of(self._record, device=self._device)
