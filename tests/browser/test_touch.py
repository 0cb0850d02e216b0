"""Fingers on a phone: one draws, reads and measures, two zoom and leave nothing of what the first one began."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.demo import Demo, Point
from tests.browser.test_reading import ROW, demo_place, hud, middle, press, unfold_tools, zoom


class Fingers:
    """Fingers on the screen, by number."""

    def __init__(self, demo: Demo) -> None:
        self.page = demo.page
        self.session = demo.context.new_cdp_session(demo.page)
        self.places: dict[int, Point] = {}

    def _send(self, kind: str, places: dict[int, Point]) -> None:
        points = [{"id": number, "x": x, "y": y} for number, (x, y) in places.items()]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def down(self, finger: int, place: Point) -> None:
        self.places[finger] = place
        self._send("touchStart", self.places)

    def move(self, places: dict[int, Point], steps: int = 4) -> None:
        start = dict(self.places)
        for step in range(1, steps + 1):
            for finger, (x, y) in places.items():
                (from_x, from_y), share = start[finger], step / steps
                self.places[finger] = (from_x + (x - from_x) * share, from_y + (y - from_y) * share)
            self._send("touchMove", self.places)

    def up(self, finger: int) -> None:
        self._send("touchEnd", {finger: self.places.pop(finger)})

    def swipe(self, start: Point, end: Point) -> None:
        self.down(0, start)
        self.move({0: end})
        self.up(0)
        assert not self.page.evaluate("window.vplLostTouch"), "Chromium itself has given up the finger."

    def pinch(self, middle: Point, *, late: bool) -> None:
        """Twice as near; a late second finger comes when the first one has already moved."""
        x, y = middle
        self.down(0, (x - 30, y - 30) if late else (x - 30, y))
        if late:
            self.move({0: (x - 30, y)})
        self.down(1, (x + 30, y))
        self.move({0: (x - 60, y), 1: (x + 60, y)})
        self.up(1)
        self.up(0)


@pytest.fixture(scope="module")
def phone(browser: Browser, app_url: str) -> Iterator[Demo]:
    demo = Demo(browser, app_url, width=390, height=844)
    demo.page.add_init_script("addEventListener('touchcancel', () => { window.vplLostTouch = true; }, true)")
    yield demo
    demo.close()


@pytest.mark.parametrize("tool", ["arrow", "polygon", "move"])
def test_two_fingers_zoom_and_leave_no_stroke_and_the_next_one_lies_where_it_was_drawn(phone: Demo, tool: str) -> None:
    link = {"sample": "case_a", "tool": tool}
    phone.open(link | {"marks": "bbox:180,180,330,330"} if tool == "move" else link)
    phone.canvas.scroll_into_view_if_needed()
    before, fingers, (x, y) = phone.marks(), Fingers(phone), middle(phone)
    whole = phone.canvas.bounding_box()
    assert whole is not None
    for late in (False, True):
        fingers.pinch((x, y), late=late)
    phone.settle()
    assert zoom(phone, whole["width"]) == pytest.approx(4, rel=0.01)
    assert phone.marks() == before
    start, end = (x - 60, y - 40), (x + 50, y + 60)
    exact = [*demo_place(phone, start), *demo_place(phone, end)]
    if tool == "polygon":
        corners = [start, (x + 60, y - 30), end]
        for corner in (*corners, (start[0] + 9, start[1] + 8)):  # a finger does not hit the first one exactly
            fingers.down(0, corner)
            fingers.up(0)
        ((_, numbers),) = phone.wait_for_marks(1)
        np.testing.assert_allclose(numbers, np.ravel([demo_place(phone, corner) for corner in corners]), atol=1)
        return
    fingers.swipe(start, end)
    if tool == "move":
        way = np.array(exact[2:]) - exact[:2]
        phone.page.wait_for_function(
            "marks => !new URL(location).searchParams.get('marks').includes(marks)", arg="180,180,330,330"
        )
        ((_, numbers),) = phone.marks()
        np.testing.assert_allclose(numbers, np.add([180, 180, 330, 330], [*way, *way]), atol=1)
    else:
        ((_, numbers),) = phone.wait_for_marks(1)
        np.testing.assert_allclose([*numbers[:2], *numbers[-2:]], exact, atol=1)


def test_a_second_finger_takes_back_a_window_and_a_ruler_and_a_thumb_beside_the_film_is_none(phone: Demo) -> None:
    phone.open({"sample": "case_a", "tool": "bbox"})
    fingers = Fingers(phone)
    press(phone, "Ruler")
    x, y = middle(phone)
    fingers.swipe((x - 50, y), (x + 50, y))
    measured = hud(phone)
    box = phone.canvas.bounding_box()
    assert box is not None
    assert measured.startswith(f"{round(100 / box['width'] * 512)} px")
    for tool in ("Ruler", "Window"):
        if tool == "Window":
            press(phone, tool)
        fingers.pinch((x, y), late=True)
        assert hud(phone) == f"{measured} · 2.0 ×"
        press(phone, "Fit")
    press(phone, "Window")  # once more: back to drawing
    fingers.down(1, (5, y))
    fingers.swipe((x - 60, y - 50), (x + 70, y + 40))
    fingers.up(1)
    exact = [*demo_place(phone, (x - 60, y - 50)), *demo_place(phone, (x + 70, y + 40))]
    ((_, numbers),) = phone.wait_for_marks(1)
    np.testing.assert_allclose(numbers, exact, atol=1)
    assert phone.page.evaluate("visualViewport.scale") == 1


def test_a_finger_hits_the_reading_tools_and_no_class_name_is_cut(phone: Demo) -> None:
    phone.open({"sample": "case_a", "marks": "bbox:180,180,330,330", "question": "each"})
    answer, tool = phone.page.locator(".vpl-row").first, phone.page.locator(ROW).first
    expect(tool).to_be_hidden()  # until they are wanted: the answer stands right below the X-ray
    above = answer.bounding_box()
    unfold_tools(phone)
    expect(tool).to_be_visible()
    below = answer.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] < below["y"]
    tools = ".vpl-reading, .st-key-demo_source_row, [class*=st-key-demo_question-]"
    for button in phone.page.locator(f":is({tools}) button:not([aria-label^=Help]):visible").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 40
        assert 0 <= box["x"] <= 390 - box["width"]
    phone.page.add_style_tag(content=".vpl-row > th { font-weight: 650; padding-left: .4rem }")  # as if each class won
    cut = "name => name.scrollHeight > name.clientHeight + 1 || name.scrollWidth > name.clientWidth"
    assert not phone.page.locator(".vpl-row > th > bdi").evaluate_all(
        f"names => names.filter({cut}).map(n => n.innerText)"
    )
