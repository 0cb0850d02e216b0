"""What a long command says when Ctrl-C or SIGTERM ends it: what is kept, and the command that goes on."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

_BY_A_SIGNAL = 128
"""A shell's exit code of a process that a signal ended is this and the signal's number."""


@contextmanager
def told_when_stopped(console: Console) -> Iterator[None]:
    """End a benchmark run in words, by Ctrl-C as by SIGTERM, which a machine that goes down sends.

    Args:
        console: Where it is said.
    """
    from vpe_core.benchmark.runner import RunInterrupted

    code = _BY_A_SIGNAL + signal.SIGINT

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        nonlocal code
        code = _BY_A_SIGNAL + number
        raise KeyboardInterrupt

    can_listen = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, interrupt) if can_listen else None
    try:
        yield
    except KeyboardInterrupt as stop:
        words = "Stopped. What was finished is kept."
        if isinstance(stop, RunInterrupted):
            words = f"Stopped at {stop.done:,} of {stop.total:,} pictures; {stop.kept:,} are kept in {stop.folder}."
        console.print(f"{words} To go on: {_command_to_go_on()}", style="yellow", markup=False, soft_wrap=True)
        raise typer.Exit(code) from None
    finally:
        if can_listen:
            signal.signal(signal.SIGTERM, before)


def _command_to_go_on() -> str:
    return shlex.join(["python", "-m", "vpe_core", *(word for word in sys.argv[1:] if word != "--fresh")])
