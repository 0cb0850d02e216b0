"""A model as a deployment of Ray Serve: replicas that grow with the demand, each with its queue and its batches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vpe_core.clusters import joined
from vpe_core.errors import ModelError, VPEError
from vpe_core.models.predictor import Asking, Rows
from vpe_core.serving.remote import DEFAULT_PORT, route_of
from vpe_core.serving.wire import packed_rows, unpacked, want_named

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

WAITING_A_REPLICA = 4
"""With more requests than this at each, a further replica is started."""


class Replica:
    """A model behind its queue, asked over HTTP: what comes while a pass is under way shares the next one.

    Args:
        name: Of the model, as `load_model` takes it.
    """

    def __init__(self, name: str) -> None:
        import torch

        from vpe_core import serving
        from vpe_core.models import load_model

        model = load_model(name)
        if model.device == "cpu":
            torch.set_num_threads(1)
        self._model = serving.serve(model)

    async def __call__(self, request: Request) -> Response:
        """The rows that a request asks for; 422 with an error of ours; 409 for a model with other weights."""
        from starlette.responses import JSONResponse, PlainTextResponse, Response

        record = self._model.record
        if request.method == "GET":
            return JSONResponse({"model": record.name, "device": self._model.device_title})
        try:
            arrays, values = unpacked(await request.body())
            for what in ("weights_sha256", "precision"):
                if values.get(what) != getattr(record, what):
                    return PlainTextResponse(f"its {record.name} has another {what}", status_code=409)
            return Response(packed_rows(await self._rows(arrays, values)), media_type="application/octet-stream")
        except VPEError as error:
            return JSONResponse({"error": type(error).__name__, "message": str(error)}, status_code=422)

    async def _rows(self, arrays: dict[str, Any], values: dict[str, Any]) -> Rows:
        asking = Asking(values.get("asker") or None, bulk=values.get("bulk") is True)
        if "words" in values:
            future = self._model.predictor.submit_texts([str(word) for word in values["words"]], asking)
        elif "pictures" in arrays:
            want = want_named(values.get("want", {}))
            future = self._model.predictor.submit(arrays["pictures"], want, arrays.get("texts"), asking)
        else:
            raise ModelError("Expected pictures or words, but got neither.")
        return await asyncio.wrap_future(future)


def deploy(names: Sequence[str], host: str = "127.0.0.1", port: int = DEFAULT_PORT, replicas: int = 1) -> None:
    """Start the server on the cluster that this process belongs to, and wait until all models answer.

    Args:
        names: Models.
        host: Where it listens; "0.0.0.0" for other machines, too.
        port: The same.
        replicas: Most copies of each model.

    Raises:
        ModelError: A model cannot be served.
    """
    import ray
    from ray import serve

    on_gpus = bool(ray.cluster_resources().get("GPU"))
    serve.start(http_options={"host": host, "port": port})
    deployment = serve.deployment(Replica).options(
        autoscaling_config={
            "min_replicas": 1, "max_replicas": replicas, "target_ongoing_requests": WAITING_A_REPLICA,
        },
        max_ongoing_requests=64,
        ray_actor_options={"num_gpus": 1} if on_gpus else {"num_cpus": 1},
        health_check_period_s=2,
    )  # fmt: skip
    for name in names:
        route = route_of(name)
        try:
            serve.run(deployment.bind(name), name=route.strip("/"), route_prefix=route)
        except RuntimeError:
            raise ModelError(f"{name} cannot be served. `python -m vpe_core doctor` on its machine says why.") from None


def serve_until_interrupted(
    names: Sequence[str], address: str | None, host: str, port: int, replicas: int, ready: Any
) -> None:
    """Serve models until somebody presses Ctrl-C.

    Args:
        names: Models.
        address: Of the cluster, see `joined`.
        host: Where the server listens.
        port: The same.
        replicas: Most copies of each model.
        ready: Called once all models answer.

    Raises:
        ModelError: There is no such cluster, or a model cannot be served.
    """
    with joined(address, None, ModelError):
        from ray import serve

        try:
            deploy(names, host, port, replicas)
            ready()
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass
        finally:
            serve.shutdown()
