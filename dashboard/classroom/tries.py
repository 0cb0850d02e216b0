"""How often wrong codes may be tried: so seldom that none is found by trying. No streamlit here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

WINDOW_S = 600.0
PER_CLIENT, IN_ALL = 40, 120
"""Wrong codes in ten minutes. Of 113 million codes, 20 of them in use all day, a day of such trying finds one in three
thousand times from one place, and in three hundred times from everywhere together."""


class Tries:
    """The wrong codes of the last minutes, by who tried them. Whoever holds it locks.

    Args:
        clock: Seconds that only grow.
        per_client: How many wrong codes one client may try within the window.
        in_all: How many all of them may.
    """

    def __init__(self, clock: Callable[[], float], per_client: int = PER_CLIENT, in_all: int = IN_ALL) -> None:
        self._clock, self._per_client, self._in_all = clock, per_client, in_all
        self._wrong: deque[tuple[float, str]] = deque(maxlen=in_all)

    def may_try(self, client: str) -> bool:
        """Whether this client may try a code now."""
        since = self._clock() - WINDOW_S
        while self._wrong and self._wrong[0][0] <= since:
            self._wrong.popleft()
        of_client = sum(who == client for _, who in self._wrong)
        return of_client < self._per_client and len(self._wrong) < self._in_all

    def was_wrong(self, client: str) -> None:
        """Take note of a wrong code."""
        self._wrong.append((self._clock(), client))
