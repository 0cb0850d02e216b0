"""Take the README's pictures in a real browser: the live demo with the overview's worked example, and the benchmark.

The benchmark's part about the boxes of real data sets is a picture of its own.

python -m scripts.take_pictures
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser

from dashboard.library.example import load_example
from scripts.running_app import running_app, running_chromium
from vpe_core.settings import PROJECT_DIR

IMAGES = PROJECT_DIR / "docs" / "images"
SIZE_WH = (1440, 900)
REAL_BOXES = "[data-testid=stHtml]:has(.vpl-leak-real)"
TIMEOUT_MS = 300_000


def main() -> None:
    example = load_example()
    if example is None:
        raise SystemExit("There is no worked example. Run python -m scripts.make_example first.")
    marks = "circle:" + ",".join(f"{value:g}" for value in example.region)
    query = urlencode({"sample": example.sample, "marks": marks, "target": example.target})
    with running_app() as app, running_chromium() as browser:
        _take(browser, f"{app.url}/live_demo?{query}", ".vpl-pair img >> nth=1", IMAGES / "live_demo.png")
        _take(browser, f"{app.url}/benchmark", "table.vpl-results", IMAGES / "benchmark.png")
        _take(browser, f"{app.url}/benchmark", REAL_BOXES, IMAGES / "box_leak.png", alone=True)


def _take(browser: Browser, address: str, shown: str, file: Path, *, alone: bool = False) -> None:
    """A picture of the page, or of what is waited for alone."""
    page = browser.new_page(viewport={"width": SIZE_WH[0], "height": SIZE_WH[1]}, color_scheme="dark")
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(address)
    page.locator(shown).first.wait_for()
    page.wait_for_function("() => document.querySelector('[data-testid=stApp]:not([data-test-script-state=running])')")
    page.wait_for_timeout(2000)
    file.parent.mkdir(parents=True, exist_ok=True)
    if alone:
        page.locator(shown).screenshot(path=file)
    else:
        page.screenshot(path=file)
    page.close()


if __name__ == "__main__":
    main()
