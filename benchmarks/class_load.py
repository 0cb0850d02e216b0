"""A class on one server: many sessions of the live demo that all draw, and what the server's memory does meanwhile.

    python -m benchmarks.class_load --seconds 180 --out benchmarks/results/class_load.json
    python -m benchmarks.class_load --seconds 180 --drag 1      # every stroke is dragged for a second, and followed
    python -m benchmarks.class_load --seconds 0                 # only: all open one link within a second
    python -m benchmarks.class_load --seconds 3600 --reload-every 120 --out benchmarks/results/class_soak.json
    python -m benchmarks.class_load --seconds 60 --collect-after-every-run    # Streamlit's default

Each session is a websocket client that speaks Streamlit's own protocol as a browser does (`benchmarks.class_session`).
All open one link within a second; then each draws a circle of its own every `--every` seconds, and the time runs from
the report of the canvas until the server says that the script has finished: the model was asked, and all that the
stroke changes was sent. An exception on the page, a circle that is not in the address, an answer that does not come:
each ends the measurement. The clients share the machine with the server, which the script starts and ends.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.app_in_browser import parser_of, write_result
from benchmarks.class_session import ClassSession
from scripts.running_app import RunningApp, running_app

LINK = "sample=real_mass&marks=circle:300,300,420,420"
MEMORY_EVERY_S = 10.0
OPEN_WITHIN_S = 1.0
KEPT_AFTER_LEAVING_S = 130
"""Streamlit keeps a session for two minutes after its browser has gone."""


@dataclass
class Measured:
    """Times in seconds, memory in MiB."""

    first: float = 0.0
    opened: list[float] = field(default_factory=list)
    strokes: list[float] = field(default_factory=list)
    drafts: list[float] = field(default_factory=list)
    received: list[int] = field(default_factory=list)
    memory: list[dict[str, float]] = field(default_factory=list)


def main() -> None:
    options = _options()
    flags = ("--runner.postScriptGC", "true") if options.collect_after_every_run else ()
    with running_app(*flags) as app:
        measured = asyncio.run(_class(app, options))
        processor_s = _processor_s(app.pid)
    write_result(
        {
            "what": "from a stroke's report to the end of the page's run, seconds; sessions draw independently",
            "sessions": options.sessions,
            "a_stroke_every_s": options.every,
            "dragged_for_s": options.drag,
            "reload_every_s": options.reload_every,
            "seconds": options.seconds,
            "collect_after_every_run": options.collect_after_every_run,
            "first_run_of_the_fresh_server_s": round(measured.first, 2),
            "all_open_one_link_within_a_second": _summary(measured.opened),
            "strokes": _summary(measured.strokes),
            "drafts": _summary(measured.drafts),
            "received_by_a_stroke_kb": round(statistics.mean(measured.received or [0]) / 1000),
            "server_processor_s": round(processor_s, 1),
            "server_memory_mib": measured.memory,
        },
        options.out,
    )


def class_parser(about: str | None, people: str, deeds: str) -> argparse.ArgumentParser:
    """Of the options that a class has: how many `people` there are, and how often each does its `deeds`."""
    parser = parser_of(about)
    parser.add_argument(f"--{people}", type=int, default=30)
    parser.add_argument("--every", type=float, default=5.0, help=f"seconds between {deeds}")
    return parser


def _options() -> argparse.Namespace:
    parser = class_parser(__doc__, "sessions", "the strokes of one session")
    parser.add_argument("--drag", type=float, default=0.0, help="seconds for which a stroke is dragged; 0: no drafts")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the class draws")
    parser.add_argument("--reload-every", type=float, default=0.0, help="seconds between reloads of a session; 0: none")
    parser.add_argument("--collect-after-every-run", action="store_true", help="with Streamlit's own default")
    parser.add_argument("--link", default=LINK, help="the query that all open")
    return parser.parse_args()


def _summary(times: Sequence[float]) -> dict[str, float]:
    if len(times) < 2:
        return {"n": len(times)}
    return {
        "n": len(times),
        "median_s": round(statistics.median(times), 3),
        "percentile_95_s": round(statistics.quantiles(times, n=20)[-1], 3),
        "worst_s": round(max(times), 3),
    }


async def _class(app: RunningApp, options: argparse.Namespace) -> Measured:
    measured = Measured(first=await _first_visit(app.url))
    begin = time.monotonic()
    watching = asyncio.create_task(_watch_memory(app.pid, begin, measured.memory))
    await asyncio.gather(*(_student(app.url, number, options, measured) for number in range(options.sessions)))
    if options.reload_every:
        await asyncio.sleep(KEPT_AFTER_LEAVING_S)
        await _first_visit(app.url)
        await asyncio.sleep(MEMORY_EVERY_S)
    watching.cancel()
    return measured


async def _first_visit(url: str) -> float:
    start = time.monotonic()
    async with ClassSession(url) as session:
        await session.open("")
    return time.monotonic() - start


async def _student(url: str, number: int, options: argparse.Namespace, measured: Measured) -> None:
    chance = random.Random(number)
    await asyncio.sleep(chance.uniform(0, OPEN_WITHIN_S))
    opened = end = None
    while end is None or time.monotonic() < end:
        async with ClassSession(url) as session:
            start = time.monotonic()
            await session.open(options.link)
            if opened is None:
                opened = time.monotonic()
                measured.opened.append(opened - start)
                end = opened + options.seconds
                await asyncio.sleep(min(options.seconds, chance.uniform(0, options.every)))
            stays_s = options.reload_every * chance.uniform(0.5, 1.5) if options.reload_every else float("inf")
            await _draw(session, chance, min(end or 0, time.monotonic() + stays_s), options, measured)


async def _draw(
    session: ClassSession, chance: random.Random, until: float, options: argparse.Namespace, measured: Measured
) -> None:
    while (start := time.monotonic()) < until:
        circle = _circle(chance)
        measured.drafts += await session.drag(circle, options.drag)
        lifted, before = time.monotonic(), session.received
        await session.draw(circle)
        measured.strokes.append(time.monotonic() - lifted)
        measured.received.append(session.received - before)
        await asyncio.sleep(max(0.0, start + options.every * chance.uniform(0.8, 1.2) - time.monotonic()))


def _circle(chance: random.Random) -> tuple[float, float, float]:
    return chance.uniform(80, 400), chance.uniform(80, 400), chance.uniform(20, 70)


async def _watch_memory(pid: int, begin: float, memory: list[dict[str, Any]]) -> None:
    while True:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        memory.append({"at_s": round(time.monotonic() - begin), "mib": round(kib / 1024)})
        await asyncio.sleep(MEMORY_EVERY_S)


def _processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


if __name__ == "__main__":
    main()
