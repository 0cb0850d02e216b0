"""The server around the pages: what it does when it starts and ends, what it says when a page fails, its metrics."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from threadpoolctl import threadpool_limits

from dashboard.demo.state.demo_state import DemoState
from dashboard.frame.index_page import index_routes
from dashboard.frame.rights import allows, client_of
from dashboard.frame.server_figures import as_prometheus, figures
from dashboard.frame.shared_models import load_ahead
from vpe_core import jobs, scratch
from vpe_core.errors import SettingsError
from vpe_core.settings import get_settings

_WAIT_S = 10.0
"""So long a run may take to end at its next report; what it has measured by then is kept in any case."""
_WRONG_SETTING = 2
"""The exit code, as the command line's."""
_BLAS_THREADS = "OPENBLAS_NUM_THREADS"
_SWITCH_S = 0.0005
"""A network's pass asks for the interpreter's lock after each of its hundreds of small steps. While pages run, each may
take as long as this until it is given; Python's own 5 ms made a pass of 50 ms take a second in a busy class."""
_SWEEP_EVERY_S = 60.0
_TOKEN = "X-Class-Token"
_PROMETHEUS = "text/plain; version=0.0.4"


def require_valid_settings() -> None:
    """End the process, with one sentence, where a setting has a value that it cannot have.

    Else the server would say that it is well, and every visitor would meet the mistake.
    """
    try:
        get_settings()
    except SettingsError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(_WRONG_SETTING)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """First, sweep what a killed server has left and begin to load the first model; at the end, let jobs end well."""
    gc.freeze()  # all that is imported by now never dies: no collection walks it while the first page comes
    sys.setswitchinterval(_SWITCH_S)
    _use_one_core_a_visitor()
    await asyncio.to_thread(scratch.sweep)
    load_ahead(DemoState().model)
    sweeping = asyncio.create_task(_sweep_rooms())
    yield
    sweeping.cancel()
    await asyncio.to_thread(jobs.stop_all, _WAIT_S)
    scratch.leave()


async def _sweep_rooms() -> None:
    """End the classes that nobody steers any more, also where nobody visits any page."""
    while True:
        await asyncio.sleep(_SWEEP_EVERY_S)
        from dashboard.classroom.rooms import ROOMS  # by now the first visitors have their page

        ROOMS.sweep()


def _use_one_core_a_visitor() -> None:
    """Let numpy compute in the thread that asks.

    OpenBLAS's own threads wait for more work by keeping a core busy: after the small products of a stroke, that took
    more of the processor than the page and the network together.
    """
    if _BLAS_THREADS not in os.environ:
        os.environ[_BLAS_THREADS] = "1"  # for copies that are loaded later, as scipy's
        threadpool_limits(1, "blas")


def page_failed(error: Exception) -> bool:
    """Say in words that a page could not be shown; what happened is in the log. Other pages and visitors go on."""
    if isinstance(error, MemoryError):
        said = "The server has no memory left for this. Try again in a moment; the other pages go on."
    elif isinstance(error, OSError) and error.strerror:
        said = f"The server could not read or write a file ({error.strerror}). The server's log tells more."
    else:
        said = "Something unexpected went wrong here. Load the page again. The server's log tells more."
    st.error(said, icon=":material/error:")
    return True


def routes() -> list[Route]:
    """The server's own addresses, below its base path."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    below = f"/{base}" if base else ""
    return [
        Route(f"{below}/metrics", _metrics),
        Route(f"{below}/room/{{code}}/version", _room_version),
        *index_routes(below),
    ]


async def _metrics(request: Request) -> Response:
    """How the server does, for those whom `VPE_ADMIN` allows; for others there is no such place."""
    if not allows("admin", request.client.host if request.client else None, request.headers):
        return PlainTextResponse("Not found\n", 404)
    return PlainTextResponse(as_prometheus(figures()), media_type=_PROMETHEUS)


async def _room_version(request: Request) -> Response:
    """A number that changes with a class; no more than that, and only of a class whose code or token one has."""
    from dashboard.classroom.rooms import ROOMS, cleaned_code

    client = client_of(request.client.host if request.client else None, request.headers)
    version = ROOMS.version(cleaned_code(request.path_params["code"]), request.headers.get(_TOKEN, ""), client)
    if version is None:
        return PlainTextResponse("Not found\n", 404)
    return PlainTextResponse(str(version), headers={"Cache-Control": "no-store"})
