"""How many pictures are worth a pass on this machine, measured once and kept; and how many threads a pass gets."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter

from vpe_core.models.predictor import EMBEDDING
from vpe_core.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from vpe_core.models import Model
    from vpe_core.models.towers import Towers

T = TypeVar("T")

logger = logging.getLogger(__name__)

BULK_SECONDS = 0.2
"""What a pass of bulk may take: so long a person may have to wait for one."""
_TRIED = (1, 2, 4, 8, 16, 32, 64)
_REPEATS = 3
_WORTH = 1.05
"""People share a pass where a picture of it takes at most this share of what it takes alone. It need not be less: each
pass waits a hundred times for the interpreter's lock while pages run, and a shared one does so once for all."""


@dataclass(frozen=True, slots=True)
class PassSizes:
    """How many pictures go through a network together.

    Attributes:
        people: At most, where people ask. 1 means that every picture gets just what it gets alone, to the last bit.
        bulk: At most, where a benchmark asks.
    """

    people: int = 1
    bulk: int = 8

    def __post_init__(self) -> None:
        if min(self.people, self.bulk) < 1:
            raise ValueError(f"Expected passes of at least one picture, but got {self}.")


def threads_for_many(device: str) -> int | None:
    """Threads of a pass in a server: half of the processor's cores, because the pages of a class need the others.

    One person alone would be answered sooner with all of them, many at a time later: threads of a pass wait for each
    other, and on busy cores one always comes late. None on an accelerator, where torch's own choice is as good.
    """
    if device != "cpu":
        return None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // 2)


def use_threads(number: int | None) -> None:
    """Let torch compute with so many threads in this thread; what other threads use is as before. None: as it is."""
    import torch

    before = torch.get_num_threads()
    if number is None or number == before:
        return
    torch.set_num_threads(number)
    # OpenMP keeps the number for each thread, torch a second time for threads to come: that one is put back.
    in_thread(lambda: torch.set_num_threads(before))


def in_thread(compute: Callable[[], T]) -> T:
    """What `compute` gives in a thread of its own, which ends with it."""
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(compute()), daemon=True)
    thread.start()
    thread.join()
    return found[0]


def sizes_for(model: Model, threads: int | None) -> PassSizes:
    """What is best for these weights on this machine: as it was measured, or measured now, in about a second.

    It is kept in the cache folder; where that cannot be written, it is measured each time.
    """
    path = _place(model, threads)
    with suppress(OSError, ValueError):
        return TypeAdapter(PassSizes).validate_json(path.read_bytes())

    def measure() -> PassSizes:
        use_threads(threads)
        return _measured(model.towers)

    sizes = in_thread(measure)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(TypeAdapter(PassSizes).dump_json(sizes))
        part.replace(path)
    logger.info("%s: passes of %d pictures for people, of %d for bulk.", model.name, sizes.people, sizes.bulk)
    return sizes


def chosen_sizes(seconds: dict[int, float]) -> PassSizes:
    """What follows from measured passes.

    Args:
        seconds: Of a pass, by its number of pictures; 1 is among them.
    """
    people = 1
    for size in sorted(seconds):
        if seconds[size] / size <= _WORTH * seconds[1] and seconds[size] <= BULK_SECONDS:
            people = size
    short = [size for size in seconds if seconds[size] <= BULK_SECONDS] or [1]
    return PassSizes(people, min(short, key=lambda size: seconds[size] / size))


def _measured(towers: Towers) -> PassSizes:
    seconds: dict[int, float] = {}
    for size in _TRIED:
        pictures = towers.blank(size)
        towers.of_pictures(pictures, EMBEDDING)  # the first pass of a size prepares itself
        times = []
        for _ in range(_REPEATS):
            start = time.perf_counter()
            towers.of_pictures(pictures, EMBEDDING)
            times.append(time.perf_counter() - start)
        seconds[size] = min(times)  # the rest of the machine only adds to it
        if seconds[size] > BULK_SECONDS:
            break
    return chosen_sizes(seconds)


def _place(model: Model, threads: int | None) -> Path:
    record = model.record
    parts = (
        record.weights_sha256, record.precision, record.device, model.device_title, _processor(), threads,
        *record.versions,
    )  # fmt: skip
    key = hashlib.sha256(repr(parts).encode()).hexdigest()[:24]
    return get_settings().cache_dir / "serving" / f"{key}.json"


def _processor() -> str:
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        return next((line for line in lines if line.startswith("model name")), platform.processor())
    return platform.processor()
