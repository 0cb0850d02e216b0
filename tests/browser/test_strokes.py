"""A further stroke: the answer alone is run again for it, and nothing else on the page is left behind."""

from __future__ import annotations

import io
from collections.abc import Callable

import pandas as pd
from playwright.sync_api import expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.demo import Demo

_HOLD_MESSAGES = """
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
    window.held ? held.push(() => send.call(this, data)) : send.call(this, data);
};
"""


def test_a_further_stroke_is_answered_alone_and_whatever_is_opened_after_it_shows_it(demo: Demo) -> None:
    sent: list[ForwardMsg] = []
    demo.page.on("websocket", lambda socket: socket.on("framereceived", lambda data: sent.append(_message(data))))
    demo.context.grant_permissions(["clipboard-read", "clipboard-write"])
    demo.open({"sample": "case_a", "marks": "circle:40,100,90,150"})
    demo.drag([(300, 300), (380, 360)])
    demo.wait_for_marks(2)
    assert "selectbox" in _elements(sent)
    sent.clear()
    demo.drag([(150, 120), (260, 210)])
    demo.wait_for_marks(3)
    assert _elements(sent) == {"html", "bidi_component"}
    demo.page.get_by_role("button", name="Copy link").click()
    expect(demo.page.locator('[data-testid="stPopoverBody"] code')).to_have_text(demo.page.url)
    assert demo.page.evaluate("navigator.clipboard.readText()") == demo.page.url
    demo.page.keyboard.press("Escape")
    rows = pd.read_csv(io.BytesIO(demo.download("Probabilities")))
    assert rows["marks"].str.count("circle").eq(3).all()
    demo.page.keyboard.press("Escape")
    demo.page.get_by_text("Add a shape by coordinates").click()
    expect(demo.page.get_by_role("combobox", name="Change")).to_have_value("Shape 3: circle")


def test_a_click_that_comes_together_with_a_further_stroke_counts(demo: Demo) -> None:
    """What comes while the server is at work, it takes in one go."""
    demo.page.add_init_script(_HOLD_MESSAGES)
    demo.open({"sample": "case_a", "marks": "circle:40,100,90,150"})
    demo.drag([(300, 300), (380, 360)])
    demo.wait_for_marks(2)
    demo.drag([(150, 120), (260, 210)])
    demo.wait_for_marks(3)
    _draw_twice_and_click(demo, "undo", 60)
    demo.wait_for_marks(4)
    assert demo.shapes_on_canvas() == 4
    demo.drag([(20, 440), (60, 480)])
    demo.wait_for_marks(5)
    _draw_twice_and_click(demo, "choose", 200)
    demo.page.locator('[data-testid="stDialog"]').wait_for()
    demo.wait_for_marks(7)


def test_undo_takes_back_what_was_drawn_before_it_and_no_stroke_that_comes_together_with_it(demo: Demo) -> None:
    demo.page.add_init_script(_HOLD_MESSAGES)
    demo.open({"sample": "case_a", "marks": "circle:40,100,90,150"})
    demo.drag([(300, 300), (380, 360)])
    demo.wait_for_marks(2)
    (known, _), undo, before = demo.marks(), demo.button("undo").click, demo.page.url
    _together(demo, undo, lambda: demo.drag([(60, 300), (110, 350)]))
    expect(demo.page).not_to_have_url(before)
    after = demo.wait_for_marks(2)
    assert after[0] == known
    assert after[1][1][0] < 120
    _together(demo, lambda: demo.drag([(300, 300), (380, 360)]), undo, lambda: demo.drag([(60, 400), (110, 450)]))
    assert demo.wait_for_marks(3)[:2] == after
    assert max(numbers[0] for _, numbers in demo.marks()) < 120
    assert demo.shapes_on_canvas() == 3
    _together(demo, demo.button("clear").click, lambda: demo.drag([(300, 300), (380, 360)]))
    ((_, numbers),) = demo.wait_for_marks(1)
    assert numbers[0] > 250


def test_a_link_that_is_copied_while_a_stroke_waits_for_its_answer_has_the_stroke(demo: Demo) -> None:
    demo.page.add_init_script(_HOLD_MESSAGES)
    demo.context.grant_permissions(["clipboard-read", "clipboard-write"])
    demo.open({"sample": "case_a", "marks": "circle:40,100,90,150"})
    link = demo.page.get_by_role("button", name="Copy link")
    _together(demo, lambda: demo.drag([(300, 300), (380, 360)]), link.click)
    demo.wait_for_marks(2)
    demo.page.get_by_text("Copied.").wait_for()
    assert demo.page.evaluate("navigator.clipboard.readText()") == demo.page.url


def test_strokes_that_a_restarted_server_knows_from_the_link_are_not_there_twice(demo: Demo) -> None:
    demo.open({"sample": "case_a", "marks": "circle:40,100,90,150"})
    for number, tool in enumerate(("Circle", "Box", "Arrow")):
        demo.choose_tool(tool)
        demo.drag([(60 + 120 * number, 300), (130 + 120 * number, 360)])
        demo.wait_for_marks(2 + number)
    demo.canvas.evaluate(
        "({ vplDrawing: { canvas } }) => canvas.loadFromJSON({ ...canvas.toObject(), vpl: { revision: 1, seen: 0 } })"
    )
    assert demo.shapes_on_canvas() == 4


def _draw_twice_and_click(demo: Demo, button: str, x: float) -> None:
    strokes = (lambda: demo.drag([(x, 300), (x + 50, 350)])), (lambda: demo.drag([(x, 380), (x + 50, 430)]))
    _together(demo, *strokes, demo.button(button).click)


def _together(demo: Demo, *acts: Callable[[], object]) -> None:
    """Do all this before the server hears of any of it."""
    demo.page.evaluate("window.held = []")
    for act in acts:
        before = demo.page.evaluate("held.length")
        act()
        demo.page.wait_for_function("number => held.length > number", arg=before)
    demo.page.evaluate("{ const late = held; held = null; late.forEach(tell => tell()); }")


def _message(data: str | bytes) -> ForwardMsg:
    return ForwardMsg.FromString(data.encode() if isinstance(data, str) else data)


def _elements(messages: list[ForwardMsg]) -> set[str]:
    """The kinds of elements that were sent as such, not as a reference to one that the browser keeps."""
    new = [one.delta.new_element for one in messages if one.delta.WhichOneof("type") == "new_element"]
    return {str(element.WhichOneof("type")) for element in new}
