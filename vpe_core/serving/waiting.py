"""Who waits for a network, and whose turn it is. Not safe to share by threads: whoever uses it holds a lock."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeAlias

from numpy.typing import NDArray

from vpe_core.models.predictor import Asking, Rows, Want
from vpe_core.types import Floats

IN_A_ROW = 4
"""So many pictures of one request are answered before the next asker has a turn."""
BULK_AFTER = 16
"""After so many turns of people, bulk that waits has one, so that it ends even on a busy day."""
TEXTS_TOGETHER = 128
"""Texts of several requests go through the network together up to this number."""


@dataclass(eq=False, slots=True)
class Request:
    """Pictures with what is wanted of them, or texts.

    Attributes:
        asking: Who asks.
        future: For the answer.
        pictures: Prepared, (n, height, width, 3); None for texts.
        want: What is wanted of the pictures; None for texts.
        beside: The text embedding of each picture, for wants that read a text.
        texts: What is to be encoded, where there are no pictures.
        answers: Of its pictures so far, in their order.
        taken: How many of its pictures or texts have gone to the network.
        since: When it came, in seconds of the monotonic clock.
    """

    asking: Asking
    future: Future[Rows]
    pictures: NDArray | None = None  # type: ignore[type-arg]
    want: Want | None = None
    beside: Floats | None = None
    texts: Sequence[str] = ()
    answers: list[Rows] = field(default_factory=list)
    taken: int = 0
    since: float = field(default_factory=time.monotonic)

    def __len__(self) -> int:
        return len(self.texts) if self.pictures is None else len(self.pictures)

    @property
    def left(self) -> int:
        """How many of its pictures or texts still wait."""
        return len(self) - self.taken

    @property
    def kind(self) -> Hashable:
        """Requests of one kind may go through the network together; with gradients each goes alone."""
        if self.pictures is None:
            return "texts"
        if self.want is not None and self.want.gradients:
            return id(self)
        return self.want, self.pictures.shape[1:], None if self.beside is None else self.beside.shape[1:]


Part: TypeAlias = tuple[Request, slice]
"""Some pictures of a request that go through the network together; of texts all."""
_Line: TypeAlias = "OrderedDict[Hashable, deque[Request]]"


class Turns:
    """Askers with their requests, who have turns: people before bulk, and one after the other.

    Args:
        at_most: How many requests may wait.
    """

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._people: _Line = OrderedDict()
        self._bulk: _Line = OrderedDict()
        self._people_in_a_row = 0

    def __iter__(self) -> Iterator[Request]:
        return (request for line in (self._people, self._bulk) for queue in line.values() for request in queue)

    def __len__(self) -> int:
        return sum(len(queue) for line in (self._people, self._bulk) for queue in line.values())

    @property
    def full(self) -> bool:
        """Whether nobody else may come."""
        return len(self) >= self._at_most

    def add(self, request: Request) -> None:
        """Let a request wait behind those of the same asker."""
        self._line_of(request.asking).setdefault(request.asking.asker, deque()).append(request)

    def remove(self, request: Request) -> None:
        """Take a request out, if it still waits."""
        line, asker = self._line_of(request.asking), request.asking.asker
        if request in line.get(asker, ()):
            line[asker].remove(request)
            if not line[asker]:
                del line[asker]

    def take(self, people_size: int, bulk_size: int) -> list[Part]:
        """What goes through the network next: of the asker whose turn it is, and of those behind whatever is alike.

        Args:
            people_size: So many pictures of people at most.
            bulk_size: So many pictures of bulk at most.
        """
        bulk = not self._people or (bool(self._bulk) and self._people_in_a_row >= BULK_AFTER)
        self._people_in_a_row = 0 if bulk else self._people_in_a_row + 1
        line, room = (self._bulk, bulk_size) if bulk else (self._people, people_size)
        parts: list[Part] = []
        for asker in list(line):
            request = line[asker][0]
            if parts and request.kind != parts[0][0].kind:
                continue
            if request.pictures is None and not parts:
                room = TEXTS_TOGETHER
            n = request.left if request.pictures is None else min(room, request.left)
            parts.append((request, slice(request.taken, request.taken + n)))
            request.taken += n
            room -= n
            if not request.left:
                self.remove(request)
            if asker in line and (not request.left or request.taken % IN_A_ROW < n):
                line.move_to_end(asker)
            if room <= 0:
                break
        return parts

    def _line_of(self, asking: Asking) -> _Line:
        return self._bulk if asking.bulk else self._people
