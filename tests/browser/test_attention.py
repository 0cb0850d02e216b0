"""From the live demo to the page Attention, to the marker lab and back, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.demo import TIMEOUT_MS, Demo

expect.set_options(timeout=TIMEOUT_MS)


def test_a_region_goes_to_attention_where_a_head_is_enlarged_and_comes_back(demo: Demo) -> None:
    marks = {"sample": "case_a", "marks": "circle:140,110,220,200", "target": "lung mass"}
    demo.open(marks)
    demo.page.get_by_role("link", name="which to believe").click()
    page = demo.page
    expect(page.locator("h1")).to_have_text("Attention")
    expect(page.locator(".vpl-lab-numbers")).to_contain_text("lung mass")
    page.locator(".st-key-lab_part_layers summary").click()
    frame = page.locator(".vpl-lab-sprite i")
    expect(frame).to_be_visible()
    page.get_by_role("combobox", name=re.compile("Layer")).click()
    page.get_by_role("option", name="1", exact=True).click()
    expect(frame).to_have_attribute("style", re.compile("left:0.000%"))
    expect(page.get_by_text(re.compile("^Layer 1, "))).to_be_visible()
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
    assert demo.link() | marks == demo.link()
