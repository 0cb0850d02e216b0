"""The engine of one process: threads decode, draw and prepare; one model encodes full batches."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from vpe_core.benchmark.encode import ChunkEncoder
from vpe_core.benchmark.pictures import PictureMaker, RenderedImage
from vpe_core.errors import BenchmarkError

if TYPE_CHECKING:
    from vpe_core.benchmark.job import AnnotatedImage, BatchDone, ChunkSpec, Job
    from vpe_core.models import Model, ModelRecord
    from vpe_core.results.store.schema import Chunk
    from vpe_core.variants import Variant

Task = TypeVar("Task")
Result = TypeVar("Result")


class LocalEngine:
    """Encodes in this process.

    Args:
        threads: Threads that draw; None for one a processor, eight at most.
        model: The job's model if it is loaded already; else it is loaded when the work starts.
        address: None; there is nobody else to ask.

    Raises:
        BenchmarkError: There is an address.
    """

    def __init__(self, threads: int | None = None, model: Model | None = None, address: str | None = None) -> None:
        if address is not None:
            raise BenchmarkError(f"The engine local works on this machine alone. For the cluster {address} take ray.")
        self._threads = threads or min(os.cpu_count() or 1, 8)
        self._model = model

    def run(self, job: Job, chunks: Sequence[ChunkSpec]) -> Generator[Chunk | BatchDone, None, None]:
        """See `Engine.run`."""
        model = model_of(job.model, self._model)
        maker, encoder = PictureMaker(model.prepare, model.view, job.root), ChunkEncoder(model, job.batch_size)

        def render(task: tuple[AnnotatedImage, tuple[Variant, ...]]) -> RenderedImage:
            return maker(*task)

        tasks = ((job.images[number], chunk.variants) for chunk in chunks for number in chunk.images)
        with (
            ThreadPoolExecutor(self._threads, thread_name_prefix="pictures") as pool,
            closing(prefetched(pool, render, tasks, 2 * self._threads)) as rendered,
        ):
            for chunk in chunks:
                yield from encoder.encode(islice(rendered, len(chunk.images)), chunk.variants)


def prefetched(
    pool: ThreadPoolExecutor, work: Callable[[Task], Result], tasks: Iterable[Task], depth: int
) -> Generator[Result, None, None]:
    """Results in the order of the tasks, `depth` of them before they are asked for; closing it cancels the rest."""
    waiting: deque[Future[Result]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(work, task))
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def model_of(wanted: ModelRecord, loaded: Model | None = None, device: str | None = None) -> Model:
    """The model of a job: the loaded one, or else it is loaded onto a device, None for that of the settings.

    Raises:
        ModelError: It cannot be loaded.
        BenchmarkError: It has other weights or another arithmetic than the job's.
    """
    from vpe_core.models import load_model

    model = loaded or load_model(wanted.name, device=device, precision=wanted.precision)
    for what, is_here, asked in (
        ("weights", model.record.weights_sha256, wanted.weights_sha256),
        ("arithmetic", model.record.precision, wanted.precision),
    ):
        if is_here != asked:
            raise BenchmarkError(
                f"The job is for {wanted.name} with the {what} {asked}, but here it has {is_here}. Bring the same "
                "model onto every machine, or start the run again with this one."
            )
    return model
