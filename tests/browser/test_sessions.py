"""Links, uploads, sessions and themes in a real browser."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from dashboard.demo.state.demo_state import case_code
from tests.app_home import chest
from tests.browser.demo import TIMEOUT_MS, Demo
from tests.images.conftest import dicom_bytes, dicom_dataset

PATIENT = "Doe^Jane^Secret"
_RECORD_SHADES = """
    window.shades = [];
    const look = () => {
        const app = document.querySelector(".stApp");
        if (app) window.shades.push(Number(/\\d+/.exec(getComputedStyle(app).backgroundColor)[0]));
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
"""
DARK = "() => getComputedStyle(document.querySelector('.stApp')).backgroundColor === 'rgb(11, 15, 20)'"

expect.set_options(timeout=TIMEOUT_MS)


def test_a_cold_deep_link_shows_the_page_and_its_navigation(demo: Demo) -> None:
    demo.open()
    for name in ("Overview", "Live demo", "Lesson", "Benchmark", "Marker lab", "Attention", "Class", "Data and models"):
        expect(demo.page.get_by_role("link", name=name, exact=True)).to_be_visible()
    titles = {
        "overview": "Visual Prompt Lab",
        "lesson": "Lesson",
        "benchmark": "Benchmark",
        "marker_lab": "Marker lab",
        "attention": "Attention",
        "data_and_models": "Data and models",
    }
    for page, title in titles.items():
        demo.open(page=page)
        expect(demo.page.locator("h1")).to_have_text(title)


def test_a_copied_link_shows_the_same_thing_in_a_new_browser(browser: Browser, app_url: str, demo: Demo) -> None:
    demo.open({"sample": "case_b", "color": "yellow", "classes": "lung mass|pleural effusion|heart & <b>"})
    demo.drag([(150, 120), (260, 210)])
    demo.wait_for_marks(1)
    demo.page.get_by_role("button", name="Copy link").click()
    address = demo.page.locator('[data-testid="stPopoverBody"] code').inner_text()
    other = Demo(browser, app_url)
    other.page.goto(address)
    other.page.wait_for_selector(".vpl-bars")
    other.settle()
    assert other.marks() == demo.marks()
    assert _numbers(other) == _numbers(demo)
    assert other.overlays() == demo.overlays()
    assert "heart & <b>" in other.answer()
    other.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_hand_edited_link_gets_a_message(browser: Browser, app_url: str, scheme: str) -> None:
    demo = Demo(browser, app_url, scheme=scheme)
    demo.open({"model": "../../etc/passwd", "color": "crayon", "sample": "../x"})
    alert = demo.page.locator('[data-testid="stAlert"]')
    expect(alert).to_have_count(1)
    assert alert.inner_text().count("could not be read") == 3
    demo.close()


def test_an_address_without_a_page_shows_the_overview_and_says_so_also_after_a_reload(demo: Demo) -> None:
    demo.page.goto(f"{demo.url}/nonexistent")
    said = demo.page.get_by_text("There is no page “nonexistent”; here is the overview.")
    said.wait_for()
    demo.page.reload()
    said.wait_for()
    assert demo.page.get_by_role("dialog").count() == 0
    demo.page.get_by_role("link", name="Live demo", exact=True).click()
    demo.page.get_by_role("heading", name="Live demo").wait_for()
    expect(said).to_have_count(0)


@pytest.mark.parametrize("address", ["overview", "overview/", "", "home", "/home"])
def test_the_overview_opens_by_its_address(demo: Demo, address: str) -> None:
    demo.page.goto(f"{demo.url}/{address}")
    demo.page.get_by_role("heading", name="Visual Prompt Lab").wait_for()
    demo.settle()
    assert demo.page.get_by_role("dialog").count() == 0
    demo.page.get_by_role("link", name="Benchmark", exact=True).click()
    demo.page.get_by_role("heading", name="Benchmark").wait_for()
    demo.page.get_by_role("link", name="Overview", exact=True).click()
    demo.page.get_by_role("heading", name="Visual Prompt Lab").wait_for()
    demo.page.reload()
    demo.page.get_by_role("heading", name="Visual Prompt Lab").wait_for()
    assert demo.page.get_by_role("dialog").count() == 0


@pytest.mark.parametrize("kind", ["png", "png16", "dicom"])
def test_an_upload_is_shown_and_answered_and_is_in_no_link(demo: Demo, kind: str) -> None:
    demo.open()
    before = _numbers(demo)
    demo.show_upload(_file(kind), f"{PATIENT}.{'dcm' if kind == 'dicom' else 'png'}")
    assert _numbers(demo) != before
    assert "Out of its domain" in demo.answer()
    demo.drag([(150, 120), (260, 210)])
    demo.wait_for_marked_answer()
    assert demo.link().get("sample") == "upload", "a reload must be able to say that it is gone"
    assert "marks" not in demo.link()
    assert PATIENT not in demo.page.content()
    assert demo.page.locator(".vpl-on-image").count() == 0, "an upload is not labelled simulated"
    demo.page.reload()
    expect(demo.page.locator('[data-testid="stAlert"]')).to_contain_text("The uploaded X-ray is gone")
    demo.settle()
    assert "sample" not in demo.link()


@pytest.mark.parametrize("name", ["IM000001", "1.2.840.113619.2.1", "scan.ima"])
def test_a_dicom_as_it_lies_on_a_cd_can_be_uploaded(demo: Demo, name: str) -> None:
    demo.open()
    demo.show_upload(_file("dicom"), name)
    assert "Out of its domain" in demo.answer()


def test_what_was_wrong_with_one_upload_is_not_said_of_the_next(demo: Demo) -> None:
    demo.open()
    demo.upload(b"not an image", "first.png")
    said = demo.page.locator('[data-testid="stDialog"] [data-testid="stAlert"]')
    expect(said).to_contain_text("in no format that is read here")
    field = demo.page.locator('[data-testid="stDialog"] input[type=file]')
    field.set_input_files({"name": "second", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\nbroken"})
    expect(said).not_to_contain_text("in no format that is read here")
    expect(said).to_have_count(1)
    field.set_input_files({"name": "large", "mimeType": "image/png", "buffer": bytes(30_100_000)})
    expect(said).to_contain_text("The file is too large: 30.1 MB, and at most 30 MB can be given here")
    field.set_input_files({"name": "third", "mimeType": "image/png", "buffer": _file("png")})
    demo.page.get_by_text("Your X-ray", exact=True).wait_for()
    demo.wait_for_no_dialog()
    assert demo.page.locator('[data-testid="stAlert"]').count() == 0


def test_a_real_dicom_can_be_uploaded(demo: Demo, shared_data: Path) -> None:
    demo.open()
    demo.show_upload((shared_data / "dicom" / "rsna_sample.dcm").read_bytes(), "rsna_sample.dcm")
    demo.drag([(300, 300), (500, 500)], (1024, 1024))
    demo.wait_for_marked_answer()


def test_the_gallery_can_be_opened_again_without_losing_what_is_drawn_on_an_upload(demo: Demo) -> None:
    demo.open()
    demo.show_upload(_file("png"), "mine.png")
    demo.drag([(150, 120), (260, 210)])
    demo.wait_for_marked_answer()
    drawn = demo.answer()
    demo.page.get_by_role("button", name="Choose X-ray").click()
    expect(demo.page.locator('[data-testid="stDialog"]').get_by_role("button", name="Case 2")).to_be_visible()
    demo.settle()
    demo.page.keyboard.press("Escape")
    demo.wait_for_no_dialog()
    assert demo.answer() == drawn


@pytest.mark.parametrize("data", [b"not an image", b"\x89PNG\r\n\x1a\nbroken", b""], ids=["text", "cut PNG", "empty"])
def test_a_broken_upload_says_so_and_the_session_goes_on(demo: Demo, data: bytes) -> None:
    demo.open()
    demo.upload(data, "broken.png")
    expect(demo.page.locator('[data-testid="stDialog"] [data-testid="stAlert"]')).to_contain_text(
        "Cannot read the image"
    )
    demo.page.keyboard.press("Escape")
    demo.wait_for_no_dialog()
    demo.drag([(150, 120), (260, 210)])
    demo.wait_for_marks(1)


def test_two_sessions_never_see_each_others_uploads_or_drawings(browser: Browser, app_url: str, demo: Demo) -> None:
    other = Demo(browser, app_url)
    other.open()
    untouched = (_numbers(other), other.overlays())
    demo.open()
    demo.show_upload(_file("png"), "mine.png")
    demo.drag([(150, 120), (260, 210)])
    demo.wait_for_marked_answer()
    other.page.reload()
    other.page.wait_for_selector(".vpl-bars")
    other.settle()
    assert (_numbers(other), other.overlays()) == untouched
    assert other.marks() == []
    other.page.get_by_role("button", name="Choose X-ray").click()
    dialog = other.page.locator('[data-testid="stDialog"]')
    expect(dialog.get_by_role("button", name="Case 2")).to_be_visible()
    assert "Your X-ray" not in dialog.inner_text()
    other.close()


def test_another_xray_is_chosen_from_the_gallery(demo: Demo) -> None:
    demo.open()
    demo.page.get_by_role("button", name="Choose X-ray").click()
    dialog = demo.page.locator('[data-testid="stDialog"]')
    expect(dialog.get_by_role("button", name="Case 2")).to_be_visible()
    assert "Large heart" not in dialog.inner_text()
    dialog.get_by_text("Show names").click()
    dialog.get_by_role("button", name="Large heart").click()
    demo.page.wait_for_url(f"**sample={case_code('case_b')}")
    demo.settle()
    expect(demo.page.locator(".vpl-place")).to_contain_text("Case 2")
    demo.page.get_by_text("Show answer").click()
    expect(demo.page.locator(".vpl-place")).to_contain_text("Large heart")


def test_offline_the_real_xrays_say_so_and_nothing_else_changes(demo: Demo) -> None:
    demo.open()
    demo.page.get_by_role("button", name="Choose X-ray").click()
    demo.page.get_by_role("button", name="Fetch 24 real X-rays").click()
    expect(demo.page.locator('[data-testid="stDialog"]')).to_contain_text("No internet")
    demo.page.keyboard.press("Escape")
    demo.wait_for_no_dialog()
    demo.drag([(150, 120), (260, 210)])
    demo.wait_for_marks(1)


def test_numbers_and_pictures_can_be_taken_along(demo: Demo) -> None:
    demo.open({"sample": "case_a", "marks": "circle:100,120,260,300", "classes": "=1+1|lung mass"})
    table = list(csv.DictReader(io.StringIO(demo.download("Probabilities (CSV)").decode())))
    assert [row["class"] for row in table] == ["'=1+1", "lung mass"]
    assert sum(float(row["with_marker"]) for row in table) == pytest.approx(1, abs=1e-4)
    assert table[0]["marks"] == "circle:100,120,260,300"
    assert (table[0]["color"], table[0]["width"], table[0]["suffix"]) == ("red", "3", "")
    demo.open({"sample": "case_a", "marks": "circle:100,120,260,300"})
    overlays = demo.download_picture("Overlays (PNG)")
    assert overlays.width > 2 * 512, "both in full resolution"
    assert "with the circle" in overlays.info["Comment"]
    assert "Simulated" in overlays.info["Description"]


def test_what_the_model_saw_can_be_looked_at(demo: Demo) -> None:
    demo.open({"sample": "case_a", "marks": "circle:100,120,260,300"})
    demo.page.get_by_role("button", name="What the model saw").click()
    pictures = demo.page.locator('[data-testid="stPopoverBody"] img')
    expect(pictures).to_have_count(2)
    assert pictures.first.evaluate("image => image.naturalWidth") == 64


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_app_is_dark_at_first_and_can_be_light(browser: Browser, app_url: str, scheme: str) -> None:
    demo = Demo(browser, app_url, scheme=scheme)
    demo.open(page="overview")
    white = DARK.replace("rgb(11, 15, 20)", "rgb(255, 255, 255)")
    demo.page.wait_for_function(DARK)
    _choose_theme(demo, "Light")
    demo.page.wait_for_function(white)
    demo.page.reload()
    demo.page.wait_for_function(white)
    demo.page.evaluate("window.sameWindow = true")
    demo.page.get_by_role("link", name="Data and models").click()
    demo.page.get_by_role("heading", name="Data and models").wait_for()
    demo.settle()
    assert demo.page.evaluate("window.sameWindow")  # a reload would have cost the session its drawing
    demo.page.wait_for_function(white)
    demo.open(page="benchmark")  # another address, for which Streamlit itself has kept nothing
    demo.page.wait_for_function(white)
    _choose_theme(demo, "Dark")
    demo.page.wait_for_function(DARK)
    demo.open(page="overview")
    demo.page.wait_for_function(DARK)
    demo.close()


@pytest.mark.parametrize("page", ["", "overview", "live_demo", "nonexistent"])
def test_a_page_opened_in_a_light_browser_is_dark_at_once_and_loaded_once(
    browser: Browser, app_url: str, page: str
) -> None:
    demo = Demo(browser, app_url, scheme="light")
    loads: list[int] = []
    demo.page.on("load", lambda _: loads.append(1))
    demo.page.add_init_script(_RECORD_SHADES)
    demo.page.goto(f"{demo.url}/{page}")
    demo.page.wait_for_selector(".vpl-bars" if page == "live_demo" else "h1")
    demo.settle()
    demo.page.wait_for_function(DARK)
    assert len(loads) == 1
    assert demo.page.evaluate("Math.max(...window.shades)") < 32
    demo.close()


def _choose_theme(demo: Demo, name: str) -> None:
    menu, item = demo.page.get_by_test_id("stMainMenu"), demo.page.get_by_test_id(f"stMainMenuItem-theme-{name}")
    demo.settle()
    menu.click()
    try:
        item.wait_for(timeout=5_000)
    except PlaywrightTimeout:  # a page that runs once more closes its menu
        demo.settle()
        menu.click()
    item.click()


def _numbers(demo: Demo) -> list[str]:
    return [row.inner_text() for row in demo.page.locator(".vpl-bars tbody tr").all()]


def _file(kind: str) -> bytes:
    image = chest((512, 512), seed=9)
    buffer = io.BytesIO()
    if kind == "png":
        image.save(buffer, "PNG")
    elif kind == "png16":
        Image.fromarray(np.asarray(image).astype(np.uint16) * 200).save(buffer, "PNG")
    else:
        values = np.asarray(image).astype(np.uint16) * 16
        names = {"PatientName": PATIENT, "PatientID": PATIENT, "Modality": "DX"}
        return dicom_bytes(dicom_dataset(values, BitsStored=12, HighBit=11, **names))
    return buffer.getvalue()


def test_back_leads_through_the_strokes_to_the_page_as_it_was_first(demo: Demo) -> None:
    demo.open()
    demo.choose_tool("Circle")
    demo.drag([(100, 100), (150, 150)])
    first = demo.wait_for_marks(1)
    demo.drag([(300, 300), (350, 350)])
    both = demo.wait_for_marks(2)
    demo.page.get_by_role("link", name="Live demo", exact=True).click()  # leads nowhere: this page is shown
    demo.settle()
    assert demo.marks() == both
    for step, marks in ((demo.page.go_back, first), (demo.page.go_back, []), (demo.page.go_forward, first)):
        step()
        assert demo.wait_for_marks(len(marks)) == marks
        expect(demo.page.locator(".vpl-answer")).to_contain_text("circle" if marks else "nothing drawn yet")


def test_all_that_is_said_of_a_copied_link_is_seen_on_a_small_screen(browser: Browser, app_url: str) -> None:
    demo = Demo(browser, app_url, width=1280, height=720)
    demo.open({"sample": "case_a", "marks": "circle:140,110,220,200"})
    demo.page.get_by_role("button", name="Copy link").click()
    reach = demo.page.locator('[data-testid="stPopoverBody"]').get_by_text("This address works on this machine only.")
    reach.wait_for()
    demo.settle()
    place = reach.bounding_box()
    assert place is not None
    assert place["y"] + place["height"] < 720
    assert reach.evaluate(
        "one => { const box = one.getBoundingClientRect();"
        " return one.contains(document.elementFromPoint(box.x + 5, box.bottom - 5)) }"
    )
    demo.close()


@pytest.mark.parametrize("link", ["live_demo?marks=circle:abc&classes=%7C%7C", "benchmark?metric=foo", "attention?x=y"])
def test_one_back_leads_away_from_a_link_with_mistakes(demo: Demo, link: str) -> None:
    demo.page.goto(f"{demo.url}/overview")
    demo.page.get_by_role("heading", name="Visual Prompt Lab").wait_for()
    demo.settle()
    demo.page.goto(f"{demo.url}/{link}")
    demo.page.locator('[data-testid="stAlert"]').first.wait_for()
    demo.settle()
    demo.page.go_back()
    demo.page.wait_for_url("**/overview")


def test_what_was_drawn_on_an_xray_is_there_again_when_it_is_turned_to_again(demo: Demo) -> None:
    demo.open({"sample": "case_a"})
    demo.drag([(150, 120), (260, 210)])
    drawn = demo.wait_for_marks(1)
    answer = _numbers(demo)
    for _ in range(2):
        demo.button("next").click()
        demo.page.wait_for_function(_ANSWERED)
        demo.wait_for_marks(0)
        assert demo.shapes_on_canvas() == 0
    demo.drag([(50, 50), (90, 90)], (512, 512))
    other = demo.wait_for_marks(1)
    for direction, expected in (("previous", []), ("previous", drawn), ("next", []), ("next", other)):
        demo.button(direction).click()
        demo.page.wait_for_function(_ANSWERED)
        assert demo.wait_for_marks(len(expected)) == expected
        assert demo.shapes_on_canvas() == len(expected), "what is answered is what is seen"
        if expected == drawn:
            assert _numbers(demo) == answer


_ANSWERED = """() => {
  const column = document.querySelector('.st-key-demo_answer:not([aria-busy])');
  const film = document.querySelector('.st-key-demo_canvas [class*="st-key-canvas-"]:not([class*="-overlay"])');
  return column && film && film.className.includes(column.querySelector('[data-film]').dataset.film + ' ');
}"""
