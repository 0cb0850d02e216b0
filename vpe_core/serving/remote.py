"""A predictor on another machine, with the one that is here for when it is away."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from vpe_core.errors import SettingsError, VPEError
from vpe_core.models.predictor import ANYONE, EMBEDDING, Asking, Predictor, Rows, Statistics, Want
from vpe_core.serving.wire import error_named, named_want, packed, unpacked_rows
from vpe_core.settings import get_settings
from vpe_core.types import Floats

if TYPE_CHECKING:
    from vpe_core.images import ImageSources
    from vpe_core.models import Model

DEFAULT_PORT = 8000
_CONNECT_S, _ANSWER_S = 1.0, 60.0
_LOOKS_AGAIN_S = 3.0
"""How long a server that was away is left alone before the next request tries it."""
_AT_ONCE = 32


def url_of(address: str, model_name: str) -> str:
    """Where a server answers for a model.

    Args:
        address: As VPE_SERVING has it: ray://HOST:PORT, or ray://auto for this machine.
        model_name: Its name.

    Raises:
        SettingsError: The address is none.
    """
    found = re.fullmatch(r"ray://(?:auto|([^/:\s]+|\[[0-9a-fA-F:]+\]):(\d{1,5}))", address)
    if not found:
        raise SettingsError(f"Expected VPE_SERVING=ray://HOST:PORT or ray://auto, but got {address!r}.")
    host, port = found.groups()
    return f"http://{host or '127.0.0.1'}:{port or DEFAULT_PORT}{route_of(model_name)}"


def route_of(model_name: str) -> str:
    """The path under which a server answers for a model."""
    return "/" + re.sub(r"[^A-Za-z0-9._-]+", "--", model_name).strip("-")


class RemotePredictor(Predictor):
    """Asks a server (`python -m vpe_core serve`). While that is away, the predictor that is here answers.

    Pictures are prepared here, and travel as the image tower sees them. A server whose model has other weights counts
    as away. It is tried again with the first request after a few seconds.

    Args:
        address: As VPE_SERVING has it.
        model: The same model, loaded here.
    """

    def __init__(self, address: str, model: Model) -> None:
        import httpx2

        self._url = url_of(address, model.name)
        self._model, self._here, self._towers = model, model.predictor, model.towers
        self._client = httpx2.Client(
            timeout=httpx2.Timeout(_ANSWER_S, connect=_CONNECT_S), trust_env=False,
            limits=httpx2.Limits(max_connections=_AT_ONCE),
        )  # fmt: skip
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="asks a server")
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._away = ""

    @property
    def notice(self) -> str:
        """Why the server does not answer at the moment; empty if it does."""
        return self._away

    def submit(
        self, pictures: ImageSources, want: Want = EMBEDDING, texts: Floats | None = None, asking: Asking = ANYONE
    ) -> Future[Rows]:
        try:
            prepared = self._towers.prepared(pictures)
        except Exception as error:
            failed: Future[Rows] = Future()
            failed.set_exception(error)
            return failed
        arrays = {"pictures": prepared} if texts is None else {"pictures": prepared, "texts": texts}
        return self._threads.submit(
            self._ask,
            arrays,
            {"want": named_want(want)},
            asking,
            lambda: self._here.submit(prepared, want, texts, asking),
        )

    def submit_texts(self, texts: Sequence[str], asking: Asking = ANYONE) -> Future[Rows]:
        asked = list(texts)
        return self._threads.submit(
            self._ask, {}, {"words": asked}, asking, lambda: self._here.submit_texts(asked, asking)
        )

    def statistics(self) -> Statistics:
        """Of what was answered here; the server's own are in its dashboard."""
        return self._here.statistics()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()
        self._here.close()

    def _ask(
        self, arrays: dict[str, Any], values: dict[str, object], asking: Asking, here: Callable[[], Future[Rows]]
    ) -> Rows:
        import httpx2

        if time.monotonic() >= self._not_before:
            who = f"{os.getpid()} {hash(asking.asker)}" if asking.asker is not None else ""
            record = self._model.record
            content = packed(
                arrays, **values, asker=who, bulk=asking.bulk,
                weights_sha256=record.weights_sha256, precision=record.precision,
            )  # fmt: skip
            try:
                answer = self._client.post(self._url, content=content)
            except httpx2.HTTPError as error:
                self._has_gone(str(error) or type(error).__name__)
            else:
                if answer.status_code == httpx2.codes.OK:
                    self._is_back()
                    return unpacked_rows(answer.content)
                if answer.status_code == httpx2.codes.UNPROCESSABLE_ENTITY:
                    self._is_back()
                    raise self._error_in(answer)
                self._has_gone(f"status {answer.status_code} {answer.text[:120]}".strip())
        return here().result()

    def _error_in(self, answer: Any) -> VPEError:
        told = answer.json()
        return error_named(told["error"], told["message"])

    def _has_gone(self, reason: str) -> None:
        with self._lock:
            self._not_before = time.monotonic() + _LOOKS_AGAIN_S
            self._away = f"The model server does not answer ({reason.rstrip('.')}). This machine answers meanwhile."

    def _is_back(self) -> None:
        with self._lock:
            self._not_before, self._away = 0.0, ""


def serve_as_set(model: Model) -> Model:
    """A loaded model for many threads: behind a queue here, or asked of the server that VPE_SERVING names.

    Raises:
        SettingsError: VPE_SERVING is no address.
    """
    from vpe_core.serving.in_process import serve

    here, address = serve(model), get_settings().serving
    return here if address is None else here.asking(RemotePredictor(address, here))
