"""Zoom, windows and the ruler in a real browser: strokes stay exact, pixels are those of the library."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest

from tests.app_home import chest
from tests.browser.demo import Demo
from tests.images.conftest import dicom_bytes, dicom_dataset
from vpe_core.images import apply_window

ROW = ".vpl-reading button"
SHOWN = """(name) => {
  const host = document.querySelector('[class*="st-key-canvas-"] [data-testid="stBidiComponentIsolated"]');
  return host?.shadowRoot?.querySelector(name);
}"""
FILM = f"""() => {{
  const film = ({SHOWN})('.vpl-film');
  if (!film || film.hidden) return null;
  const {{ data }} = film.getContext('2d').getImageData(0, 0, film.width, film.height);
  return Array.from({{ length: film.width * film.height }}, (_, at) => data[4 * at]);
}}"""


def middle(demo: Demo) -> tuple[float, float]:
    box = demo.page.locator(".st-key-demo_canvas").bounding_box()
    assert box is not None
    return math.floor(box["x"] + box["width"] / 2), math.floor(box["y"] + box["height"] / 2)


def press(demo: Demo, name: str) -> None:
    unfold_tools(demo)
    demo.page.locator(ROW).filter(has_text=name).click()


def unfold_tools(demo: Demo) -> None:
    """On a phone, the tools are folded."""
    fold = demo.page.locator(".vpl-reading-fold")
    if fold.is_visible() and not fold.locator("input").is_checked():
        fold.tap()


def drag_on_screen(demo: Demo, start: tuple[float, float], by: tuple[float, float], button: str = "left") -> None:
    mouse = demo.page.mouse
    mouse.move(*start)
    mouse.down(button=button)  # type: ignore[arg-type]
    mouse.move(start[0] + by[0], start[1] + by[1], steps=5)
    mouse.up(button=button)  # type: ignore[arg-type]


def test_what_is_drawn_zoomed_and_moved_lies_where_it_was_drawn(demo: Demo) -> None:
    demo.open({"sample": "case_a", "tool": "bbox"})
    demo.canvas.scroll_into_view_if_needed()
    x, y = middle(demo)
    fitted = demo.canvas.bounding_box()
    assert fitted is not None
    demo.page.mouse.move(x + 40, y + 30)
    demo.page.mouse.wheel(0, 120)  # alone, it scrolls the page while the whole X-ray is shown
    demo.page.wait_for_function("() => document.querySelector('.stMain').scrollTop > 0")
    assert zoom(demo, fitted["width"]) == pytest.approx(1)
    demo.page.evaluate("document.querySelector('.stMain').scrollTop = 0")
    x, y = middle(demo)
    place = demo_place(demo, (x + 40, y + 30))
    demo.page.mouse.move(x + 40, y + 30)
    demo.page.keyboard.down("Control")
    demo.page.mouse.wheel(0, -120)
    demo.page.keyboard.up("Control")
    demo.page.wait_for_function(f"() => ({SHOWN})('.vpl-hud').textContent.includes('×')")
    np.testing.assert_allclose(demo_place(demo, (x + 40, y + 30)), place, atol=0.5)  # it zooms about the pointer
    while zoom(demo, fitted["width"]) < 3:
        demo.page.get_by_role("button", name="Zoom in").click()
    x, y = middle(demo)
    before, (left, top) = demo_place(demo, (x, y)), (x + 24, y - 16)
    demo.page.mouse.move(x, y)
    demo.page.keyboard.down(" ")  # with the focus still on the button that was clicked
    drag_on_screen(demo, (x, y), (24, -16))
    demo.page.keyboard.up(" ")
    np.testing.assert_allclose(demo_place(demo, (left, top)), before, atol=0.5)
    drag_on_screen(demo, (x, y), (-90, 55), "right")
    drag_on_screen(demo, (x, y), (30, -20), "middle")
    corner = demo_place(demo, (x - 100, y - 80)), demo_place(demo, (x + 80, y + 100))
    drag_on_screen(demo, (x - 100, y - 80), (180, 180))
    ((marker, numbers),) = demo.wait_for_marks(1)
    assert marker == "bbox"
    np.testing.assert_allclose(numbers, [*corner[0], *corner[1]], atol=1)
    assert math.isclose(numbers[2] - numbers[0], 180 * 512 / (zoom(demo, fitted["width"]) * fitted["width"]), abs_tol=1)
    press(demo, "Fit")
    assert zoom(demo, fitted["width"]) == pytest.approx(1)
    assert demo.marks() == [(marker, numbers)]


def zoom(demo: Demo, width: float) -> float:
    box = demo.canvas.bounding_box()
    assert box is not None
    return box["width"] / width


def demo_place(demo: Demo, screen: tuple[float, float]) -> tuple[float, float]:
    """The image point at a point of the screen."""
    box = demo.canvas.bounding_box()
    assert box is not None
    return (screen[0] - box["x"]) / box["width"] * 512, (screen[1] - box["y"]) / box["height"] * 512


def test_a_dragged_window_shows_what_the_file_hides_to_the_digit_and_a_ruler_tells_millimetres(demo: Demo) -> None:
    values = np.random.default_rng(3).integers(200, 3900, (256, 320)).astype(np.uint16)
    dataset = dicom_dataset(values, WindowCenter=2000, WindowWidth=400, ImagerPixelSpacing=[0.5, 0.5])
    demo.open()
    demo.show_upload(dicom_bytes(dataset), "IM0001")
    demo.page.wait_for_function(f"() => ({FILM})()")
    np.testing.assert_array_equal(film(demo), apply_window(values, 2000, 400))
    before = demo.answer()
    press(demo, "Window")
    drag_on_screen(demo, middle(demo), (150, 40))
    demo.page.get_by_text("Only your view is changed").wait_for()
    demo.settle()
    words = hud(demo)
    center, width = (float(part.split()[-1]) for part in words.split(" · ")[0].split(","))
    assert center > 2000
    assert width > 400
    np.testing.assert_array_equal(film(demo), apply_window(values, center, width))
    press(demo, "Invert")
    demo.settle()
    np.testing.assert_array_equal(film(demo), apply_window(values, center, width, invert=True))
    assert demo.answer() == before, "the model gets the X-ray as the file says"
    assert "window" not in demo.link(), "an upload is in no link"

    press(demo, "Ruler")
    box = demo.canvas.bounding_box()
    assert box is not None
    drag_on_screen(demo, middle(demo), (80, 60))
    assert f"{100 / box['width'] * 320 * 0.5:.1f} mm at the detector" in hud(demo)
    demo.show_upload(dicom_bytes(dicom_dataset(values)), "IM0002")
    demo.page.wait_for_function(f"() => ({SHOWN})('.vpl-hud')?.textContent === ''")
    assert demo.marks() == []


def film(demo: Demo) -> np.ndarray:
    return np.array(demo.page.evaluate(FILM)).reshape(256, 320)


def hud(demo: Demo) -> str:
    return str(demo.page.evaluate(f"() => ({SHOWN})('.vpl-hud').textContent"))


@pytest.mark.parametrize("size_wh", [(340, 512), (400, 512), (512, 512)])
def test_film_and_tools_fit_a_small_screen(demo: Demo, size_wh: tuple[int, int]) -> None:
    demo.page.set_viewport_size({"width": 1280, "height": 720})
    demo.open()
    picture = io.BytesIO()
    chest(size_wh).save(picture, "PNG")
    demo.show_upload(picture.getvalue(), "film.png")
    demo.page.evaluate("document.querySelector('.stMain').scrollTop = 0")
    film, tools = demo.canvas.bounding_box(), demo.page.locator(".st-key-demo_reading").bounding_box()
    assert film is not None
    assert tools is not None
    assert tools["y"] + tools["height"] <= 712, "with room for the letters of other systems"
    assert film["y"] + film["height"] <= tools["y"]
    assert film["height"] > 480
