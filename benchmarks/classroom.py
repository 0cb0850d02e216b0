"""Thirty members draw in one class for ten minutes: does a drawing reach the projector within a second?

python -m benchmarks.classroom --minutes 10 --out benchmarks/results/classroom.json

The lecturer opens a class, asks to fool the model and shows the results; the projector asks for the class's version
a few times a second, members every second, as `assets/class_room.js` does, and each runs its page again when there is
news. Every try is answered by the model. Measured is the time from a stroke's report by a member's browser to the end
of the projector's run that shows a class with that drawing in it, and with the answer to it. An error on any page ends
the measurement. The clients share the machine with the server, which the script starts and ends.
"""

from __future__ import annotations

import argparse
import asyncio
import bisect
import json
import random
import re
import time
from dataclasses import dataclass, field
from typing import Any

import httpx2
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.Delta_pb2 import Delta

from benchmarks.app_in_browser import write_result
from benchmarks.class_load import MEMORY_EVERY_S, _processor_s, _summary, _watch_memory, class_parser
from benchmarks.class_session import PageError, Window
from dashboard.classroom.page.browser import MEMBERS_EVERY_MS, PROJECTOR_EVERY_MS
from scripts.running_app import RunningApp, running_app

PROJECTOR_EVERY_S, MEMBERS_EVERY_S = PROJECTOR_EVERY_MS / 1000, MEMBERS_EVERY_MS / 1000
JOIN_WITHIN_S, FULL_AFTER_S = 10.0, 180.0
_GIVEN = re.compile(r'data-given="(\d+)"')
_DRAWN = re.compile(r'data-drawn="(\d+)"')
_CODE = re.compile(r'class="vpl-class-code">(\w{3}) (\w{3})<')
_HEALTHY = ((40, 170), (190, 480))
"""Where a circle's middle may lie: on the side of the gallery's first X-ray without a finding, in its pixels."""


@dataclass
class Measured:
    """Times in seconds since the script began; versions of the class; memory in MiB."""

    given: list[tuple[float, int, int]] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    shown: list[tuple[int, float]] = field(default_factory=list)
    projector_runs: list[float] = field(default_factory=list)
    polls: list[float] = field(default_factory=list)
    member_runs: int = 0
    missed_polls: int = 0
    memory: list[dict[str, float]] = field(default_factory=list)


class Visitor(Window):
    """A browser's window with the page of a class.

    Attributes:
        given: The latest version of the class that the page has shown.
        drawn: The version with which the class saw the latest drawing.
        code: The class's code, once it is shown.
        missed: How often it could not ask for the version.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url, "classroom")
        self.given, self.drawn, self.missed, self.code = 0, 0, 0, ""
        self._parts: dict[str, tuple[str, str, Any]] = {}
        self._number = 0

    async def set(self, key: str, kind: str, value: Any) -> None:
        """Set a widget; it counts from the next run on."""
        self._states[self._parts[key][0]] = kind, value

    async def press(self, key: str) -> None:
        """Click a button, and wait for what comes of it."""
        name, fragment, _ = self._parts[key]
        self._states[name] = "trigger_value", True
        try:
            await self._run(fragment, keeps_all=True)
        finally:
            self._states.pop(name, None)

    async def choose(self, key: str, option: str) -> None:
        """Choose in a row of buttons."""
        await self.set(key, "string_array_value", [option])
        await self._run(self._parts[key][1], keeps_all=True)

    async def has_news(self, client: httpx2.AsyncClient) -> int:
        """The class's version, if it is another one than the page shows; else 0.

        A connection that the server has just closed, having been idle, is a look that was missed, as in a browser.
        """
        told = self._parts["class_room"][2]
        try:
            answer = await client.get(f"room/{told['code']}/version", headers={"X-Class-Token": told["token"]})
        except httpx2.TransportError:
            self.missed += 1
            return 0
        answer.raise_for_status()
        version = int(answer.text)
        return version if version != told["version"] else 0

    async def look(self, version: int) -> None:
        """Run the page again for a version."""
        name, fragment, _ = self._parts["class_room"]
        self._states[name] = "json_value", json.dumps({"version": version})
        await self._run(fragment, keeps_all=True)

    async def draw(self, circle: tuple[float, float, float]) -> tuple[int, int]:
        """Let a circle go, in place of the last one: middle and radius in canvas pixels.

        Returns:
            The versions of the class with the drawing, and with the model's answer to it.

        Raises:
            PageError: It was not answered.
        """
        x, y, radius = circle
        name, fragment, _ = self._parts["overlay"]
        placed = {"originX": "center", "originY": "center", "left": x, "top": y}
        shape = {"type": "Circle", "radius": radius, "fill": "rgba(0, 0, 0, 0)", "strokeWidth": 3, **placed}
        revision = self._parts["canvas"][2]["initialDrawing"]["vpl"]["revision"]
        self._number += 1
        drawing = {"objects": [shape], "revision": revision, "selected": -1, "number": self._number}
        self._states[name] = "json_value", json.dumps({"drawing": drawing})
        before = self.drawn
        await self._run(fragment, keeps_all=True)
        if self.drawn == before:
            raise PageError("The drawing was not answered.")
        return self.drawn, self.given

    def _look_at(self, delta: Delta) -> None:
        super()._look_at(delta)
        element = delta.new_element
        kind = element.WhichOneof("type")
        part = getattr(element, kind)
        if kind == "alert" and part.format == Alert.ERROR:
            raise PageError(part.body)
        if kind == "html":
            self.given = max([self.given, *map(int, _GIVEN.findall(part.body))])
            self.drawn = max([self.drawn, *map(int, _DRAWN.findall(part.body))])
            self.code = "".join(match.groups()) if (match := _CODE.search(part.body)) else self.code
        elif kind == "bidi_component":
            names = {"canvas_overlay": "overlay", "drawable": "canvas", "vpl_class_room": "class_room"}
            if name := next((name for sign, name in names.items() if sign in part.component_name), ""):
                self._parts[name] = part.id, delta.fragment_id, json.loads(part.json or part.mixed.json or "null")
        elif getattr(part, "id", "").count("-") >= 2:  # "$$ID-…-KEY"
            self._parts[part.id.split("-", 2)[2]] = part.id, delta.fragment_id, None


def main() -> None:
    options = _options()
    with running_app() as app:
        measured = asyncio.run(_class(app, options))
        processor_s = _processor_s(app.pid)
    reached, answers = (_reached(measured, of_answer) for of_answer in (False, True))
    full = [one["mib"] for one in measured.memory if one["at_s"] > FULL_AFTER_S]
    write_result(
        {
            "what": "from a stroke's report to the end of the projector's run that shows it, seconds",
            "members": options.members,
            "a_try_every_s": options.every,
            "minutes": options.minutes,
            "tries": len(measured.given),
            "reach_the_projector": _summary(reached),
            "its_answer_reaches_the_projector": _summary(answers),
            "within_a_second": round(sum(one <= 1 for one in reached) / max(1, len(reached)), 4),
            "answered": _summary(measured.answered),
            "projector_runs": _summary(measured.projector_runs),
            "version_requests": _summary(measured.polls),
            "version_requests_missed": measured.missed_polls,
            "member_runs_besides": measured.member_runs,
            "server_processor_s": round(processor_s, 1),
            "memory_least_and_most_once_caches_are_full_mib": [min(full), max(full)] if full else [],
            "server_memory_mib": measured.memory,
        },
        options.out,
    )


def _options() -> argparse.Namespace:
    parser = class_parser(__doc__, "members", "the tries of one member")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long the class draws")
    return parser.parse_args()


async def _class(app: RunningApp, options: argparse.Namespace) -> Measured:
    measured, begin = Measured(), time.monotonic()
    watching = asyncio.create_task(_watch_memory(app.pid, begin, measured.memory))
    limits = httpx2.Limits(max_connections=options.members + 5, max_keepalive_connections=options.members + 5)
    async with (
        Visitor(app.url) as lecturer,
        httpx2.AsyncClient(base_url=f"{app.url}/", limits=limits, timeout=30) as client,
    ):
        await lecturer.open("")
        await lecturer.press("class_open_button")
        await lecturer.choose("class_next_kind", "Fool it")
        await lecturer.press("class_start")
        await lecturer.press("class_reveal")
        await lecturer.press("class_projector_button")
        ended = asyncio.Event()
        projector = asyncio.create_task(_projector(lecturer, client, ended, measured))
        until = time.monotonic() + 60 * options.minutes
        members = (_member(app.url, lecturer.code, n, until, client, options, measured) for n in range(options.members))
        await asyncio.gather(*members)
        ended.set()
        await projector
        await asyncio.sleep(MEMORY_EVERY_S)
    watching.cancel()
    return measured


async def _projector(window: Visitor, client: httpx2.AsyncClient, ended: asyncio.Event, measured: Measured) -> None:
    """One more look once all members have gone."""
    last = False
    while not last:
        last = ended.is_set()
        await asyncio.sleep(PROJECTOR_EVERY_S)
        if version := await window.has_news(client):
            start = time.monotonic()
            await window.look(version)
            measured.projector_runs.append(time.monotonic() - start)
            measured.shown.append((window.given, time.monotonic()))


async def _member(
    url: str,
    code: str,
    number: int,
    until: float,
    client: httpx2.AsyncClient,
    options: argparse.Namespace,
    measured: Measured,
) -> None:
    chance = random.Random(number)
    await asyncio.sleep(chance.uniform(0, JOIN_WITHIN_S))
    async with Visitor(url) as window:
        await window.open("")
        await window.set("class_code_field", "string_value", code)
        await window.set("class_nickname_field", "string_value", f"Member {number}")
        await window.press("FormSubmitter:class_join-Join")
        next_try = time.monotonic() + chance.uniform(0, options.every)
        while time.monotonic() < until:
            await asyncio.sleep(MEMBERS_EVERY_S)
            start = time.monotonic()
            version = await window.has_news(client)
            measured.polls.append(time.monotonic() - start)
            if version:
                await window.look(version)
                measured.member_runs += 1
            if (lifted := time.monotonic()) >= next_try:
                drawn, given = await window.draw(_circle(chance))
                measured.answered.append(time.monotonic() - lifted)
                measured.given.append((lifted, drawn, given))
                next_try = lifted + options.every * chance.uniform(0.8, 1.2)
        measured.missed_polls += window.missed


def _circle(chance: random.Random) -> tuple[float, float, float]:
    (left, right), (top, bottom) = _HEALTHY
    return 2 * chance.uniform(left, right), 2 * chance.uniform(top, bottom), 2 * chance.uniform(10, 35)


def _reached(measured: Measured, of_answer: bool) -> list[float]:
    """For each try the time until the projector showed a class with the drawing, or with the answer to it."""
    versions = [version for version, _ in measured.shown]
    wanted = ((lifted, given if of_answer else drawn) for lifted, drawn, given in measured.given)
    found = ((lifted, bisect.bisect_left(versions, version)) for lifted, version in wanted)
    return [measured.shown[place][1] - lifted for lifted, place in found if place < len(versions)]


if __name__ == "__main__":
    main()
