"""The projector and the stand view in a real browser: keys, the clean start, scenes that play until a touch."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.demo import TIMEOUT_MS, Demo

expect.set_options(timeout=TIMEOUT_MS)


def test_on_a_projector_keys_turn_the_xrays_and_a_button_starts_anew(demo: Demo) -> None:
    demo.open({"view": "projector"})
    demo.settle()
    page = demo.page
    expect(page.get_by_test_id("stSidebar")).not_to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
    first = page.locator(".vpl-place").inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".vpl-place")).not_to_have_text(first)
    demo.settle()
    assert "sample=" in page.url
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".vpl-place")).to_have_text(first)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".vpl-place")).not_to_have_text(first)
    page.get_by_role("button", name="Start anew").click()
    expect(page.locator(".vpl-place")).to_have_text(first)
    assert "view=projector" in page.url
    page.get_by_role("button", name="Leave this view").click()
    expect(page.get_by_test_id("stSidebar")).to_be_visible()


def test_a_projector_is_left_by_escape_or_from_the_corner_wherever_the_page_stands(demo: Demo) -> None:
    page = demo.page
    page.set_viewport_size({"width": 1280, "height": 720})
    demo.open({"view": "projector"})
    demo.settle()
    corner = page.get_by_role("button", name="Leave this view")
    for share in (0, 1):
        page.evaluate(
            f"() => {{ const all = document.querySelector('.stMain'); all.scrollTop = {share} * all.scrollHeight; }}"
        )
        box = corner.bounding_box()
        assert box is not None
        assert box["y"] < 40
        assert box["x"] + box["width"] > 1230
    page.get_by_role("button", name="Download").click()
    page.get_by_test_id("stPopoverBody").get_by_role("button").first.wait_for()
    demo.settle()
    page.wait_for_timeout(500)  # by then the popover listens to keys
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    page.wait_for_timeout(500)
    expect(page.get_by_test_id("stSidebar")).not_to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stSidebar")).to_be_visible()


def test_what_is_drawn_stays_drawn_when_the_view_changes(demo: Demo) -> None:
    demo.open({"sample": "case_a"})
    demo.drag([(100, 100), (200, 180)])
    demo.wait_for_marked_answer()
    for button in ("Projector view", "Leave this view"):
        demo.page.get_by_role("button", name=button).click()
        demo.settle()
        demo.page.wait_for_timeout(1500)  # by then the canvas is mounted anew
        demo.page.wait_for_function(
            "() => document.querySelector('.st-key-demo_canvas [data-testid=stBidiComponentIsolated]')"
            "?.shadowRoot.querySelector('.upper-canvas')?.vplDrawing?.canvas.getObjects().length === 1"
        )
        assert len(demo.marks()) == 1
    demo.drag([(300, 300), (380, 360)])
    demo.wait_for_marks(2)
    assert demo.shapes_on_canvas() == 2


def test_one_step_back_leaves_the_projector_view_and_one_forward_is_in_it_again(demo: Demo) -> None:
    demo.open()
    page, plain = demo.page, demo.page.url
    page.get_by_role("button", name="Projector view").click()
    expect(page.get_by_test_id("stSidebar")).not_to_be_visible()
    demo.settle()
    page.go_back()
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    demo.settle()
    assert page.url.rstrip("?") == plain.rstrip("?")
    page.go_forward()
    expect(page.get_by_test_id("stSidebar")).not_to_be_visible()
    demo.settle()
    assert "view=projector" in page.url


def test_at_a_stand_scenes_follow_each_other_until_somebody_touches_the_page(demo: Demo) -> None:
    demo.open({"view": "demo"})
    words = demo.page.get_by_text("Runs by itself.")
    expect(words).to_be_visible()
    demo.page.wait_for_function("new URLSearchParams(location.search).has('marks')")
    demo.page.mouse.click(5, 5)
    expect(words).to_be_hidden()
    demo.settle()
    stopped = demo.page.url
    demo.page.wait_for_timeout(7000)
    assert demo.page.url == stopped


def test_a_stand_that_is_left_on_another_page_goes_back_to_the_demo(demo: Demo) -> None:
    page = demo.page
    page.clock.install()
    demo.open({"view": "demo"}, page="data_and_models")
    expect(page.get_by_role("heading", name="Data and models")).to_be_visible()
    demo.settle()
    page.clock.fast_forward(30_000)
    page.mouse.click(5, 5)
    page.clock.fast_forward(50_000)
    assert "data_and_models" in page.url
    page.clock.fast_forward(11_000)
    page.wait_for_url("**/live_demo?view=demo*")
    expect(page.get_by_text("Runs by itself.")).to_be_visible()
