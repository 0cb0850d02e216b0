"""From the live demo to the page Attention, to the marker lab and back, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.demo import TIMEOUT_MS, Demo

expect.set_options(timeout=TIMEOUT_MS)


def enlarge_by_tiles(page: Page, frame: Locator) -> None:
    """A click, and keys, on the matrix; what follows is waited for, so nothing depends on how long the app takes."""
    tiles = page.get_by_role("group", name=re.compile("small maps of"))
    fields, says = page.locator(".st-key-lab_head_row"), page.locator(".st-key-lab_part_layers .vpl-aside")
    tiles.get_by_role("button", name=re.compile("^Layer 2, head 1")).click()
    expect(frame).to_have_attribute("style", re.compile("left: 33.*top: 0%"))
    expect(says.filter(has_text="Layer 2, head 1: ")).to_be_visible()
    expect(fields.get_by_role("combobox").nth(0)).to_have_value("2")
    expect(fields.get_by_role("combobox").nth(1)).to_have_value("1")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    expect(tiles.get_by_role("button", name=re.compile("^Layer 1, head 2"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(says.filter(has_text="Layer 1, head 2: ")).to_be_visible()
    expect(tiles.get_by_role("button", pressed=True)).to_have_accessible_name(re.compile("^Layer 1, head 2"))
    tiles.get_by_role("button", name="Layer 2, mean").click()
    expect(says.filter(has_text="Layer 2, mean of its heads: ")).to_be_visible()
    expect(frame).to_have_attribute("style", re.compile("left: 33.*height: 100%"))
    expect(fields.get_by_role("combobox").nth(1)).to_have_value("mean of all")


def test_a_region_goes_to_attention_where_a_head_is_enlarged_and_comes_back(demo: Demo) -> None:
    marks = {"sample": "case_a", "marks": "circle:140,110,220,200", "target": "lung mass"}
    demo.open(marks)
    demo.wait_for_marked_answer()
    begun = demo.link()
    demo.page.get_by_role("link", name="which to believe").click()
    page = demo.page
    expect(page.locator("h1")).to_have_text("Attention")
    expect(page.locator(".vpl-lab-numbers")).to_contain_text("lung mass")
    page.locator(".st-key-lab_part_layers summary").click()
    frame = page.locator(".vpl-lab-sprite i")
    expect(frame).to_be_visible()
    page.get_by_role("combobox", name=re.compile("Layer")).click()
    page.get_by_role("option", name="1", exact=True).click()
    expect(frame).to_have_attribute("style", re.compile("left: 0%"))
    expect(page.get_by_text(re.compile("^Layer 1, "))).to_be_visible()
    enlarge_by_tiles(page, frame)
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert not page.evaluate(wide)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".vpl-lab-sprite img")).to_be_visible()
    assert not page.evaluate(wide)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.get_by_role("link", name="Try every marker here").click()
    expect(page.locator("h1")).to_have_text("Marker lab")
    page.get_by_role("link", name="Change the marker in the live demo").click()
    expect(page.locator("h1")).to_have_text("Live demo")
    demo.wait_for_marked_answer()
    assert demo.link() == begun
