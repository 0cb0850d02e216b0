"""A Ray cluster of this machine that this process belongs to: two cores, little memory, no dashboard."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_STARTS = 3


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Its address."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray = pytest.importorskip("ray")
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp") as short:  # sockets' paths must be short
        for start in range(_STARTS):
            try:
                ray.init(
                    "local", num_cpus=2, object_store_memory=100_000_000, include_dashboard=False,
                    log_to_driver=False, logging_level="ERROR", _temp_dir=short,
                )  # fmt: skip
                break
            except Exception:  # it waits 30 s for itself, too little on a busy machine
                ray.shutdown()
                if start + 1 == _STARTS:
                    raise
        yield ray.get_runtime_context().gcs_address
        ray.shutdown()


def workers(name: str) -> list[int]:
    """The processes of this process's cluster whose names begin like this, such as "ray::Encoder"."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if not (process / "cmdline").read_bytes().startswith(name.encode()):
                continue
            if _parent_of(_parent_of(int(process.name))) == os.getpid():
                found.append(int(process.name))
        except (OSError, IndexError):  # it has ended meanwhile
            continue
    return found


def wait_until_gone(name: str) -> None:
    """One that is only just starting ends when it has started."""
    deadline = time.monotonic() + 60
    while workers(name) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert workers(name) == []


def _parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
