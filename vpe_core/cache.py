"""Results of costly computations, kept as long as there is room, each computed by one of the threads that ask."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import TypeVar, cast

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


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

    def __len__(self) -> int:
        return len(self._found)

    def get_or_compute(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The kept result for `key`, or else that of `compute`: one computation, however many ask at the same time.

        An error reaches all who asked, and is not kept. Where the one who computes is stopped (as Streamlit stops a
        page that is run again), another one starts anew.
        """
        return self.get_or_compute_each([key], lambda _: [compute()])[0]

    def get_or_compute_each(self, keys: Iterable[K], compute: Callable[[list[K]], Iterable[T]]) -> list[T]:
        """`get_or_compute` for many keys: what nobody has computed or is computing is computed in one go.

        Args:
            keys: In any order; one may come several times.
            compute: From distinct keys to a result for each. Its error reaches those who asked for the same single key;
                of several keys it is not known which one is to blame, so others who wait for one of them try for
                themselves.

        Returns:
            A result for each key, in their order.
        """
        wanted = list(keys)
        values: dict[K, T] = {}
        while missing := [key for key in dict.fromkeys(wanted) if key not in values]:
            waiting: dict[K, Future[object]] = {}
            mine: dict[K, Future[object]] = {}
            with self._lock:
                for key in missing:
                    if key in self._found:
                        self._found.move_to_end(key)
                        values[key] = cast(T, self._found[key][0])
                    elif running := self._running.get(key):
                        waiting[key] = running
                    else:
                        mine[key] = self._running[key] = Future()
            if mine:  # before waiting for others, who may wait for these
                values.update(self._compute(mine, compute))
            for key, running in waiting.items():
                with suppress(CancelledError):
                    values[key] = cast(T, running.result())
        return [values[key] for key in wanted]

    def cost_ms(self, key: Hashable) -> float:
        """How many milliseconds the kept result for `key` took; 0 if there is none."""
        with self._lock:
            return self._found[key][1] if key in self._found else 0.0

    def _compute(self, mine: dict[K, Future[object]], compute: Callable[[list[K]], Iterable[T]]) -> dict[K, T]:
        start = time.perf_counter()
        try:
            values = dict(zip(mine, compute(list(mine)), strict=True))
        except BaseException as error:
            with self._lock:
                for key in mine:
                    del self._running[key]
            for future in mine.values():
                if isinstance(error, Exception) and len(mine) == 1:
                    future.set_exception(error)
                else:
                    future.cancel()
            raise
        each_ms = (time.perf_counter() - start) * 1e3 / len(mine)
        with self._lock:
            for key, value in values.items():
                del self._running[key]
                self._found[key] = value, each_ms
            while len(self._found) > self._at_most:
                self._found.popitem(last=False)
        for key, future in mine.items():
            future.set_result(values[key])
        return values
