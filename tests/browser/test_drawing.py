"""Drawing with the mouse, in a real browser: from the pointer to the region, the prediction and the overlay."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from dashboard.demo.state.demo_state import case_code
from tests.browser.demo import Demo
from vpe_core.types import Box

RING = [(250 + 60 * math.sin(angle), 220 - 60 * math.cos(angle)) for angle in np.linspace(0, 2 * math.pi, 25)]


def test_a_stroke_right_after_its_tool_was_pressed_is_drawn_with_it_and_a_contour_says_how(demo: Demo) -> None:
    demo.open({"sample": "case_a"})
    demo.drag([(100, 100), (160, 160)])
    demo.page.get_by_role("radio", name="Box", exact=True).click()  # the answer to the circle is still to come
    demo.drag([(200, 200), (300, 280)])
    assert [marker for marker, _ in demo.wait_for_marks(2)] == ["circle", "bbox"]
    demo.choose_tool("Contour")
    demo.page.get_by_text("Drag around the finding").wait_for()
    demo.page.get_by_text("Point by point", exact=True).click()
    demo.page.get_by_text("Click the corners; the first one again closes").wait_for()


@pytest.mark.parametrize(("width", "height"), [(1440, 1000), (1280, 720)])
@pytest.mark.parametrize("tool", ["Arrow", "Box", "Circle", "Contour", "Point"])
def test_each_tool_gives_its_region_and_changes_answer_and_overlay(
    browser: Browser, app_url: str, tool: str, width: int, height: int
) -> None:
    demo = Demo(browser, app_url, width=width, height=height)
    demo.open({"sample": "case_a"})
    before, alone = demo.answer(), demo.overlays()
    demo.choose_tool(tool)
    if tool == "Point":
        went = [demo.click((200, 240))]
    else:
        went = demo.drag(RING if tool == "Contour" else [(150, 120), (260, 210)])
    ((marker, numbers),) = demo.wait_for_marks(1)
    points = np.array(numbers).reshape(-1, 2)
    low, high = np.min(went, axis=0), np.max(went, axis=0)
    match tool:
        case "Arrow":
            assert marker == "arrow"
            np.testing.assert_allclose(points, [went[0], went[-1]], atol=1)
        case "Box" | "Circle":
            assert marker == {"Box": "bbox", "Circle": "circle"}[tool]
            np.testing.assert_allclose(points, [low, high], atol=1)
        case "Contour":
            assert marker == "contour"
            np.testing.assert_allclose([points.min(0), points.max(0)], [low, high], atol=2)
        case "Point":
            assert marker == "point"
            np.testing.assert_allclose(points.mean(axis=0), went[0], atol=1)
    assert demo.answer() != before
    assert f"with the {tool.lower()}" in demo.answer()
    assert "→" in demo.answer()
    assert len(alone) == 1
    assert len(demo.overlays()) == 2
    assert demo.overlays()[0] != demo.overlays()[1]
    demo.close()


@pytest.mark.parametrize(("sample", "size_wh"), [("case_a", (512, 512)), ("case_wide", (640, 400))])
def test_a_stroke_lands_where_it_was_drawn_down_to_the_models_own_pixels(
    demo: Demo, precomputed: Path, sample: str, size_wh: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from vpe_core.models import load_model
    from vpe_core.settings import get_settings

    demo.open({"sample": sample, "width": "8"})
    demo.choose_tool("Box")
    start, end = demo.drag([(0.25 * size_wh[0], 0.3 * size_wh[1]), (0.6 * size_wh[0], 0.7 * size_wh[1])], size_wh)
    demo.wait_for_marks(1)
    outline = Box(*start, *end).expanded(8 * min(size_wh) / 512 / 2)

    labelled = demo.download_picture("Marked X-ray (PNG)")
    assert "Simulated" in labelled.info["Description"]
    marked = labelled.crop((0, 0, *size_wh))
    assert labelled.width == marked.width
    assert labelled.height > marked.height
    np.testing.assert_allclose(_red_box(marked), outline.xyxy, atol=1)

    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(precomputed))
    get_settings.cache_clear()
    model = load_model("simclip")
    np.testing.assert_allclose(_red_box(model.seen(marked)), model.view(size_wh).to_view(outline).xyxy, atol=1)


def _red_box(image: Image.Image) -> tuple[float, float, float, float]:
    red, green, _blue = np.moveaxis(np.asarray(image.convert("RGB")).astype(int), 2, 0)
    ys, xs = np.nonzero(red - green > (red - green).max() / 4)
    return float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1)


def test_a_polygon_is_drawn_corner_by_corner_and_can_be_moved(demo: Demo) -> None:
    demo.open({"sample": "case_a", "tool": "polygon"})
    corners = [(120, 120), (220, 130), (210, 230), (110, 220)]
    went = [demo.click(corner) for corner in corners]
    demo.click(corners[0])
    ((marker, numbers),) = demo.wait_for_marks(1)
    assert marker == "contour"
    np.testing.assert_allclose(np.array(numbers).reshape(-1, 2), went, atol=1)
    _move_is_followed(demo, (160, 170), numbers)


def test_shapes_can_be_moved_resized_deleted_undone_and_redone(demo: Demo) -> None:
    demo.open({"sample": "case_a"})
    demo.choose_tool("Box")
    demo.drag([(60, 60), (130, 140)])
    demo.wait_for_marks(1)
    demo.choose_tool("Circle")
    demo.drag([(200, 200), (300, 280)])
    first, drawn = demo.wait_for_marks(2)
    _move_is_followed(demo, (250, 240), drawn[1])
    _, moved = demo.marks()
    corner = np.array(moved[1][2:])
    grabbed, released = demo.drag([(corner[0], corner[1]), (corner[0] + 50, corner[1] + 20)])
    _wait_for_another_link(demo, moved)
    _, resized = demo.marks()
    for _ in range(4):  # so quickly that the app is still busy with one when the next one comes
        demo.page.keyboard.press("ArrowRight")
    _wait_for_another_link(demo, resized)
    for _ in range(4):
        demo.page.keyboard.press("ArrowLeft")
    demo.page.wait_for_function(
        "text => new URL(location).searchParams.get('marks').endsWith(text)",
        arg=",".join(f"{value:g}" for value in resized[1]),
    )
    demo.settle()
    assert demo.marks() == [first, resized]
    expected = np.add(moved[1], [0, 0, *np.subtract(released, grabbed)])
    np.testing.assert_allclose(resized[1], expected, atol=3)  # the handle lies outside, and the line keeps its width
    demo.page.keyboard.press("Delete")
    assert demo.wait_for_marks(1) == [first]
    demo.page.keyboard.press("Control+z")
    assert demo.wait_for_marks(2) == [first, resized]
    while demo.marks()[1] != drawn:
        before = demo.marks()[1]
        demo.button("undo").click()
        _wait_for_another_link(demo, before)
    demo.page.keyboard.press("Control+Shift+Z")
    _wait_for_another_link(demo, drawn)
    assert demo.marks() == [first, moved]
    demo.click((95, 100))
    expect(demo.button("delete")).to_be_enabled()
    demo.button("delete").click()
    assert demo.wait_for_marks(1) == [moved]
    demo.button("clear").click()
    assert demo.wait_for_marks(0) == []
    assert "nothing drawn yet" in demo.answer()
    demo.page.keyboard.press("Control+z")
    assert demo.wait_for_marks(1) == [moved]


def test_with_shift_a_circle_is_round_and_nothing_leaves_the_film(demo: Demo) -> None:
    demo.open({"sample": "case_a"})
    demo.page.keyboard.down("Shift")
    (x, y), (right, _) = demo.drag([(60, 300), (160, 330)])
    ((_, numbers),) = demo.wait_for_marks(1)
    np.testing.assert_allclose(numbers, [x, y, right, y + right - x], atol=1)
    demo.page.keyboard.up("Shift")
    (x, y), *_ = demo.drag([(400, 100), (470, 160), (600, 220), (560, 40)])
    _, (_, beyond) = demo.wait_for_marks(2)
    np.testing.assert_allclose(beyond, [x, 40, 512, y], atol=1.2)


def test_a_stroke_right_after_undo_and_one_begun_before_it_are_kept(demo: Demo) -> None:
    """The app tells the canvas to redraw while the pointer is down, and after it was lifted."""
    demo.open({"sample": "case_a", "marks": "circle:40,100,90,150;circle:140,100,190,150"})
    undo = demo.button("undo").bounding_box()
    assert undo is not None
    demo.page.mouse.click(undo["x"] + 9, undo["y"] + 9)
    first = demo.drag([(300, 300), (380, 360)])
    demo.drag([(300, 100), (360, 160)])
    marks = demo.wait_for_marks(3)
    np.testing.assert_allclose(marks[1][1], [*first[0], *first[1]], atol=1)
    (x, y), _ = demo.on_screen((60, 300))
    demo.page.mouse.move(x, y)
    demo.page.mouse.down()
    demo.page.mouse.move(x + 40, y + 40)
    demo.page.keyboard.press("Control+z")
    demo.wait_for_marks(2)
    demo.page.mouse.move(x + 60, y + 60)
    demo.page.mouse.up()
    assert demo.wait_for_marks(3)[:2] == marks[:2]
    assert demo.shapes_on_canvas() == 3


def test_every_quick_click_on_undo_and_next_counts(demo: Demo) -> None:
    marks = [f"circle:{40 * k},100,{40 * k + 50},150" for k in range(8)]
    demo.open({"sample": "case_a", "marks": ";".join(marks)})
    _click_quickly(demo, "demo_undo", 5)
    assert len(demo.wait_for_marks(3)) == 3
    demo.page.locator(".st-key-demo_undo button").first.press("Enter")
    demo.wait_for_marks(2)
    _click_quickly(demo, "demo_redo", 4)
    demo.wait_for_marks(6)
    _click_quickly(demo, "demo_next", 3)
    demo.page.wait_for_url(f"**sample={case_code('case_wide')}**")


def _click_quickly(demo: Demo, key: str, times: int) -> None:
    box = demo.page.locator(f".st-key-{key} button").first.bounding_box()
    assert box is not None
    for _ in range(times):
        demo.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def _move_is_followed(demo: Demo, grab: tuple[float, float], before: list[float]) -> None:
    demo.choose_tool("Move")
    start, end = demo.drag([grab, (grab[0] + 40, grab[1] + 30)])
    expected = np.array(before).reshape(-1, 2) + np.subtract(end, start)
    _wait_for_another_link(demo, ("", before))
    np.testing.assert_allclose(np.array(demo.marks()[-1][1]).reshape(-1, 2), expected, atol=1.2)


def _wait_for_another_link(demo: Demo, mark: tuple[str, list[float]]) -> None:
    """Wait until the address no longer names this mark."""
    numbers = ",".join(f"{value:g}" for value in mark[1])
    demo.page.wait_for_function("text => !new URL(location).searchParams.get('marks')?.includes(text)", arg=numbers)
    demo.settle()


def test_a_mere_click_leaves_nothing(demo: Demo) -> None:
    demo.open({"sample": "case_a"})
    demo.choose_tool("Box")
    demo.click((200, 200))
    demo.page.wait_for_timeout(800)
    demo.settle()
    assert demo.marks() == []
    went = demo.drag([(100, 100), (180, 180)])
    ((_, numbers),) = demo.wait_for_marks(1)
    np.testing.assert_allclose(numbers, [*went[0], *went[1]], atol=1)


def test_the_drawing_survives_colour_width_model_and_a_visit_elsewhere(demo: Demo) -> None:
    demo.open({"sample": "case_a"})
    demo.drag([(150, 120), (260, 210)])
    drawn = demo.wait_for_marks(1)
    demo.page.get_by_role("radio", name="Yellow").click()
    demo.page.wait_for_url("**color=yellow**")
    demo.settle()
    assert demo.marks() == drawn
    assert _canvas_has(demo, (255, 255, 0)), "the drawing takes the new colour"
    demo.choose_model("SimCLIP-plain")
    demo.page.wait_for_url("**model=simclip-plain**")
    demo.settle()
    assert demo.marks() == drawn
    assert _canvas_has(demo, (255, 255, 0))
    demo.page.get_by_role("link", name="Overview").click()
    demo.page.get_by_role("heading", name="Visual Prompt Lab").wait_for()
    demo.page.get_by_role("link", name="Live demo", exact=True).click()
    demo.wait_for_marks(1)
    assert demo.marks() == drawn
    demo.page.wait_for_function(_COUNT, arg=[[255, 255, 0]])
    demo.drag([(300, 300), (380, 380)])
    assert demo.wait_for_marks(2)[0] == drawn[0]


_COUNT = """([[red, green, blue]]) => {
  const canvases = '[class*="st-key-canvas-"]:not([class*="-overlay"])';
  const host = document.querySelector(`${canvases} [data-testid="stBidiComponentIsolated"]`);
  const canvas = host?.shadowRoot?.querySelector('.dc-canvas');
  if (!canvas) return 0;
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] > 200 && data[i] === red && data[i + 1] === green && data[i + 2] === blue) count += 1;
  return count;
}"""


def _canvas_has(demo: Demo, color: tuple[int, int, int]) -> bool:
    demo.page.wait_for_function(_COUNT, arg=[list(color)])
    return True


def test_touch_draws_on_a_narrow_screen_and_nothing_sticks_out(browser: Browser, app_url: str) -> None:
    demo = Demo(browser, app_url, width=390, height=844)
    demo.open({"sample": "case_a"})
    overflow = demo.page.evaluate("document.querySelector('.stMain').scrollWidth - window.innerWidth")
    assert overflow <= 0
    box = demo.canvas.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["width"] == pytest.approx(box["height"], abs=1)
    demo.canvas.scroll_into_view_if_needed()
    screen = [demo.on_screen(point) for point in ((150, 120), (260, 210))]
    touch = demo.context.new_cdp_session(demo.page)
    for kind, ((x, y), _) in zip(("touchStart", "touchMove"), screen, strict=True):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    ((marker, numbers),) = demo.wait_for_marks(1)
    assert marker == "circle"
    np.testing.assert_allclose(np.array(numbers).reshape(2, 2), [screen[0][1], screen[1][1]], atol=2)
    order = demo.page.evaluate(
        "['.upper-canvas', '.vpl-bars', '.vpl-pair', '.st-key-demo_question'].map(name => {"
        "  const canvas = document.querySelector('[class*=st-key-canvas-] [data-testid=stBidiComponentIsolated]');"
        "  return (document.querySelector(name) || canvas).getBoundingClientRect().top })"
    )
    assert order == sorted(order), "image, answer, overlays, settings"
    demo.close()


def test_a_link_shows_the_very_shapes_that_it_names(browser: Browser, app_url: str, demo: Demo) -> None:
    """Also what nobody could have drawn so: nearly straight, beyond the picture, as small as a click."""
    demo.open()
    demo.choose_tool("Contour")
    turn = [2 * math.pi * step / 40 for step in range(41)]
    demo.drag([(250 + 90 * math.cos(angle), 250 + 80 * math.sin(angle)) for angle in turn])
    drawn = demo.wait_for_marks(1)
    nearly_straight = "contour:10,10,20,10.1,30,10,40,10.1,25,60"
    odd = f"{nearly_straight};bbox:-20,-5,60,40;circle:5,5,7,7;arrow:300,300,302,301;point:400,60,470,120"
    for width, marks in ((1440, demo.link()["marks"]), (390, demo.link()["marks"]), (1440, odd)):
        other = Demo(browser, app_url, width=width)
        other.open({"sample": demo.link().get("sample", "case_a"), "marks": marks})
        other.page.wait_for_timeout(1500)  # what the canvas reports of what it was told to show
        other.settle()
        assert other.link()["marks"] == marks
        if width == 1440:
            other.choose_tool("Box")
            other.drag([(120, 130), (180, 200)])
            other.page.wait_for_function("marks => new URL(location).searchParams.get('marks') !== marks", arg=marks)
            assert other.link()["marks"].startswith(f"{marks};bbox:")
        other.close()
    assert drawn == demo.marks()
