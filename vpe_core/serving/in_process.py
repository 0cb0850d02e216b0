"""The predictor of a server: a bounded queue before the network, and one thread that answers it."""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from vpe_core.models.predictor import ANYONE, EMBEDDING, Asking, Predictor, Rows, Statistics, Want
from vpe_core.serving.sizes import PassSizes, sizes_for, threads_for_many
from vpe_core.serving.waiting import Request
from vpe_core.serving.worker import Worker
from vpe_core.types import Floats

if TYPE_CHECKING:
    from vpe_core.images import ImageSources
    from vpe_core.models import Model
    from vpe_core.models.towers import Towers

WAITING_AT_MOST = 256


class QueuedPredictor(Predictor):
    """Answers many askers from one thread of its own, which begins with the first request and ends with the predictor.

    Nobody waits for company: what comes while a pass is under way shares the next one, as far as the network gains by
    that. Askers take turns, bulk comes after people, and a pass of bulk is short. Requests that want different things
    of their pictures do not share a pass; a pass that fails is tried again for each request, so that an error reaches
    who asked for it. It can be pickled, and used in a forked child; neither takes the queue along.

    Args:
        towers: What computes; nobody else may compute with them.
        sizes: How many pictures go through the network together.
        threads: Threads of torch in a pass; what other threads of the program use is left alone. None: torch's own.
        at_most: How many requests may wait.
    """

    def __init__(
        self,
        towers: Towers,
        sizes: PassSizes = PassSizes(),  # noqa: B008 - frozen
        threads: int | None = None,
        at_most: int = WAITING_AT_MOST,
    ) -> None:
        self._made_of = towers, sizes, threads, at_most
        self._begin()

    def __reduce__(self) -> tuple[type[QueuedPredictor], tuple[object, ...]]:
        return type(self), self._made_of

    @property
    def sizes(self) -> PassSizes:
        """How many pictures go through the network together."""
        return self._made_of[1]

    def submit(
        self, pictures: ImageSources, want: Want = EMBEDDING, texts: Floats | None = None, asking: Asking = ANYONE
    ) -> Future[Rows]:
        future: Future[Rows] = Future()
        try:
            prepared = self._made_of[0].prepared(pictures)
        except Exception as error:
            future.set_exception(error)
            return future
        return self._add(Request(asking, future, prepared, want, texts))

    def submit_texts(self, texts: Sequence[str], asking: Asking = ANYONE) -> Future[Rows]:
        return self._add(Request(asking, Future(), texts=tuple(texts)))

    def statistics(self) -> Statistics:
        return self._worker.statistics()

    def close(self) -> None:
        self._closes()
        self._worker.join()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._worker = Worker(*self._made_of)
        # The thread holds the worker, never this predictor: when that is dropped, it ends.
        self._closes = weakref.finalize(self, self._worker.close)
        self._closes.atexit = False

    def _add(self, request: Request) -> Future[Rows]:
        if os.getpid() != self._pid:  # a forked child: the thread did not come along, and its lock may be held for ever
            self._closes.detach()
            self._begin()
        self._worker.add(request)
        return request.future


def serve(model: Model) -> Model:
    """A loaded model behind a `QueuedPredictor`, for many threads; the model itself must no longer be asked.

    The first time on a machine it measures for about a second how many pictures are worth a pass (`sizes_for`).
    """
    threads = threads_for_many(model.device)
    return model.asking(QueuedPredictor(model.towers, sizes_for(model, threads), threads))
