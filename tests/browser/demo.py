"""The live demo as a person meets it: what to click, where to draw, what to read."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from PIL import Image
from playwright.sync_api import Browser, Locator

Point = tuple[float, float]

TIMEOUT_MS = 90_000
"""Long, because a busy machine may be slow; nothing waits longer than it must."""


class Demo:
    """One browser window with the live demo, at its own session."""

    def __init__(
        self, browser: Browser, url: str, *, width: int = 1440, height: int = 1000, scheme: str = "dark"
    ) -> None:
        self.url = url
        narrow = width < 500
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=narrow, is_mobile=narrow,
            accept_downloads=True,
        )  # fmt: skip
        self.context.set_default_timeout(TIMEOUT_MS)
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(f"{error}\n{error.stack}"))

    def close(self) -> None:
        self.context.close()
        assert not self.problems, self.problems

    def open(self, query: Mapping[str, str] = {}, *, page: str = "live_demo") -> None:
        """Open the page by its address, and wait for the answer."""
        parts = "&".join(f"{name}={quote(value)}" for name, value in query.items())
        self.page.goto(f"{self.url}/{page}?{parts}")
        self.page.wait_for_selector("h1")
        if page == "live_demo":
            self.page.wait_for_selector(".vpl-bars")
            self.canvas.wait_for()
            self.settle()

    def settle(self) -> None:
        """Wait until the app has nothing more to do."""
        self.page.wait_for_function(
            "() => !document.querySelector('[data-testid=stStatusWidget]')"
            " && document.querySelector('[data-testid=stApp]:not([data-test-script-state=running])')"
        )

    @property
    def canvas(self) -> Locator:
        return self.page.locator(".upper-canvas")

    def button(self, name: str) -> Locator:
        """A button by its key."""
        return self.page.locator(f".st-key-demo_{name} button").first

    def shapes_on_canvas(self) -> int:
        """How many shapes the canvas shows, whatever the app knows of."""
        return int(self.canvas.evaluate("canvas => canvas.vplDrawing.canvas.getObjects().length"))

    def link(self) -> dict[str, str]:
        """What the address bar says."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.page.url).query).items()}

    def marks(self) -> list[tuple[str, list[float]]]:
        """The marks in the address bar: marker and coordinates in image pixels."""
        parts = [part for part in self.link().get("marks", "").split(";") if part]
        return [
            (name, [float(value) for value in numbers.split(",")])
            for name, _, numbers in (p.partition(":") for p in parts)
        ]

    def wait_for_marks(self, number: int) -> list[tuple[str, list[float]]]:
        """Wait until the address bar names so many marks."""
        self.page.wait_for_function(
            "n => (new URL(location).searchParams.get('marks') || '').split(';').filter(Boolean).length === n",
            arg=number,
        )
        self.settle()
        return self.marks()

    def wait_for_marked_answer(self) -> None:
        """Wait until something that is drawn is answered; what is drawn on an upload is in no address."""
        self.page.locator(".vpl-answer:not([data-draft]) .vpl-attention").filter(has_text="→").wait_for()
        self.settle()

    def answer(self) -> str:
        """The text of the answer."""
        return self.page.locator(".vpl-answer").inner_text()

    def overlays(self) -> list[str]:
        """The overlays, as they are embedded in the page."""
        return [str(image.get_attribute("src")) for image in self.page.locator(".vpl-pair img").all()]

    def choose_tool(self, name: str) -> None:
        self.page.get_by_role("radio", name=name, exact=True).click()
        self.page.wait_for_timeout(800)  # the component changes its mode a moment after the script has run
        self.settle()

    def choose_model(self, title: str) -> None:
        """Choose a model in the settings under the image."""
        self.page.get_by_text(re.compile("^Prompt: ")).click()
        field = self.page.get_by_label("Model", exact=True)
        field.wait_for()
        self.page.wait_for_timeout(500)  # the settings unfold, and what is clicked meanwhile may close again
        self.settle()
        field.click()
        self.page.get_by_role("option", name=title).click()

    def on_screen(self, point: Point, size_wh: tuple[int, int] = (512, 512)) -> tuple[Point, Point]:
        """The whole screen pixel next to an image point, and the image point that it really is."""
        box = self.canvas.bounding_box()
        assert box is not None
        scale = box["width"] / size_wh[0]
        x, y = math.ceil(box["x"] + point[0] * scale), math.ceil(box["y"] + point[1] * scale)
        return (x, y), ((x - box["x"]) / scale, (y - box["y"]) / scale)

    def drag(self, path: Sequence[Point], size_wh: tuple[int, int] = (512, 512)) -> list[Point]:
        """Drag the mouse through image points; returns where it really went, in image pixels."""
        self.canvas.scroll_into_view_if_needed()
        screen = [self.on_screen(point, size_wh) for point in path]
        mouse = self.page.mouse
        mouse.move(*screen[0][0])
        mouse.down()
        for (x, y), _ in screen[1:]:
            mouse.move(x, y, steps=4)
        mouse.up()
        return [exact for _, exact in screen]

    def click(self, point: Point, size_wh: tuple[int, int] = (512, 512)) -> Point:
        """Click at an image point; returns where it really was."""
        self.canvas.scroll_into_view_if_needed()
        (x, y), exact = self.on_screen(point, size_wh)
        self.page.mouse.click(x, y)
        return exact

    def upload(self, data: bytes, name: str) -> None:
        """Upload a file through the dialog."""
        self.page.get_by_role("button", name="Choose X-ray").click()
        self.page.locator('[data-testid="stDialog"] input[type=file]').set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        )

    def show_upload(self, data: bytes, name: str) -> None:
        """Upload a file and wait until it is on the canvas."""
        self.upload(data, name)
        self.page.get_by_text("Your X-ray", exact=True).wait_for()
        self.wait_for_no_dialog()

    def wait_for_no_dialog(self) -> None:
        """Wait until the dialog has faded out: so long it takes the clicks that are meant for what is under it."""
        self.page.locator('[data-testid="stDialog"]').wait_for(state="detached")
        self.settle()

    def download(self, button: str) -> bytes:
        """What the button under Download brings."""
        self.page.get_by_role("button", name=re.compile("^Download|download Download")).first.click()
        with self.page.expect_download() as waiting:
            self.page.get_by_role("button", name=button).click()
        return Path(waiting.value.path()).read_bytes()

    def download_picture(self, button: str) -> Image.Image:
        """The picture that the button under Download brings."""
        return Image.open(io.BytesIO(self.download(button)))
