"""Ray, where it is installed: a cluster that is there, or one of this process's own, and its errors as ours.

Nothing here imports ray before it is used.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from vpe_core.errors import VPEError
from vpe_core.extras import require

_DECIDE_RESULTS = ("VPE_ALLOWED_MODELS", "VPE_MAX_IMAGE_BYTES", "VPE_MAX_IMAGE_PIXELS", "VPE_OFFLINE")
"""Settings that a worker takes from whoever gives it work; folders and devices are its own machine's concern."""
_CONNECT_SECONDS = 5


def require_ray(error: type[VPEError]) -> None:
    """Refuse to work with Ray where it is not installed.

    Raises:
        VPEError: Of the class `error`; the message names the extra.
    """
    require("ray", "ray", "Working on several machines needs", error)


@contextmanager
def joined(address: str | None, cpus: int | None, error: type[VPEError]) -> Iterator[None]:
    """Meanwhile, this process is part of a cluster. One that it has joined before is used, and kept.

    Args:
        address: "auto" for the cluster that this machine belongs to, or HOST:PORT of its head; None starts one on this
            machine, which ends with the context.
        cpus: For one of our own, how many processors it may use; None for all.
        error: Of what class errors are.

    Raises:
        VPEError: There is no such cluster.
    """
    require_ray(error)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when ray is imported: it would tell its makers
    import ray

    if ray.is_initialized():
        yield
        return
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address is None:
            ray.init("local", num_cpus=cpus, include_dashboard=False, **quiet)
        else:
            _require_reachable(address, error)
            settings = {name: os.environ[name] for name in _DECIDE_RESULTS if name in os.environ}
            ray.init(address, runtime_env={"env_vars": settings}, **quiet)
    except Exception as failure:  # Ray raises bare exceptions here
        ray.shutdown()
        if address is None:
            raise error(f"Ray does not start on this machine: {_first_line(failure)} Try again.") from None
        raise error(f"There is no Ray cluster at {address}: {_first_line(failure)} Start one: `ray start`.") from None
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def told_as(error: type[VPEError], advice: str) -> Iterator[None]:
    """What a worker raises is raised here: errors of ours as they are, others as one sentence of the class `error`.

    Args:
        error: The class.
        advice: What to do, as a sentence.
    """
    import ray

    try:
        yield
    except ray.exceptions.RayError as failure:
        cause: BaseException = failure
        while isinstance(cause, ray.exceptions.RayTaskError):
            cause = cause.cause
        if isinstance(cause, VPEError):
            known = next(kind for kind in type(cause).__mro__ if kind.__module__ == VPEError.__module__)
            raise known(str(cause)) from None
        if isinstance(cause, ray.exceptions.RayError):
            raise error(
                f"The Ray cluster lost workers that it could not replace: {_first_line(cause)} {advice}"
            ) from None
        raise error(f"A worker failed with {type(cause).__name__}: {_first_line(cause)} {advice}") from None


def _require_reachable(address: str, error: type[VPEError]) -> None:
    """Ray ends the whole process if nobody answers at an address, so somebody else knocks first."""
    host, _, port = address.rpartition(":")
    if address == "auto":
        return
    if not host or not port.isdecimal() or "/" in address:
        raise error(
            f"Expected auto or HOST:PORT as the address of a Ray cluster, but got {address!r}. From a machine outside "
            "the cluster, hand the command in with `ray job submit`."
        )
    try:
        socket.create_connection((host, int(port)), _CONNECT_SECONDS).close()
    except (OSError, OverflowError) as failure:
        raise error(f"Nobody answers at {address} ({failure}). Start a cluster there: `ray start --head`.") from None


def _first_line(failure: BaseException) -> str:
    lines = [line.strip() for line in str(failure).splitlines() if line.strip()]
    line = (lines or [type(failure).__name__])[0][:200]
    return line if line.endswith(".") else f"{line}."
