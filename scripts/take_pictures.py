"""Take the README's pictures in a real browser: one of each page that is best understood by looking at it.

python -m scripts.take_pictures [NAME ...]
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser

from dashboard.library.example import load_example
from scripts.running_app import running_app, running_chromium
from vpe_core.settings import PROJECT_DIR

IMAGES = PROJECT_DIR / "docs" / "images"
SIZE_WH = (1440, 900)
TIMEOUT_MS = 120_000


@dataclass(frozen=True)
class Picture:
    """A picture of a page.

    Attributes:
        file: In docs/images; its ending tells the format.
        page: The page's address, to which the worked example's own state is added.
        awaited: What must be there, as a selector.
        pressed: What is clicked first, one after the other.
        alone: Whether what is awaited is the picture, not the page.
    """

    file: str
    page: str
    awaited: str
    pressed: tuple[str, ...] = ()
    alone: bool = False


PICTURES = {
    "live_demo": Picture("live_demo.png", "live_demo", ".vpl-pair img >> nth=1"),
    "benchmark": Picture("benchmark.png", "benchmark", "table.vpl-results"),
    "box_leak": Picture("box_leak.png", "benchmark", "[data-testid=stHtml]:has(.vpl-leak-real)", alone=True),
    "lesson": Picture(
        "lesson.webp",
        "lesson?step=5",
        ".st-key-lesson_answer [data-testid=stHtml] >> nth=1",
        pressed=("[role=radiogroup] label >> nth=0", ".st-key-lesson_commit button"),
    ),
    "marker_lab": Picture(
        "marker_lab.webp", "marker_lab", ".vpl-lab-ways li >> nth=8", pressed=(".st-key-lab_part_compare summary",)
    ),
    "attention": Picture(
        "attention.webp", "attention", ".st-key-lab_part_maps img >> nth=5", pressed=(".st-key-lab_part_maps summary",)
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"out of {', '.join(PICTURES)}; all without")
    names = parser.parse_args().names or list(PICTURES)
    example = load_example()
    if example is None:
        raise SystemExit("There is no worked example. Run python -m scripts.make_example first.")
    marks = "circle:" + ",".join(f"{value:g}" for value in example.region)
    state = urlencode({"sample": example.sample, "marks": marks, "target": example.target})
    with running_app() as app, running_chromium() as browser:
        for name in names:
            one = PICTURES[name]
            address = one.page if "?" in one.page or one.page == "benchmark" else f"{one.page}?{state}"
            _take(browser, f"{app.url}/{address}", one)


def _take(browser: Browser, address: str, one: Picture) -> None:
    page = browser.new_page(viewport={"width": SIZE_WH[0], "height": SIZE_WH[1]}, color_scheme="dark")
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(address)
    for pressed in one.pressed:
        page.locator(pressed).first.click()
    page.locator(one.awaited).first.wait_for()
    page.wait_for_function("() => document.querySelector('[data-testid=stApp]:not([data-test-script-state=running])')")
    page.wait_for_timeout(2000)
    if one.pressed and one.pressed[0].endswith("summary"):
        page.locator(one.pressed[0]).evaluate("summary => summary.scrollIntoView({block: 'start'})")
        page.wait_for_timeout(500)
    taken = page.locator(one.awaited).screenshot() if one.alone else page.screenshot()
    page.close()
    IMAGES.mkdir(parents=True, exist_ok=True)
    if one.file.endswith(".png"):
        (IMAGES / one.file).write_bytes(taken)
    else:
        Image.open(io.BytesIO(taken)).convert("RGB").save(IMAGES / one.file, quality=82, method=6)


if __name__ == "__main__":
    main()
