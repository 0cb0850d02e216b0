"""The engine of many machines: tasks of Ray decode, draw and prepare; a model on each GPU or core encodes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vpe_core.benchmark.engines.ray_workers import Encoder, draw
from vpe_core.benchmark.job import BatchDone, WorkingOn
from vpe_core.clusters import joined, require_ray, told_as
from vpe_core.errors import BenchmarkError

if TYPE_CHECKING:
    from vpe_core.benchmark.job import AnnotatedImage, ChunkSpec, Job
    from vpe_core.models import Model
    from vpe_core.results.store.schema import Chunk

RETRIES = 3
"""How often the same work is given out again because its worker died."""
CHUNKS_AN_ENCODER = 2
"""One that is encoded, and one that is drawn meanwhile: this bounds what lies in the cluster's memory."""
_ADVICE = "What was finished is kept: start the run again."


class RayEngine:
    """Encodes on a Ray cluster. Chunks come back as data; whoever runs the engine writes them.

    Args:
        threads: Models that encode; None for one a GPU, or one a core where the cluster has no GPU. A cluster of our
            own has as many cores.
        model: Not needed: each machine loads the job's model by its name, and its weights must be the job's.
        address: "auto" for the cluster that this machine belongs to, or HOST:PORT of its head; None starts one on this
            machine that ends with the work.

    Raises:
        BenchmarkError: Ray is not installed.
    """

    def __init__(
        self,
        threads: int | None = None,
        model: Model | None = None,  # noqa: ARG002  # as every engine
        address: str | None = None,
    ) -> None:
        require_ray(BenchmarkError)
        self._n_encoders, self._address = threads, address

    def run(self, job: Job, chunks: Sequence[ChunkSpec]) -> Generator[Chunk | BatchDone | WorkingOn, None, None]:
        """See `Engine.run`. A worker that dies is replaced, and its chunk made again.

        Raises:
            BenchmarkError: There is no such cluster; a machine lacks the data; workers die again and again.
        """
        if not chunks:
            return
        with (
            joined(self._address, self._n_encoders, BenchmarkError),
            told_as(BenchmarkError, _ADVICE),
            closing(_Cluster(job, self._n_encoders, len(chunks))) as cluster,
        ):
            yield WorkingOn(cluster.introduction())
            yield from cluster.work(chunks)


class _Cluster:
    """The encoders of a job, and what they are doing."""

    def __init__(self, job: Job, wanted: int | None, n_chunks: int) -> None:
        import ray

        there = ray.cluster_resources()
        gpus = int(there.get("GPU", 0))
        most = min(gpus or wanted or int(there.get("CPU", 1)), n_chunks)
        # Encoders ask for no core, so that there is always one to draw with; those that wait for pictures take none.
        self._encoder = ray.remote(Encoder).options(
            num_cpus=0,
            num_gpus=1 if gpus else 0,
            max_restarts=-1,
            max_task_retries=RETRIES,
            scheduling_strategy="SPREAD",
        )
        self._draw = ray.remote(draw).options(num_cpus=1, max_retries=RETRIES)
        self._job = job
        self._encoders = [
            self._encoder.remote(job.model, job.batch_size, "cuda" if gpus else "cpu")
            for _ in range(min(wanted or most, most))
        ]
        self._streams: dict[Any, tuple[int, list[Any]]] = {}
        """What encoders tell, with the encoder's number and the pictures that it reads."""
        self._preprocessing: Any = None

    def introduction(self) -> str:
        """On what all encoders run, once each has loaded its model."""
        import ray

        told = ray.get([encoder.introduce.remote() for encoder in self._encoders])
        self._preprocessing = ray.put(told[0][0])
        titles = [title for _, title in told]
        return "; ".join(f"{titles.count(title)} x {title}" for title in dict.fromkeys(titles)) + " (Ray)"

    def work(self, chunks: Sequence[ChunkSpec]) -> Iterator[Chunk | BatchDone]:
        """What the encoders tell, as it comes."""
        import ray

        waiting, since = deque(chunks), time.perf_counter()
        while waiting or self._streams:
            while waiting and len(self._streams) < CHUNKS_AN_ENCODER * len(self._encoders):
                self._start(waiting.popleft())
            (ready,), _ = ray.wait(list(self._streams), num_returns=1)
            try:
                message = ray.get(next(ready))
            except StopIteration:
                del self._streams[ready]
                continue
            if not isinstance(message, BatchDone):  # chunks are made side by side: their times add up to the run's
                now = time.perf_counter()
                message, since = replace(message, seconds=now - since), now
            yield message

    def close(self) -> None:
        """End what is still going on."""
        import ray

        for _, pieces in self._streams.values():
            for piece in pieces:
                ray.cancel(piece)
        for encoder in self._encoders:
            ray.kill(encoder)

    def _start(self, chunk: ChunkSpec) -> None:
        """Give a chunk to the encoder that has the least to do."""
        busy = [number for number, _ in self._streams.values()]
        number = min(range(len(self._encoders)), key=busy.count)
        pieces = [
            self._draw.remote(self._preprocessing, self._job.root, piece, chunk.variants)
            for piece in self._pieces(chunk)
        ]
        encode = self._encoders[number].encode.options(num_returns="streaming")
        self._streams[encode.remote(chunk.variants, pieces)] = number, pieces

    def _pieces(self, chunk: ChunkSpec) -> Iterator[list[AnnotatedImage]]:
        """Neighbours among the images of a chunk, about a batch of pictures together: what one task draws."""
        piece: list[AnnotatedImage] = []
        n_pictures = 0
        for image in (self._job.images[number] for number in chunk.images):
            piece.append(image)
            n_pictures += image.n_pictures(chunk.variants)
            if n_pictures >= self._job.batch_size:
                yield piece
                piece, n_pictures = [], 0
        if piece:
            yield piece
