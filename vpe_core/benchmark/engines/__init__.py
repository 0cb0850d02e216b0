"""Engines: whatever turns the chunks that a job misses into rows, on this machine or on others.

Importing this package does not import torch.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

from vpe_core.benchmark.engines.local import LocalEngine
from vpe_core.benchmark.engines.ray import RayEngine
from vpe_core.errors import BenchmarkError
from vpe_core.registry import Registry

if TYPE_CHECKING:
    from vpe_core.benchmark.job import BatchDone, ChunkSpec, Job, WorkingOn
    from vpe_core.models import Model
    from vpe_core.results.store.schema import Chunk


class Engine(Protocol):
    """Does a job. What goes in and comes out is plain data that pickles."""

    def run(self, job: Job, chunks: Sequence[ChunkSpec]) -> Generator[Chunk | BatchDone | WorkingOn, None, None]:
        """The chunks, one for each spec and in any order, and between them how far the work is.

        Closing the generator ends the work.

        Raises:
            ModelError: The job's model cannot be loaded.
            BenchmarkError: The model that is there has other weights than the job's.
        """


EngineMaker: TypeAlias = "Callable[[int | None, Model | None, str | None], Engine]"
"""From how many may work (None for what suits the machines), the loaded model, if there is one, and the address of a
cluster, if there is one, to an engine; a `BenchmarkError` tells what it cannot work with.
"""

ENGINES: Registry[EngineMaker] = Registry("engine", BenchmarkError)
ENGINES.add("local", LocalEngine)
ENGINES.add("ray", RayEngine)

names, get = ENGINES.names, ENGINES.get
