"""Results of costly computations, kept as long as there is room, each computed by one of the threads that ask."""

from __future__ import annotations

import dataclasses
import math
import sys
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Set
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import TypeVar, cast

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
_LARGE_BYTES = 1 << 14


class BoundedCache:
    """What was computed, by key; the one that was not asked for the longest goes first. Safe to share by threads.

    Args:
        at_most: How many results are kept.
        at_most_bytes: How much memory they may take together, by `size_of`, an array that several share counted once;
            None for no limit. What is larger than that alone is computed, and not kept.
        behind: Whose results are taken as they are; nothing is added to it.

    Attributes:
        asked: How many results were asked for.
        computed: How many of them had to be computed.
    """

    def __init__(self, at_most: int = 48, at_most_bytes: int | None = None, behind: BoundedCache | None = None) -> None:
        self._behind = behind
        self._at_most = at_most
        self._at_most_bytes = at_most_bytes
        self._sizes: dict[Hashable, _Size] = {}
        self._holders: Counter[int] = Counter()
        self._total = 0
        self.asked = self.computed = 0
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, tuple[object, float]] = OrderedDict()
        self._running: dict[Hashable, Future[object]] = {}

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._found

    def __len__(self) -> int:
        return len(self._found)

    @property
    def n_bytes(self) -> int:
        """What the results take, if there is a limit; else 0."""
        return self._total

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
        with self._lock:
            self.asked += len(wanted)
        values: dict[K, T] = self._kept_behind(wanted)
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

    def _kept_behind(self, keys: Iterable[K]) -> dict[K, T]:
        if self._behind is None:
            return {}
        with self._behind._lock:
            return {key: cast(T, self._behind._found[key][0]) for key in keys if key in self._behind._found}

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
        limit = math.inf if self._at_most_bytes is None else self._at_most_bytes
        sizes = {} if self._at_most_bytes is None else {key: _Size(value) for key, value in values.items()}
        each_ms = (time.perf_counter() - start) * 1e3 / len(mine)
        with self._lock:
            self.computed += len(mine)
            for key, value in values.items():
                del self._running[key]
                self._found[key] = value, each_ms
                if size := sizes.get(key):
                    self._add(key, size)
                    if size.total > limit:  # or it would push out all others before it goes itself
                        self._found.move_to_end(key, last=False)
            while len(self._found) > self._at_most or self._total > limit:
                oldest, _ = self._found.popitem(last=False)
                if oldest in self._sizes:
                    self._subtract(self._sizes.pop(oldest))
        for key, future in mine.items():
            future.set_result(values[key])
        return values

    def _add(self, key: Hashable, size: _Size) -> None:
        self._sizes[key] = size
        self._total += size.small + sum(n for part, n in size.large.items() if not self._holders[part])
        self._holders.update(size.large.keys())

    def _subtract(self, size: _Size) -> None:
        self._holders.subtract(size.large.keys())
        gone = [part for part in size.large if not self._holders[part]]
        self._total -= size.small + sum(size.large[part] for part in gone)
        for part in gone:
            del self._holders[part]


class _Size:
    """What a result takes: its large parts by identity, so that each is counted once, and all others together."""

    __slots__ = ("large", "small")

    def __init__(self, value: object) -> None:
        self.large: dict[int, int] = {}
        self.small = self._measured(value)

    @property
    def total(self) -> int:
        return self.small + sum(self.large.values())

    def _measured(self, value: object) -> int:
        n_bytes, parts = _own_bytes(value)
        if n_bytes < _LARGE_BYTES:
            return n_bytes + sum(map(self._measured, parts))
        self.large[id(value)] = n_bytes
        return sum(map(self._measured, parts))


def size_of(value: object) -> int:
    """About how many bytes a result takes: arrays, texts, pictures, and whatever consists of them."""
    return _Size(value).total


def _own_bytes(value: object) -> tuple[int, Iterable[object]]:
    """What a value itself takes, and what it consists of."""
    if isinstance(value, bytes | bytearray | str):
        return sys.getsizeof(value), ()
    if (n_bytes := getattr(value, "nbytes", None)) is not None:  # an array
        return int(n_bytes), ()
    if bands := getattr(value, "getbands", None):  # a Pillow image
        width, height = getattr(value, "size", (0, 0))
        return int(width * height * len(bands())), ()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts: Iterable[object] = [getattr(value, field.name) for field in dataclasses.fields(value)]
    elif isinstance(value, Mapping):
        parts = [*value, *value.values()]
    elif isinstance(value, list | tuple | Set):
        parts = value
    else:
        parts = ()
    return sys.getsizeof(value), parts
