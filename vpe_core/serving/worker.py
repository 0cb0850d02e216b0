"""One thread that answers those who wait for a network."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.errors import BusyError, ModelError
from vpe_core.models.predictor import Rows, Statistics
from vpe_core.serving.sizes import PassSizes, use_threads
from vpe_core.serving.waiting import Part, Request, Turns

if TYPE_CHECKING:
    from vpe_core.models.towers import Towers

_LATENCIES = 1024
_PERCENTILES = (50, 95, 99)


class Worker:
    """A queue and its thread, which begins with the first request. Safe to share by threads.

    Args:
        towers: What computes; nobody else may compute with them.
        sizes: How many pictures go through the network together.
        threads: Threads of torch in a pass; None for torch's own choice.
        at_most: How many requests may wait.
    """

    def __init__(self, towers: Towers, sizes: PassSizes, threads: int | None, at_most: int) -> None:
        self._towers, self._sizes, self._threads = towers, sizes, threads
        self._turns = Turns(at_most)
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._counts: Counter[str] = Counter()
        self._passes: Counter[int] = Counter()
        self._seconds: deque[float] = deque(maxlen=_LATENCIES)

    def add(self, request: Request) -> None:
        """Let a request wait, or answer it at once with the reason why it cannot."""
        problem: Exception | None = None
        with self._changed:
            if self._closed:
                problem = ModelError("This model has been closed. Load it again.")
            elif self._turns.full:
                self._counts["refused"] += 1
                problem = BusyError(
                    f"{len(self._turns)} requests wait for this model, and no more can. Try again in a moment."
                )
            else:
                self._turns.add(request)
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="vpe-predictor", daemon=True)
                    self._thread.start()
                self._changed.notify()
        if problem:
            request.future.set_exception(problem)
        else:
            request.future.add_done_callback(lambda _: self._forget(request))

    def close(self) -> None:
        """Cancel what waits; the thread ends after the pass that is under way."""
        with self._changed:
            self._closed = True
            waiting = list(self._turns)
            self._changed.notify()
        for request in waiting:
            request.future.cancel()

    def join(self) -> None:
        """Wait for the thread to end."""
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()

    def statistics(self) -> Statistics:
        """What was done so far."""
        with self._changed:
            seconds = list(self._seconds)
            return Statistics(
                waiting=len(self._turns),
                answered=self._counts["answered"],
                failed=self._counts["failed"],
                dropped=self._counts["dropped"],
                refused=self._counts["refused"],
                passes=dict(sorted(self._passes.items())),
                texts=self._counts["texts"],
                texts_shared=self._counts["texts_shared"],
                milliseconds={p: float(np.percentile(seconds, p)) * 1e3 for p in _PERCENTILES} if seconds else {},
            )

    def _run(self) -> None:
        use_threads(self._threads)
        while parts := self._next():
            self._answer(parts)
            del parts  # or the thread would hold the latest pictures while it waits

    def _next(self) -> list[Part]:
        """What goes through the network next; nothing once it is closed."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or len(self._turns))
                if self._closed:
                    return []
                parts = self._turns.take(self._sizes.people, self._sizes.bulk)
                # A request that begins can no longer be cancelled.
                begun = [
                    (request, part)
                    for request, part in parts
                    if part.start or request.future.set_running_or_notify_cancel()
                ]
            if begun:
                return begun

    def _answer(self, parts: Sequence[Part]) -> None:
        try:
            answers = self._texts(parts) if parts[0][0].pictures is None else self._pictures(parts)
        except BaseException as error:
            if len(parts) > 1:  # who is to blame will show
                for part in parts:
                    self._answer([part])
            else:
                self._fail(parts[0][0], error)
            return
        for (request, _), rows in zip(parts, answers, strict=True):
            request.answers.append(rows)
            if sum(len(done[0]) for done in request.answers) == len(request):
                answer = tuple(np.concatenate(several) for several in zip(*request.answers, strict=True))
                self._count(answered=1, seconds=time.monotonic() - request.since)
                request.future.set_result(answer)

    def _fail(self, request: Request, error: BaseException) -> None:
        with self._changed:
            self._turns.remove(request)  # if more of it waits
        self._count(failed=1, seconds=time.monotonic() - request.since)
        request.future.set_exception(error)

    def _pictures(self, parts: Sequence[Part]) -> list[Rows]:
        want = parts[0][0].want
        assert want is not None
        pictures = _joined([request.pictures[part] for request, part in parts if request.pictures is not None])
        beside = [request.beside[part] for request, part in parts if request.beside is not None]
        self._count(passes=len(pictures))
        rows = self._towers.of_pictures(pictures, want, _joined(beside) if beside else None)
        ends = np.cumsum([part.stop - part.start for _, part in parts])
        return list(zip(*(np.split(array, ends[:-1]) for array in rows), strict=True))

    def _texts(self, parts: Sequence[Part]) -> list[Rows]:
        asked = [text for request, _ in parts for text in request.texts]
        place = {text: number for number, text in enumerate(dict.fromkeys(asked))}
        (rows,) = self._towers.of_texts(list(place))
        self._count(texts=len(place), texts_shared=len(asked) - len(place))
        return [(rows[[place[text] for text in request.texts]],) for request, _ in parts]

    def _forget(self, request: Request) -> None:
        if request.future.cancelled():
            with self._changed:
                self._turns.remove(request)
            self._count(dropped=1)

    def _count(self, *, passes: int = 0, seconds: float | None = None, **counts: int) -> None:
        with self._changed:
            self._counts.update(counts)
            if passes:
                self._passes[passes] += 1
            if seconds is not None:
                self._seconds.append(seconds)


def _joined(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
