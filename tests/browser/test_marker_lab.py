"""From the live demo to the marker lab and back, in a real browser."""

from __future__ import annotations

import re
from urllib.parse import unquote

from playwright.sync_api import expect

from tests.browser.demo import TIMEOUT_MS, Demo

expect.set_options(timeout=TIMEOUT_MS)


def test_a_region_goes_to_the_lab_and_comes_back_marked_in_another_way(demo: Demo) -> None:
    demo.open({"sample": "case_a", "marks": "circle:140,110,220,200", "target": "lung mass"})
    demo.page.get_by_role("link", name="Try every marker here").click()
    page = demo.page
    expect(page.locator("h1")).to_have_text("Marker lab")
    expect(page.locator(".vpl-lab-numbers")).to_contain_text("lung mass")
    page.locator(".st-key-lab_part_scan summary").click()
    page.get_by_role("radio", name="8 × 8").click()
    expect(page.locator(".vpl-lab-scale")).to_be_visible()
    expect(page.get_by_text(re.compile("^Over 64 places, lung mass gets"))).to_be_visible()
    page.locator(".st-key-lab_part_compare summary").click()
    expect(page.locator(".vpl-lab-ways li")).to_have_count(55)
    expect(page.locator(".st-key-lab_part_compare .js-plotly-plot")).to_be_visible()
    field = page.get_by_role("combobox", name=re.compile("A way of marking"))
    field.click()
    field.press_sequentially("yellow box, 6 px")
    page.get_by_role("option", name=re.compile("^yellow box, 6 px")).click()
    demo.settle()
    page.get_by_role("button", name="Send to the live demo").click()
    expect(page.locator("h1")).to_have_text("Live demo")
    demo.wait_for_marked_answer()
    assert demo.link() | {"color": "yellow", "width": "6", "marks": "bbox:140,110,220,200"} == demo.link()
    expect(page.locator(".vpl-answer")).to_contain_text("with the box")


def test_one_step_back_is_one_page_back_with_all_that_it_showed(demo: Demo) -> None:
    demo.open({"sample": "case_a", "marks": "circle:140,110,220,200", "target": "lung mass"})
    page, addresses = demo.page, [demo.page.url]
    for link, title in (("Try every marker here", "Marker lab"), ("Where the model looks", "Attention")):
        page.get_by_role("link", name=link).click()
        expect(page.locator("h1")).to_have_text(title)
        expect(page.locator(".vpl-lab-numbers")).to_contain_text("lung mass")
        demo.settle()
        addresses.append(page.url)
    for address, title in ((addresses[1], "Marker lab"), (addresses[0], "Live demo")):
        page.go_back()
        expect(page.locator("h1")).to_have_text(title)
        expect(page.get_by_text("Nothing is marked")).to_have_count(0)
        demo.settle()
        assert unquote(page.url) == unquote(address)
    demo.wait_for_marked_answer()
