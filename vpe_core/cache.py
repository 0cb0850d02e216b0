"""Results of costly computations, kept as long as there is room, each computed by one of the threads that ask."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import TypeVar, cast

T = TypeVar("T")


class BoundedCache:
    """What was computed, by key; the one that was not asked for the longest goes first. Safe to share by threads.

    Args:
        at_most: How many results are kept.
    """

    def __init__(self, at_most: int = 48) -> None:
        self._at_most = at_most
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, tuple[object, float]] = OrderedDict()
        self._running: dict[Hashable, Future[object]] = {}

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._found

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The kept result for `key`, or else that of `compute`: one computation, however many ask at the same time.

        An error reaches all who asked, and is not kept. Where the one who computes is stopped (as Streamlit stops a
        page that is run again), another one starts anew.
        """
        while True:
            with self._lock:
                if key in self._found:
                    self._found.move_to_end(key)
                    return cast(T, self._found[key][0])
                running = self._running.get(key)
                if running is None:
                    mine = self._running[key] = Future()
                    break
            with suppress(CancelledError):
                return cast(T, running.result())
        return self._compute(key, compute, mine)

    def cost_ms(self, key: Hashable) -> float:
        """How many milliseconds the kept result for `key` took; 0 if there is none."""
        with self._lock:
            return self._found[key][1] if key in self._found else 0.0

    def _compute(self, key: Hashable, compute: Callable[[], T], mine: Future[object]) -> T:
        start = time.perf_counter()
        try:
            value = compute()
        except BaseException as error:
            with self._lock:
                del self._running[key]
            if isinstance(error, Exception):
                mine.set_exception(error)
            else:
                mine.cancel()
            raise
        with self._lock:
            del self._running[key]
            self._found[key] = value, (time.perf_counter() - start) * 1e3
            while len(self._found) > self._at_most:
                self._found.popitem(last=False)
        mine.set_result(value)
        return value
