"""A browser's window as far as Streamlit's server can tell: on any page, and on the live demo with a hand."""

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
_KEPT_RUNS = 100
"""For how many runs a browser keeps a message that the server may then only name, as `.streamlit/config.toml` says."""
_LEAST_GAP_S = 0.04
_SLOW_IN_SUCCESSION, _PAUSE_S = 3, 15.0
"""As in `assets/following_answer.js`."""
_ANSWER = "vpl-bars"


class PageError(Exception):
    """What a person would have seen go wrong."""


class Window:
    """A window with a page of an app.

    Args:
        url: Of the app.
        page: As its address names it; empty for the home page.

    Attributes:
        received: Bytes that the server has sent.
    """

    def __init__(self, url: str, page: str) -> None:
        self._address = url.replace("http://", "ws://") + "/_stcore/stream"
        self._socket: ClientConnection
        self._page, self._page_hash, self._query = page, "", ""
        self._kept: dict[str, int] = {}
        self._runs = 0
        self._states: dict[str, tuple[str, Any]] = {}
        self.received = 0

    async def __aenter__(self) -> Self:
        options: dict[str, Any] = {"subprotocols": ["streamlit"], "max_size": None, "compression": None}
        self._socket = await connect(self._address, ping_interval=None, proxy=None, **options)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()

    async def open(self, query: str) -> None:
        """Open the page by its address; returns when its script has finished.

        Raises:
            PageError: The page shows an exception.
        """
        self._query = query
        await self._run()

    async def _run(self, fragment: str = "", *, keeps_all: bool = False) -> None:
        """Ask for a run, of the whole page or of a fragment, and wait for its end.

        Args:
            fragment: Its identifier.
            keeps_all: Whether the run leaves the browser's kept messages as they are: most lie outside the fragment.
        """
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.fragment_id = self._query, fragment
        # The first run names the page as the address does, later ones as the server does, or it forgets which it is.
        state.page_script_hash, state.page_name = self._page_hash, "" if self._page_hash else self._page
        state.cached_message_hashes.extend(self._kept)
        for name, (kind, value) in self._states.items():
            if kind == "string_array_value":
                state.widget_states.widgets.add(id=name).string_array_value.data.extend(value)
            else:
                state.widget_states.widgets.add(id=name, **{kind: value})
        await self._socket.send(message.SerializeToString())
        self._runs += not keeps_all
        self._kept = {name: at for name, at in self._kept.items() if self._runs - at <= _KEPT_RUNS}
        async with asyncio.timeout(LONGEST_RUN_S):
            while not self._has_ended(await self._socket.recv(decode=False)):
                pass

    def _has_ended(self, data: bytes) -> bool:
        """Take a message of the server's; whether it was the run's last one."""
        self.received += len(data)
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if message.metadata.cacheable:
            self._kept[message.hash] = self._runs
        if kind == "ref_hash":
            self._kept[message.ref_hash] = self._runs
        elif kind == "navigation":
            self._page_hash = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._look_at(message.delta)
        return kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def _look_at(self, delta: Delta) -> None:
        if delta.new_element.WhichOneof("type") == "exception":
            exception = delta.new_element.exception
            raise PageError(f"{exception.type}: {exception.message}")


class ClassSession(Window):
    """A window with the live demo: it opens a link, drags circles and lets them go."""

    def __init__(self, url: str) -> None:
        super().__init__(url, PAGE)
        self._components: dict[str, tuple[str, str, Any]] = {}
        self._number = 0
        self._answers = 0
        self._slow, self._pause_ends = 0, 0.0

    async def open(self, query: str) -> None:
        """Open the live demo by its address.

        Raises:
            PageError: There is no answer, or the page shows an exception.
        """
        await super().open(query)
        if not self._answers:
            raise PageError("The page showed no answer.")

    async def draw(self, circle: tuple[float, float, float]) -> None:
        """Let a circle go, in place of the last one: middle and radius in canvas pixels.

        Raises:
            PageError: It is not in the address afterwards, or not answered.
        """
        before = parse_qs(self._query).get("marks")
        report = self._drawing(circle)
        self._number += 1
        self._tell("overlay", {"drawing": {**report, "selected": -1, "number": self._number}})
        answers = self._answers
        await self._run(self._components["overlay"][1])
        marks = parse_qs(self._query).get("marks")
        if marks == before or marks is None or not marks[0].startswith("circle:"):
            raise PageError(f"A circle was drawn, but the address says {marks}.")
        if self._answers == answers:
            raise PageError("The circle was not answered.")

    async def drag(self, circle: tuple[float, float, float], seconds: float) -> list[float]:
        """Drag a circle to its size for a while; drafts are sent, and paused where they are slow, as the page does it.

        Returns:
            What the answer to each draft took, in seconds.
        """
        start, times, (x, y, radius) = time.monotonic(), [], circle
        while (now := time.monotonic()) < start + seconds:
            _, _, wanted = self._components["following_answer"]
            if not wanted["follows"] or now < self._pause_ends:
                await asyncio.sleep(start + seconds - now)
                break
            share = (now - start) / seconds
            number = int(time.time() * 1000)
            drawing = self._drawing((x, y, max(12, radius * share)))
            self._tell("following_answer", {"draft": {**drawing, "after": self._number, "number": number}})
            await self._run(self._components["following_answer"][1], keeps_all=True)
            took = time.monotonic() - now
            times.append(took)
            self._slow = self._slow + 1 if took > wanted["limit"] / 1000 else 0
            if self._slow >= _SLOW_IN_SUCCESSION:
                self._pause_ends = time.monotonic() + _PAUSE_S
            await asyncio.sleep(max(_LEAST_GAP_S, min(took, wanted["limit"] / 1000)))
        return times

    def _drawing(self, circle: tuple[float, float, float]) -> dict[str, Any]:
        _, _, canvas = self._components["canvas"]
        x, y, radius = circle
        placed = {"originX": "center", "originY": "center", "left": x, "top": y}
        shape = {"type": "Circle", "radius": radius, "fill": "rgba(0, 0, 0, 0)", "strokeWidth": 3, **placed}
        return {"objects": [shape], "revision": canvas["initialDrawing"]["vpl"]["revision"]}

    def _tell(self, component: str, value: dict[str, Any]) -> None:
        self._states[self._components[component][0]] = "json_value", json.dumps(value)

    def _look_at(self, delta: Delta) -> None:
        super()._look_at(delta)
        element = delta.new_element
        self._answers += element.WhichOneof("type") == "html" and _ANSWER in element.html.body
        if element.WhichOneof("type") != "bidi_component":
            return
        component = element.bidi_component
        for name, part in (("overlay", "canvas_overlay"), ("following_answer",) * 2, ("canvas", "drawable")):
            if part in component.component_name:
                data = json.loads(component.json or component.mixed.json or "null")
                self._components[name] = component.id, delta.fragment_id, data
