"""Silence for decoders: what Pillow and pydicom warn of is either mended here or becomes an error of ours."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_users = 0
_silence = warnings.catch_warnings()


@contextmanager
def without_warnings() -> Iterator[None]:
    """Ignore warnings until the last thread that asked for it has left.

    `warnings.catch_warnings` alone restores the filters of another thread when two of them overlap.
    """
    global _users, _silence  # noqa: PLW0603  (the filters of the interpreter are global as well)
    with _lock:
        _users += 1
        if _users == 1:
            _silence = warnings.catch_warnings()
            _silence.__enter__()
            warnings.simplefilter("ignore")
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _silence.__exit__(None, None, None)
