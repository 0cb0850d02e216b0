"""From prepared pictures to rows: full batches, and one pass for embedding and attention."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.attention import GazeEncoder, attention_inside
from vpe_core.benchmark.job import BatchDone
from vpe_core.benchmark.pictures import ModelInput, RenderedImage
from vpe_core.errors import AttentionError
from vpe_core.results.store.schema import Chunk, VariantRows
from vpe_core.variants import Variant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.models import Model
    from vpe_core.types import Box


@dataclass(frozen=True, slots=True, eq=False)
class _Encoded:
    """A picture that the model has seen: one share of attention for each of its samples."""

    samples: tuple[int, ...]
    digest: int
    embedding: NDArray[np.float32]
    shares: tuple[float, ...]


class ChunkEncoder:
    """Turns the pictures of some images into the rows of a chunk.

    Args:
        model: A loaded model.
        batch_size: Pictures that go through the network together.
    """

    def __init__(self, model: Model, batch_size: int) -> None:
        self._encoder = GazeEncoder(model)
        self._batch_size = batch_size

    def encode(self, images: Iterable[RenderedImage], variants: Sequence[Variant]) -> Iterator[Chunk | BatchDone]:
        """The chunk of images that all show these variants, after a word about each batch.

        Pictures are encoded as they come, in full batches.
        """
        start = time.perf_counter()
        done: list[RenderedImage] = []
        waiting: list[ModelInput] = []
        found: dict[str, list[_Encoded]] = {variant.key: [] for variant in variants}
        for image in images:
            done.append(replace(image, inputs=()))
            waiting += image.inputs
            while len(waiting) >= self._batch_size:
                yield self._encode_batch(waiting[: self._batch_size], found)
                del waiting[: self._batch_size]
        if waiting:
            yield self._encode_batch(waiting, found)
        yield Chunk(
            images=tuple(sorted(one.image.number for one in done)),
            rows={key: self._rows(encoded) for key, encoded in found.items()},
            sizes_wh={one.image.number: one.size_wh for one in done if one.size_wh},
            problems=tuple(problem for one in done for problem in one.problems),
            seconds=time.perf_counter() - start,
        )

    def _encode_batch(self, batch: Sequence[ModelInput], found: Mapping[str, list[_Encoded]]) -> BatchDone:
        pictures = np.stack([one.pixels for one in batch])
        embeddings, maps = self._encoder.encode(pictures, batch_size=len(batch))
        for number, (one, embedding) in enumerate(zip(batch, embeddings, strict=True)):
            shares = [np.nan] * len(one.places) if maps is None else [_share(maps[number], box) for box in one.places]
            found[one.key].append(_Encoded(one.samples, one.digest, embedding, tuple(shares)))
        return BatchDone(len(batch))

    def _rows(self, encoded: Sequence[_Encoded]) -> VariantRows:
        """The rows of one variant, ascending; the embedding of a shared picture is stored with its first sample."""
        rows = sorted(
            (sample, index, sample == one.samples[0], share)
            for index, one in enumerate(encoded)
            for sample, share in zip(one.samples, one.shares, strict=True)
        )
        vectors = np.stack([one.embedding for one in encoded]) if encoded else self._nothing
        samples, index, own, shares = (np.array(column) for column in zip(*rows, strict=True)) if rows else [[]] * 4
        return VariantRows(
            np.asarray(samples, np.int32),
            vectors[np.asarray(index, np.intp)],
            np.asarray(own, bool),
            np.asarray(shares, np.float32),
            np.array([one.digest for one in encoded], np.int64)[np.asarray(index, np.intp)],
        )

    @property
    def _nothing(self) -> NDArray[np.float32]:
        return np.empty((0, self._encoder.model.dimension), np.float32)


def _share(grid: NDArray[np.float32], place: Box | None) -> float:
    """Share of the attention inside a place, given as a share of the picture; nan if it lies outside."""
    if place is None:
        return float("nan")
    rows, columns = grid.shape
    try:
        return attention_inside(grid, place.scaled(columns, rows)).share
    except AttentionError:
        return float("nan")
