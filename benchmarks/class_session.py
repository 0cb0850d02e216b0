"""One person's browser on the live demo, as far as Streamlit's server can tell: for the load of a whole class."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, Self
from urllib.parse import parse_qs

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

PAGE = "live_demo"
LONGEST_RUN_S = 180.0
_KEPT_RUNS = 2
"""For how many runs a browser keeps a message that the server may then send as a reference (Streamlit's default)."""
_LEAST_GAP_S = 0.04
_ANSWER = b"vpl-bars"


class PageError(Exception):
    """What a person would have seen go wrong."""


class ClassSession:
    """A window with the live demo: it opens a link, drags circles and lets them go.

    Attributes:
        received: Bytes that the server has sent.
    """

    def __init__(self, url: str) -> None:
        self._address = url.replace("http://", "ws://") + "/_stcore/stream"
        self._socket: ClientConnection
        self._page, self._query = "", ""
        self._kept: dict[str, int] = {}
        self._runs = 0
        self._states: dict[str, str] = {}
        self._components: dict[str, tuple[str, str, Any]] = {}
        self._number = 0
        self.received = 0

    async def __aenter__(self) -> Self:
        options: dict[str, Any] = {"subprotocols": ["streamlit"], "max_size": None, "compression": None}
        self._socket = await connect(self._address, ping_interval=None, proxy=None, **options)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()

    async def open(self, query: str) -> None:
        """Open the live demo by its address; returns when the answer is there.

        Raises:
            PageError: It is not, or the page shows an exception.
        """
        self._query = query
        await self._rerun()

    async def draw(self, circle: tuple[float, float, float]) -> None:
        """Let a circle go, in place of the last one: middle and radius in canvas pixels.

        Raises:
            PageError: It is not in the address afterwards, or not answered.
        """
        before = parse_qs(self._query).get("marks")
        report = self._drawing(circle)
        self._number += 1
        self._tell("overlay", {"drawing": {**report, "selected": -1, "number": self._number}})
        await self._rerun(fragment_of="overlay")
        marks = parse_qs(self._query).get("marks")
        if marks == before or marks is None or not marks[0].startswith("circle:"):
            raise PageError(f"A circle was drawn, but the address says {marks}.")

    async def drag(self, circle: tuple[float, float, float], seconds: float) -> list[float]:
        """Drag a circle to its size for a while; drafts are sent as `following_answer.js` does, but it never gives up.

        Returns:
            What the answer to each draft took, in seconds.
        """
        start, times, (x, y, radius) = time.monotonic(), [], circle
        while (now := time.monotonic()) < start + seconds:
            _, _, wanted = self._components["following_answer"]
            if not wanted["follows"]:
                await asyncio.sleep(start + seconds - now)
                break
            share = (now - start) / seconds
            number = int(time.time() * 1000)
            drawing = self._drawing((x, y, max(12, radius * share)))
            self._tell("following_answer", {"draft": {**drawing, "after": self._number, "number": number}})
            await self._rerun(fragment_of="following_answer")
            took = time.monotonic() - now
            times.append(took)
            await asyncio.sleep(max(_LEAST_GAP_S, min(took, wanted["limit"] / 1000)))
        return times

    def _drawing(self, circle: tuple[float, float, float]) -> dict[str, Any]:
        _, _, canvas = self._components["canvas"]
        x, y, radius = circle
        placed = {"originX": "center", "originY": "center", "left": x, "top": y}
        shape = {"type": "Circle", "radius": radius, "fill": "rgba(0, 0, 0, 0)", "strokeWidth": 3, **placed}
        return {"objects": [shape], "revision": canvas["initialDrawing"]["vpl"]["revision"]}

    def _tell(self, component: str, value: dict[str, Any]) -> None:
        self._states[self._components[component][0]] = json.dumps(value)

    async def _rerun(self, fragment_of: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_name = self._query, PAGE
        state.page_script_hash = self._page
        if fragment_of:
            state.fragment_id = self._components[fragment_of][1]
        state.cached_message_hashes.extend(self._kept)
        for name, value in self._states.items():
            state.widget_states.widgets.add(id=name, json_value=value)
        await self._socket.send(message.SerializeToString())
        answered = await self._until_finished()
        self._runs += fragment_of != "following_answer"
        self._kept = {name: at for name, at in self._kept.items() if self._runs - at <= _KEPT_RUNS}
        if not answered:
            raise PageError("The page showed no answer.")

    async def _until_finished(self) -> bool:
        answered = False
        async with asyncio.timeout(LONGEST_RUN_S):
            while True:
                data = await self._socket.recv(decode=False)
                self.received += len(data)
                answered = answered or _ANSWER in data
                message = ForwardMsg.FromString(data)
                kind = message.WhichOneof("type")
                if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                    self._look_at(message.delta)
                elif kind == "page_info_changed":
                    self._query = message.page_info_changed.query_string
                elif kind == "ref_hash":
                    self._kept[message.ref_hash] = self._runs
                    answered = True
                elif kind == "script_finished":
                    return answered
                if message.metadata.cacheable:
                    self._kept[message.hash] = self._runs

    def _look_at(self, delta: Delta) -> None:
        element = delta.new_element
        if element.WhichOneof("type") == "exception":
            raise PageError(f"{element.exception.type}: {element.exception.message}")
        if element.WhichOneof("type") != "bidi_component":
            return
        component = element.bidi_component
        for name, part in (("overlay", "canvas_overlay"), ("following_answer",) * 2, ("canvas", "drawable")):
            if part in component.component_name:
                data = component.json or component.mixed.json
                self._components[name] = component.id, delta.fragment_id, json.loads(data or "null")
