"""The first minute in a real browser: the overview's example, the menu, the link."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.demo import TIMEOUT_MS, Demo
from vpe_core.settings import PROJECT_DIR

expect.set_options(timeout=TIMEOUT_MS)


def test_the_example_answers_to_pointer_and_keyboard(demo: Demo, precomputed: Path) -> None:
    shutil.copytree(PROJECT_DIR / "precomputed" / "example", precomputed / "example", dirs_exist_ok=True)
    demo.open(page="overview")
    expect(demo.page).to_have_title("Visual Prompt Lab")
    words = demo.page.locator(".vpl-example-words")
    expect(words).to_contain_text("With the circle, the likeliest is consolidation")
    demo.page.get_by_role("button", name="pacemaker").hover()
    expect(words).to_contain_text("With the circle, the model gives pacemaker")
    expect(demo.page.locator(".vpl-map.vpl-on")).to_have_attribute("data-of", "pacemaker")
    demo.page.get_by_role("button", name="Without a marker").focus()
    expect(words).to_contain_text("Without a marker, the model gives pacemaker")
    expect(demo.page.get_by_role("button", name="Without a marker")).to_have_attribute("aria-pressed", "true")
    expect(demo.page.locator(".vpl-how img")).to_have_count(2)
    assert demo.page.evaluate("[...document.querySelectorAll('.vpl-how img')].every(image => image.naturalWidth > 0)")


def test_a_finger_chooses_the_class_that_it_hits(browser: Browser, app_url: str, precomputed: Path) -> None:
    shutil.copytree(PROJECT_DIR / "precomputed" / "example", precomputed / "example", dirs_exist_ok=True)
    demo = Demo(browser, app_url, width=390, height=844)
    demo.open(page="overview")
    demo.settle()
    for name in ("pacemaker", "cardiomegaly", "lung mass"):
        demo.page.get_by_role("button", name=name).tap()
        expect(demo.page.locator(".vpl-example-words")).to_contain_text(f"the model gives {name}")
        expect(demo.page.locator(".vpl-map.vpl-on")).to_have_attribute("data-of", name)
    demo.close()


def test_on_a_narrow_screen_the_menu_closes_after_a_choice(browser: Browser, app_url: str) -> None:
    demo = Demo(browser, app_url, width=390, height=844)
    demo.open(page="overview")
    demo.settle()
    demo.page.get_by_test_id("stExpandSidebarButton").click()
    demo.page.get_by_test_id("stSidebar").get_by_role("link", name="Data and models").click()
    demo.page.get_by_role("heading", name="Data and models").wait_for()
    expect(demo.page.get_by_test_id("stSidebar")).not_to_be_in_viewport()
    demo.close()


def test_a_click_copies_the_link_and_says_so(demo: Demo) -> None:
    demo.context.grant_permissions(["clipboard-read", "clipboard-write"])
    demo.open({"sample": "case_b", "color": "yellow"})
    demo.page.get_by_role("button", name="Copy link").click()
    expect(demo.page.locator(".vpl-copied")).to_have_text("Copied.")
    expect(demo.page.locator('[data-testid="stPopoverBody"]')).to_contain_text("works on this machine only")
    assert demo.page.evaluate("navigator.clipboard.readText()") == demo.page.url


@pytest.mark.parametrize(("label", "option", "row"), [
    ("Control: same marker on", "a blank picture", ".vpl-control-answer"),
    ("Compare with", "SimCLIP-plain", ".vpl-second-answer"),
])  # fmt: skip
def test_a_comparison_that_is_chosen_comes_into_view(demo: Demo, label: str, option: str, row: str) -> None:
    page = demo.page
    page.set_viewport_size({"width": 1280, "height": 720})
    demo.open({"sample": "case_a", "marks": "circle:140,110,220,200"})
    demo.wait_for_marked_answer()
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option).first.click()
    page.locator(row).wait_for()
    page.wait_for_function(f"() => document.querySelector('{row}').getBoundingClientRect().bottom <= innerHeight")
    assert page.evaluate(f"document.querySelector('{row}').getBoundingClientRect().top") > 0
