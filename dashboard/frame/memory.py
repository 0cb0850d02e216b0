"""The latest results of one session, so that nothing is computed twice and nothing is shared with other sessions."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Memory:
    """Keeps the latest results by what they depend on, and what each cost to compute."""

    def __init__(self, size: int = 48) -> None:
        self._size = size
        self._kept: OrderedDict[Hashable, tuple[Any, float]] = OrderedDict()

    def remember(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The kept result for `key`, or else that of `compute`."""
        if key not in self._kept:
            start = time.perf_counter()
            value = compute()
            self._kept[key] = value, (time.perf_counter() - start) * 1e3
        self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        result: T = self._kept[key][0]
        return result

    def cost_ms(self, key: Hashable) -> float:
        """How long the kept result for `key` took; 0 if there is none."""
        return self._kept[key][1] if key in self._kept else 0.0
