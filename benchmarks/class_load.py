"""A class on one server: many sessions of the live demo that all draw, and what the server's memory does meanwhile.

    python -m benchmarks.class_load --seconds 60 --out benchmarks/results/class_load.json
    python -m benchmarks.class_load --seconds 600 --reload-every 120 --out benchmarks/results/class_soak.json
    python -m benchmarks.class_load --seconds 60 --collect-after-every-run    # Streamlit's default

Each session is a websocket client that speaks Streamlit's own protocol. Every `--every` seconds it opens the page by a
link with one more circle, which nobody else has drawn, and the time runs until the server says that the script has
finished: the page was run as a whole, the model was asked, the answer was sent. The clients share the machine with the
server. Traffic goes to a server on this machine that the script starts and ends.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.app_in_browser import write_result
from scripts.running_app import running_app

PAGE = "live_demo"
MEMORY_EVERY_S = 10.0
LONGEST_RUN_S = 180.0
KEPT_AFTER_LEAVING_S = 130
"""Streamlit keeps a session for two minutes after its browser has gone."""


def main() -> None:
    options = _options()
    flags = ("--runner.postScriptGC", "true") if options.collect_after_every_run else ()
    with running_app(*flags) as app:
        times, first_s, memory = asyncio.run(_class(app.url, app.pid, options))
    write_result(
        {
            "what": "from a stroke to the end of the page's run, seconds; sessions draw independently of each other",
            "sessions": options.sessions,
            "a_stroke_every_s": options.every,
            "reload_every_s": options.reload_every,
            "seconds": options.seconds,
            "collect_after_every_run": options.collect_after_every_run,
            "first_run_of_the_fresh_server_s": round(first_s, 2),
            "strokes": len(times),
            "median_s": round(statistics.median(times), 3),
            "percentile_95_s": round(statistics.quantiles(times, n=20)[-1], 3),
            "worst_s": round(max(times), 3),
            "server_memory_mib": memory,
        },
        options.out,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between the strokes of one session")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the class draws")
    parser.add_argument("--reload-every", type=float, default=0.0, help="seconds between reloads of a session; 0: none")
    parser.add_argument("--collect-after-every-run", action="store_true", help="with Streamlit's own default")
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    return parser.parse_args()


async def _class(url: str, pid: int, options: argparse.Namespace) -> tuple[list[float], float, list[dict[str, float]]]:
    first_s = await _first_visit(url)
    begin, times, memory = time.monotonic(), [], []
    watching = asyncio.create_task(_watch_memory(pid, begin, memory))
    end = begin + options.seconds
    await asyncio.gather(*(_student(url, number, end, options, times) for number in range(options.sessions)))
    if options.reload_every:
        await asyncio.sleep(KEPT_AFTER_LEAVING_S)
        await _first_visit(url)
        await asyncio.sleep(MEMORY_EVERY_S)
    watching.cancel()
    return times, first_s, memory


async def _first_visit(url: str) -> float:
    start = time.monotonic()
    async with _session(url) as socket:
        await _run(socket, await _page_hash(socket), "")
    return time.monotonic() - start


async def _student(url: str, number: int, end: float, options: argparse.Namespace, times: list[float]) -> None:
    chance = random.Random(number)
    await asyncio.sleep(chance.uniform(0, options.every))
    while time.monotonic() < end:
        stays_s = options.reload_every * chance.uniform(0.5, 1.5) if options.reload_every else float("inf")
        leaves = min(end, time.monotonic() + stays_s)
        async with _session(url) as socket:
            page = await _page_hash(socket)
            await _run(socket, page, "")
            while time.monotonic() < leaves:
                start = time.monotonic()
                await _run(socket, page, urlencode({"marks": _circle(chance)}))
                times.append(time.monotonic() - start)
                await asyncio.sleep(max(0.0, start + options.every * chance.uniform(0.8, 1.2) - time.monotonic()))


def _circle(chance: random.Random) -> str:
    x, y, size = chance.uniform(50, 600), chance.uniform(50, 600), chance.uniform(40, 200)
    return f"circle:{x:.1f},{y:.1f},{x + size:.1f},{y + size:.1f}"


def _session(url: str) -> connect:
    address = url.replace("http://", "ws://") + "/_stcore/stream"
    return connect(address, subprotocols=["streamlit"], max_size=None, compression=None, ping_interval=None, proxy=None)


async def _page_hash(socket: ClientConnection) -> str:
    """The live demo's name among the pages, as the home page's navigation tells it."""
    await socket.send(BackMsg(rerun_script={"query_string": ""}).SerializeToString())
    found = ""
    async for message in _until_finished(socket):
        for page in message.navigation.app_pages:
            found = page.page_script_hash if page.url_pathname.strip("/") == PAGE else found
    if not found:
        raise SystemExit(f"The app has no page {PAGE}.")
    return found


async def _run(socket: ClientConnection, page_hash: str, query: str) -> None:
    rerun = {"query_string": query, "page_script_hash": page_hash, "page_name": PAGE}
    await socket.send(BackMsg(rerun_script=rerun).SerializeToString())
    answered = False
    async for message in _until_finished(socket):
        answered = answered or b"vpl-bars" in message.SerializeToString()
    if not answered:
        raise SystemExit("The page showed no answer.")


async def _until_finished(socket: ClientConnection) -> Any:
    async with asyncio.timeout(LONGEST_RUN_S):
        while True:
            message = ForwardMsg()
            message.ParseFromString(await socket.recv(decode=False))
            yield message
            if message.WhichOneof("type") == "script_finished":
                return


async def _watch_memory(pid: int, begin: float, memory: list[dict[str, float]]) -> None:
    while True:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        memory.append({"at_s": round(time.monotonic() - begin), "mib": round(kib / 1024)})
        await asyncio.sleep(MEMORY_EVERY_S)


if __name__ == "__main__":
    main()
