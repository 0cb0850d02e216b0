"""Work that goes on while people use the app: one thread a job, shared by all sessions, watched by polling."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

from vpe_core.errors import VPEError

logger = logging.getLogger(__name__)

Report = Callable[[float, str], None]
"""Tells the share that is done, 0 to 1, and what is being done."""


@dataclass(frozen=True, slots=True)
class JobState:
    """How far a job is: running, then done, or ended by an error that can be shown, or by a person.

    Attributes:
        stopped: Somebody wants it to end; while it still runs, it does so at its next report.
        result: What the work returned.
        order: What was asked for, so that it can be asked for again.
        number: Tells one start from the next, so that each session knows of which end it has been told.
    """

    fraction: float = 0.0
    text: str = "Starting"
    running: bool = True
    error: str | None = None
    stopped: bool = False
    result: object = None
    number: int = 0
    order: object = None


class _StopRequested(BaseException):
    """Raised by a report to end the work; no `except Exception` on the way takes it for a failure."""


_states: dict[str, JobState] = {}
_threads: dict[str, threading.Thread] = {}
_lock = threading.Lock()
_numbers = count(1)


def start(key: str, work: Callable[[Report], object], order: object = None) -> bool:
    """Run `work` in the background; False if a job of this key is running already, which is left alone."""
    with _lock:
        if (known := _states.get(key)) and known.running:
            return False
        _states[key] = JobState(number=next(_numbers), order=order)
        _threads[key] = threading.Thread(target=_run, args=(key, work), name=f"job {key}", daemon=True)
        _threads[key].start()
    return True


def stop(key: str) -> None:
    """Ask a running job to end; it does so at its next report."""
    with _lock:
        if (known := _states.get(key)) and known.running:
            _states[key] = replace(known, text="Stopping", stopped=True)


def forget(key: str) -> None:
    """Keep nothing of a job that has ended; one that runs is left alone."""
    with _lock:
        if (known := _states.get(key)) and not known.running:
            del _states[key], _threads[key]


def running() -> tuple[str, ...]:
    """The keys of the jobs that are under way."""
    with _lock:
        return tuple(key for key, known in _states.items() if known.running)


def stop_all(wait_s: float) -> bool:
    """Ask all jobs to end, as before the process ends, and wait for them; whether all did.

    Args:
        wait_s: At most so many seconds, for all together.
    """
    keys, end = running(), time.monotonic() + wait_s
    for key in keys:
        if last := state(key):
            logger.warning("Stopping the job %r (%s): this process ends. What it has stored is kept.", key, last.text)
        stop(key)
    for key in keys:
        _threads[key].join(max(0.0, end - time.monotonic()))
    return not running()


def state(key: str) -> JobState | None:
    """The latest state of a job, which stays when it has ended; None if it was never started."""
    with _lock:
        return _states.get(key)


def _run(key: str, work: Callable[[Report], object]) -> None:
    def report(fraction: float, text: str) -> None:
        with _lock:
            if _states[key].stopped:
                raise _StopRequested
            _states[key] = replace(_states[key], fraction=min(max(fraction, 0.0), 1.0), text=text)

    try:
        result = work(report)
    except _StopRequested:
        _end(key, None, stopped=True)
    except VPEError as error:
        _end(key, str(error))
    except Exception as error:  # a defect: nobody would see it in a thread, and the page would wait forever
        logger.exception("The job %r failed.", key)
        _end(key, f"Something unexpected went wrong ({type(error).__name__}); see the app's log.")
    else:
        _end(key, None, result=result)


def _end(key: str, error: str | None, stopped: bool = False, result: object = None) -> None:
    with _lock:
        _states[key] = replace(_states[key], running=False, error=error, stopped=stopped, result=result)
