"""Attention maps under the pointer and the keys, and small ones that a click enlarges."""

from __future__ import annotations

import base64
import re

from playwright.sync_api import expect

from tests.browser.demo import Demo

MARKED = {"sample": "case_b", "marks": "circle:100,120,260,300"}


def test_a_map_tells_the_place_and_the_value_under_the_pointer_and_by_keys(demo: Demo) -> None:
    demo.open(MARKED)
    page, plot = demo.page, demo.page.locator(".vpl-map").nth(1)
    plot.scroll_into_view_if_needed()
    readout = plot.locator(".vpl-readout")
    expect(readout).to_be_hidden()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"])
    expect(readout).to_be_visible()
    told = re.fullmatch(r"x (\d+), y (\d+): (\d+)% of the strongest", readout.inner_text())
    assert told is not None
    x, y, percent = map(int, told.groups())
    assert abs(x - 128) <= 3
    assert abs(y - 256) <= 3
    values, columns, rows = (plot.get_attribute(f"data-{name}") for name in ("values", "columns", "rows"))
    cell = int(y * int(rows or 0) / 512) * int(columns or 0) + int(x * int(columns or 0) / 512)
    assert abs(base64.b64decode(values or "")[cell] / 2.55 - percent) <= 2
    page.mouse.move(2, 2)
    expect(readout).to_be_hidden()
    plot.focus()
    page.keyboard.press("ArrowRight")
    expect(readout).to_be_visible()
    before = readout.inner_text()
    page.keyboard.press("ArrowDown")
    expect(readout).not_to_have_text(before)


def test_a_click_on_a_small_map_enlarges_its_method(demo: Demo) -> None:
    demo.open(MARKED)
    demo.page.get_by_text("All methods: they do not always agree").click()
    small = demo.page.locator(".st-key-demo_method_rollout .vpl-card")
    small.wait_for()
    demo.settle()
    small.scroll_into_view_if_needed()
    demo.page.wait_for_timeout(500)  # the part unfolds, and what stands below it moves
    box = small.bounding_box()
    assert box is not None
    demo.page.mouse.click(box["x"] + 0.2 * box["width"], box["y"] + 0.3 * box["height"])  # the picture, not its title
    demo.page.get_by_text("Attention rollout (same for every class)").wait_for()
    demo.settle()
    assert demo.link()["method"] == "rollout"
    expect(small).to_have_class(re.compile("vpl-chosen"))


def test_a_class_that_is_pointed_at_lights_its_own_evidence(demo: Demo) -> None:
    demo.open({**MARKED, "method": "legrad"})
    layers = demo.page.locator(".vpl-evidence")
    tell = "name => document.dispatchEvent(new CustomEvent('vpl-class', { detail: { name } }))"
    demo.page.evaluate(tell, "pleural effusion")
    layers.nth(1).wait_for()
    assert layers.count() == 2
    expect(layers.first).to_have_text("Evidence for pleural effusion")
    demo.page.set_viewport_size({"width": 1280, "height": 720})
    caption, words = (demo.page.locator(f".vpl-pair figure:first-child {name}") for name in ("figcaption", "span"))
    box, under = caption.bounding_box(), words.last.bounding_box()
    assert box is not None
    assert under is not None
    assert box["y"] + box["height"] < under["y"], "on a low screen the caption lies on the map, and the words below it"
    demo.page.evaluate(tell, "")
    expect(layers).to_have_count(0)
    demo.settle()
    assert "target" not in demo.link()
