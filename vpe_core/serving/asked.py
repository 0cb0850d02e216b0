"""A predictor as one of those who share it sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import TYPE_CHECKING

from vpe_core.models.predictor import ANYONE, EMBEDDING, Asking, Predictor, Rows, Statistics, Want
from vpe_core.types import Floats

if TYPE_CHECKING:
    from vpe_core.images import ImageSources
    from vpe_core.models import Model

_LOOKS_UP_S = 0.2
"""How often somebody who waits looks whether they still want to."""


class AskedPredictor(Predictor):
    """All that is submitted here is asked by one and the same.

    Args:
        predictor: The one that many share.
        asking: Who asks; what a request says itself goes first.
        still_wanted: Called every now and then while somebody waits. Where it raises, the request is cancelled and the
            error goes on to the one who waits.
    """

    def __init__(self, predictor: Predictor, asking: Asking, still_wanted: Callable[[], None] | None = None) -> None:
        self._predictor, self._asking, self._still_wanted = predictor, asking, still_wanted

    def submit(
        self, pictures: ImageSources, want: Want = EMBEDDING, texts: Floats | None = None, asking: Asking = ANYONE
    ) -> Future[Rows]:
        return self._predictor.submit(pictures, want, texts, self._asking if asking is ANYONE else asking)

    def submit_texts(self, texts: Sequence[str], asking: Asking = ANYONE) -> Future[Rows]:
        return self._predictor.submit_texts(texts, self._asking if asking is ANYONE else asking)

    def statistics(self) -> Statistics:
        return self._predictor.statistics()

    @property
    def notice(self) -> str:
        return self._predictor.notice

    def close(self) -> None:
        """Nothing: the predictor belongs to others as well."""

    def result_of(self, future: Future[Rows]) -> Rows:
        if self._still_wanted is None:
            return future.result()
        while True:
            try:
                return future.result(timeout=_LOOKS_UP_S)
            except NotYet:
                if future.done():  # the computation itself ran into a time limit
                    raise
            try:
                self._still_wanted()
            except BaseException:
                future.cancel()
                raise


def asked_by(model: Model, asking: Asking, still_wanted: Callable[[], None] | None = None) -> Model:
    """A served model, asked by one of those who share it; see `AskedPredictor`."""
    return model.asking(AskedPredictor(model.predictor, asking, still_wanted))
