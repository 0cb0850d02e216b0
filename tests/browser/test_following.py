"""While a shape is dragged, the answer follows it; what is let go is answered as ever, what is called off is not."""

from __future__ import annotations

import itertools
import re

from tests.browser.demo import Demo

_WATCH = """() => { window.answers = new Set();
  new MutationObserver(() => {
    const answer = document.querySelector('[data-draft] .vpl-bars');
    if (answer) window.answers.add(answer.innerText);
  }).observe(document.body, { childList: true, subtree: true }); }"""
_FOLLOWED = "least => window.answers.size >= least"


def _said(demo: Demo) -> str:
    """The answer without the time that it took."""
    return re.sub(r"\d+ ms", "", demo.answer())


_PAUSE = """() => {
  const follower = document.vplFollower;
  follower.nextAt = Infinity;
  follower.took = () => { follower.asked = null; }; // the answer that is under way ends no pause
}"""
"""As after several slow answers in succession."""


def _drag(demo: Demo, *, least_answers: int) -> None:
    """Press and drag from place to place until so many different answers were seen; the button stays pressed."""
    (x, y), _ = demo.on_screen((150, 120))
    demo.page.evaluate("window.answers.clear()")
    demo.page.mouse.move(x, y)
    demo.page.mouse.down()
    for place in itertools.cycle([(60, 50), (130, 70), (110, 150), (200, 160), (170, 90)]):
        demo.page.mouse.move(x + place[0], y + place[1], steps=5)
        demo.page.wait_for_timeout(100)
        if demo.page.evaluate("window.answers.size") >= least_answers:
            break
    demo.page.mouse.move(x + 60 * least_answers, y + 50 * least_answers, steps=3)


def test_the_answer_follows_the_shape_and_ends_as_that_of_what_was_drawn(demo: Demo) -> None:
    demo.open({"sample": "case_a"})
    demo.page.evaluate(_WATCH)
    film = demo.canvas.element_handle()
    plain = _said(demo)
    for tool in ("Circle", "Contour"):
        demo.choose_tool(tool)
        _drag(demo, least_answers=3)
        assert demo.marks() == []
        assert not demo.page.get_by_role("button", name="Undo", exact=True).is_enabled()
        demo.page.mouse.up()
        assert len(demo.wait_for_marks(1)) == 1
        demo.page.locator("[data-draft]").wait_for(state="detached")
        shown = _said(demo)
        assert film.evaluate("element => element.isConnected"), "drawn on is the same canvas"
        demo.page.reload()
        demo.page.wait_for_selector(".vpl-bars")
        demo.canvas.wait_for()
        demo.settle()
        assert _said(demo) == shown
        demo.open({"sample": "case_a"})
        demo.page.evaluate(_WATCH)
        film = demo.canvas.element_handle()
    demo.choose_tool("Circle")
    _drag(demo, least_answers=1)
    demo.page.keyboard.press("Escape")
    demo.page.locator("[data-draft]").wait_for(state="detached")
    demo.page.mouse.up()
    demo.settle()
    assert (_said(demo), demo.marks()) == (plain, [])


def test_one_step_of_undo_takes_back_a_shape_that_was_followed_and_escape_puts_a_moved_one_back(demo: Demo) -> None:
    demo.open({"sample": "case_a"})
    demo.page.evaluate(_WATCH)
    _drag(demo, least_answers=2)
    demo.page.mouse.up()
    drawn = demo.wait_for_marks(1)
    demo.choose_tool("Move")
    _drag_ring(demo)
    demo.page.keyboard.press("Escape")
    demo.page.locator("[data-draft]").wait_for(state="detached")
    demo.page.mouse.up()
    demo.settle()
    assert demo.marks() == drawn
    _drag_ring(demo)
    demo.page.mouse.up()
    demo.page.locator("[data-draft]").wait_for(state="detached")
    demo.settle()
    assert demo.marks() != drawn
    for expected in (drawn, []):
        before = demo.page.url
        demo.page.get_by_role("button", name="Undo", exact=True).click()
        demo.page.wait_for_function("before => location.href !== before", arg=before)
        assert demo.marks() == expected


def _drag_ring(demo: Demo) -> None:
    """Drag the middle of the shape that `_drag` has drawn, until the answer has followed."""
    box = demo.canvas.bounding_box()
    assert box is not None
    (x, y), _ = demo.on_screen((150, 120))
    demo.page.evaluate("window.answers.clear()")
    demo.page.mouse.move(x + 60, y + 50)
    demo.page.mouse.down()
    demo.page.mouse.move(x + 90, y + 130, steps=4)
    demo.page.wait_for_function(_FOLLOWED, arg=1)


def test_an_answer_that_is_left_behind_says_so_until_the_shape_is_let_go(demo: Demo) -> None:
    demo.open({"sample": "case_a"})
    demo.page.evaluate(_WATCH)
    _drag(demo, least_answers=1)
    demo.page.evaluate(_PAUSE)
    behind = demo.page.locator(".vpl-answer[data-behind]")
    (x, y), _ = demo.on_screen((300, 300))
    demo.page.mouse.move(x, y, steps=5)
    behind.wait_for()
    demo.page.mouse.up()
    behind.wait_for(state="detached")
    demo.wait_for_marks(1)


def test_what_was_dragged_on_one_xray_never_answers_for_another(demo: Demo) -> None:
    demo.open({"sample": "case_a"})
    demo.page.evaluate(_WATCH)
    _drag(demo, least_answers=1)
    demo.page.mouse.up()
    demo.wait_for_marks(1)
    demo.wait_for_marked_answer()
    drawn = demo.marks()
    for direction, marks, arrow in (("next", [], False), ("previous", drawn, True)):
        demo.button(direction).click()
        assert demo.wait_for_marks(len(marks)) == marks
        demo.page.wait_for_function(
            "arrow => document.querySelector('.vpl-answer').innerText.includes('→') === arrow", arg=arrow
        )
        demo.settle()
        demo.page.wait_for_timeout(1000)
        assert ("→" in demo.answer()) is arrow
        assert demo.shapes_on_canvas() == len(marks), "what is answered is what is seen"
