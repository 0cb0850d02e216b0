"""A class in real browsers: a lecturer with a projector, and two students at once, one of them on a phone."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.demo import Demo

CODE = re.compile(r"[C-HJ-NP-RTWX346-9]{3} [C-HJ-NP-RTWX346-9]{3}")
SHAPE = ".st-key-class_shapes .shape"


@pytest.fixture
def devices(browser: Browser, app_url: str) -> Iterator[tuple[Demo, Demo, Demo]]:
    """The lecturer's laptop, a student's laptop and a student's phone."""
    laptops = Demo(browser, app_url, width=1280, height=720), Demo(browser, app_url)
    found = (*laptops, Demo(browser, app_url, width=390, height=844))
    yield found
    for device in found:
        device.close()


def press(device: Demo, key: str) -> None:
    device.page.locator(f".st-key-{key} button").first.click()
    device.settle()


def test_a_lecturer_and_two_students_open_join_draw_reveal_reload_and_end(devices: tuple[Demo, Demo, Demo]) -> None:
    lecturer, laptop, phone = devices
    lecturer.open(page="classroom")
    press(lecturer, "class_open_button")
    code = lecturer.page.locator(".vpl-class-code")
    expect(code).to_have_text(CODE)
    expect(lecturer.page.locator(".vpl-class-link")).to_have_text(lecturer.page.url)
    for student, nickname in ((laptop, "Ann"), (phone, "")):
        student.open({"room": code.inner_text().replace(" ", "")}, page="classroom")
        student.page.get_by_role("textbox", name="Nickname").fill(nickname)
        student.page.get_by_role("button", name="Join", exact=True).click()
        student.page.get_by_text("You are in").wait_for()
    expect(lecturer.page.locator(".vpl-class-count")).to_have_text("2 joined")

    lecturer.page.get_by_role("radio", name="Fool it").click()
    lecturer.settle()
    press(lecturer, "class_start")
    press(lecturer, "class_projector_button")
    for student, path in ((laptop, ((20, 30), (120, 100))), (phone, ((30, 380), (130, 480)))):
        student.canvas.wait_for()
        student.settle()
        student.page.wait_for_timeout(800)  # the canvas takes its tool a moment after it has come
        student.drag(path)
        student.page.locator(".vpl-class-answer").wait_for()
    expect(lecturer.page.locator(".vpl-class-count")).to_have_text("2 joined · 2 answered")
    assert not lecturer.page.locator(SHAPE).count()

    press(lecturer, "class_reveal")
    expect(lecturer.page.locator(SHAPE)).to_have_count(2)
    expect(phone.page.locator(SHAPE)).to_have_count(2)  # also on who only waits
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    lecturer.page.locator(SHAPE).first.focus()
    lecturer.page.keyboard.press("Enter")
    lecturer.page.locator(".st-key-class_large").wait_for()

    for device in devices:
        device.page.reload()
    expect(lecturer.page.locator(SHAPE)).to_have_count(2)
    expect(laptop.page.locator(".vpl-class-head")).to_contain_text("Ann")
    laptop.page.wait_for_function("document.querySelector('.st-key-class_canvas')")
    laptop.canvas.wait_for()
    laptop.page.wait_for_function("() => document.querySelector('.vpl-class-answer')")  # of the drawing that is back
    expect(lecturer.page.locator(".vpl-class-count")).to_have_text("2 joined · 2 answered")
    for device in devices:  # no token is where the projector shows it
        assert set(device.link()) <= {"room", "view"}

    press(lecturer, "class_steer")
    with lecturer.page.expect_download() as waiting:
        press(lecturer, "class_download")
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text())))
    assert [(row["nickname"], row["drawing"][:7]) for row in rows] == [("Ann", "circle:"), ("", "circle:")]
    lecturer.page.get_by_text("End class", exact=True).click()
    press(lecturer, "class_end_now")
    for device in devices:
        device.page.get_by_text("This class has ended.").wait_for()
        device.page.get_by_role("button", name="Open a class").wait_for()


def test_a_lecturer_whose_page_was_closed_goes_on_in_the_same_browser_until_the_end(
    browser: Browser, app_url: str
) -> None:
    lecturer = Demo(browser, app_url)
    lecturer.open(page="classroom")
    press(lecturer, "class_open_button")
    code = lecturer.page.locator(".vpl-class-code").inner_text()
    lecturer.page.wait_for_function("localStorage.getItem('vpl-class-steered')")
    lecturer.page.close()
    lecturer.page = lecturer.context.new_page()
    lecturer.open(page="classroom")
    lecturer.page.get_by_role("button", name=f"Return to class {code} and steer it").click()
    lecturer.page.get_by_text("End class", exact=True).click()
    press(lecturer, "class_end_now")
    lecturer.page.get_by_text("This class has ended.").wait_for()
    lecturer.page.wait_for_function("!localStorage.getItem('vpl-class-steered')")
    lecturer.close()
