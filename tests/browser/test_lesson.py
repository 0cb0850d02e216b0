"""The lesson in a real browser: a circle drawn with the mouse, a reload, and the keyboard."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.demo import TIMEOUT_MS, Demo

expect.set_options(timeout=TIMEOUT_MS)

TOP = "document.querySelector('.stMain').scrollTop"


def test_a_drawn_circle_is_the_guess_and_keys_lead_on(demo: Demo) -> None:
    page = demo.page
    demo.open({"step": "3", "view": "projector"}, page="lesson")
    commit = page.get_by_role("button", name="This is my circle")
    demo.canvas.wait_for()
    demo.settle()
    expect(commit).to_be_disabled()
    demo.drag([(20, 20), (90, 80)])
    expect(commit).to_be_enabled()
    demo.settle()
    demo.drag([(150, 120), (230, 210)])  # the last one counts
    page.wait_for_function(
        "document.querySelector('.st-key-lesson_canvas [data-testid=stBidiComponentIsolated]')"
        ".shadowRoot.querySelector('.upper-canvas').vplDrawing.canvas.getObjects().length === 1"
    )
    demo.settle()
    assert demo.shapes_on_canvas() == 1
    commit.click()
    verdict = page.locator(".vpl-lesson-verdict")
    expect(verdict).to_contain_text("Right")
    expect(page.locator(".vpl-lesson-box")).to_have_count(1)
    expect(demo.canvas).to_have_count(0)
    demo.settle()

    page.reload()
    expect(page.locator(".vpl-lesson-step")).to_have_text("Step 3 of 9")
    expect(verdict).to_have_count(0)
    expect(page.get_by_role("button", name="Next")).to_be_visible()
    demo.canvas.wait_for()
    demo.settle()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".vpl-lesson-step")).to_have_text("Step 4 of 9")
    demo.settle()
    assert demo.link() == {"step": "4", "view": "projector"}
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".vpl-lesson-step")).to_have_text("Step 3 of 9")
    demo.settle()

    term = page.locator(".vpl-term").first
    meaning = term.locator(".vpl-meaning")
    expect(meaning).to_be_hidden()
    term.focus()
    expect(meaning).to_be_visible()
    page.get_by_role("link", name="Live demo", exact=True).click()
    demo.canvas.wait_for()
    demo.settle()
    assert demo.shapes_on_canvas() == 0, "the lesson's circle is not the live demo's"


def test_on_a_phone_what_is_new_is_read_from_its_start(browser: Browser, app_url: str) -> None:
    phone = Demo(browser, app_url, width=390, height=700)
    page = phone.page
    phone.open({"step": "4"}, page="lesson")
    following = page.get_by_role("button", name="Next")
    following.scroll_into_view_if_needed()
    assert page.evaluate(TOP) > 0
    following.click()
    expect(page.locator(".vpl-lesson-step")).to_have_text("Step 5 of 9")
    page.wait_for_function(f"{TOP} === 0")
    phone.settle()

    page.get_by_text("Neither", exact=True).click()
    commit = page.get_by_role("button", name="This is my guess")
    expect(commit).to_be_enabled()
    commit.click()
    verdict = page.locator(".vpl-lesson-verdict")
    expect(verdict).to_be_focused()
    expect(verdict).to_be_in_viewport(ratio=1)
    phone.settle()

    page.get_by_role("button", name="Quiz").click()
    hand_in = page.get_by_role("button", name="Hand in")
    hand_in.scroll_into_view_if_needed()
    hand_in.click()
    expect(page.locator(".vpl-certificate")).to_be_in_viewport(ratio=1)
    phone.close()
