"""An answer that changes under the eye: what may move does, what must stay stays."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.browser.demo import Demo

_PLACES = """() => [...document.querySelectorAll('.vpl-row, .vpl-sentence, .vpl-pair')].map(
  element => [element.dataset.class ?? element.className, Math.round(element.getBoundingClientRect().top)])"""
_WATCH = """() => {
  window.moved = [];
  window.lit = [];
  const animate = Element.prototype.animate;
  Element.prototype.animate = function (...frames) {
    if (this.closest('.vpl-track')) window.moved.push(this.closest('.vpl-row').dataset.class);
    return animate.apply(this, frames);
  };
  document.addEventListener('vpl-class', event => window.lit.push(event.detail.name));
}"""


def test_no_row_moves_and_nothing_jumps_at_a_stroke_and_all_is_on_one_screen(browser: Browser, app_url: str) -> None:
    demo = Demo(browser, app_url, width=1280, height=720)
    demo.open({"sample": "case_a"})
    before = demo.page.evaluate(_PLACES)
    demo.drag([(150, 120), (260, 210)])
    demo.wait_for_marks(1)
    demo.wait_for_marked_answer()
    assert demo.page.evaluate(_PLACES) == before
    bottom = (
        "Math.max(...[...document.querySelectorAll('.vpl-pair img')].map(one => one.getBoundingClientRect().bottom))"
    )
    assert demo.page.evaluate(bottom) <= 720
    control = demo.page.get_by_role("combobox", name="Control: same marker on").bounding_box()
    assert control is not None
    assert control["y"] + control["height"] <= 720
    demo.page.set_viewport_size({"width": 1024, "height": 576})  # the same window, zoomed to 125%
    demo.page.wait_for_function(f"{bottom} <= 576")
    for width, height in ((1152, 720), (768, 1024), (390, 844)):
        demo.page.set_viewport_size({"width": width, "height": height})
        beyond = (
            "Math.max(...[...document.querySelectorAll('.vpl-answer *')].map(e => e.getBoundingClientRect().right))"
        )
        demo.page.wait_for_function(f"{beyond} <= {width}")
        for one, next_one in ((".vpl-legend > :last-child", "thead th.vpl-number"), ("thead", "tbody")):
            assert not demo.page.evaluate(_OVERLAP, [one, next_one]), (width, one)
    demo.close()


_OVERLAP = """([one, other]) => {
  const [a, b] = [one, other].map(name => document.querySelector(`.vpl-bars ${name}`).getBoundingClientRect());
  return a.right > b.left + 1 && b.right > a.left + 1 && a.bottom > b.top + 1 && b.bottom > a.top + 1;
}"""


def test_bars_move_to_the_new_answer_and_the_class_under_the_pointer_is_told(demo: Demo) -> None:
    demo.open({"sample": "case_a"})
    demo.page.evaluate(_WATCH)
    demo.drag([(150, 120), (260, 210)])
    demo.wait_for_marks(1)
    demo.page.wait_for_function("window.moved.length > 0")
    demo.page.emulate_media(reduced_motion="reduce")
    moved = demo.page.evaluate("window.moved.length")
    demo.page.get_by_role("button", name="Clear", exact=True).click()
    demo.wait_for_marks(0)
    assert demo.page.evaluate("window.moved.length") == moved
    row = demo.page.locator(".vpl-row").nth(1)
    row.hover()
    demo.page.wait_for_function("window.lit.length > 0")
    assert demo.page.evaluate("window.lit.at(-1)") == row.get_attribute("data-class")
    demo.page.locator(".vpl-row").first.focus()
    demo.page.keyboard.press("ArrowDown")
    assert demo.page.evaluate("document.activeElement.dataset.class") == row.get_attribute("data-class")
    assert demo.page.locator("#vpl-voice").inner_text() == demo.page.locator(".vpl-sentence").inner_text()


def test_what_is_unfolded_stays_so_in_the_next_answer(demo: Demo) -> None:
    demo.open({"sample": "case_a", "question": "each"})
    demo.page.locator(".vpl-why summary").click()
    demo.drag([(150, 120), (260, 210)])
    demo.wait_for_marked_answer()
    demo.page.locator(".vpl-why[open] .vpl-note").wait_for()


_WATCH_TURN = """() => {
  window.frames_seen = [];
  const look = () => {
    const column = document.querySelector('.st-key-demo_answer');
    const answer = column?.querySelector('.vpl-answer[data-film]');
    if (answer) window.frames_seen.push([answer.dataset.film, column.ariaBusy, answer.getBoundingClientRect().top]);
    requestAnimationFrame(look);
  };
  look();
}"""


def test_from_the_click_on_next_the_old_answer_is_dimmed_until_the_new_one_is_there(demo: Demo) -> None:
    demo.open({"sample": "case_a"})
    demo.page.evaluate(_WATCH_TURN)
    at_once = demo.page.evaluate(
        "() => { window.frames_seen.length = 0; document.querySelector('.st-key-demo_next button').click();"
        " return document.querySelector('.st-key-demo_answer').ariaBusy; }"
    )
    assert at_once == "true"
    demo.page.locator('.vpl-answer[data-film^="canvas-case-b"]').wait_for()
    demo.settle()
    demo.page.locator(".st-key-demo_answer:not([aria-busy])").wait_for()
    seen = demo.page.evaluate("window.frames_seen")
    assert {busy for film, busy, _ in seen if "case-a" in film} == {"true"}
    assert len({top for *_, top in seen}) == 1, "nothing jumps"
