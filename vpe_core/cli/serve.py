"""`serve`: models that several apps share."""

from __future__ import annotations

from typing import Annotated

import typer

from vpe_core.serving.remote import DEFAULT_PORT


def serve(
    model: Annotated[list[str], typer.Option(help="Names from `models list`; may be given several times.")],
    address: Annotated[
        str | None, typer.Option(help="auto, or HOST:PORT of a Ray cluster's head; one on this machine if left out.")
    ] = None,
    host: Annotated[str, typer.Option(help="Where it listens; 0.0.0.0 lets other machines ask.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The same.")] = DEFAULT_PORT,
    replicas: Annotated[int, typer.Option(min=1, help="Most copies of each model.")] = 1,
) -> None:
    """Serve models with Ray, for apps that are started with VPE_SERVING=ray://HOST:PORT. Ctrl-C ends it."""
    from vpe_core.clusters import require_ray
    from vpe_core.errors import ModelError
    from vpe_core.models import allowed

    require_ray(ModelError)
    for name in model:
        allowed.get(name)
    from vpe_core.serving.ray_serve import serve_until_interrupted

    def ready() -> None:
        typer.echo(f"Serving {', '.join(model)}. Start apps with VPE_SERVING=ray://{host}:{port}", err=True)

    serve_until_interrupted(model, address, host, port, replicas, ready)
