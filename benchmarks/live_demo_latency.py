"""From lifting the mouse to painted numbers and overlays, in a real browser.

    python -m benchmarks.live_demo_latency --model simclip --strokes 20 --out benchmarks/results/live_demo_simclip.json

Starts the app, draws circles at different places, and for each takes the time from the browser's `mouseup` event to the
second animation frame after the answer's text and both overlays have changed: by then they are on the screen.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page

from benchmarks.app_in_browser import browser_page, parser_of, summary, write_result
from benchmarks.full_size_model import NAME as FULL_SIZE
from benchmarks.full_size_model import full_size_model
from scripts.running_app import running_app

WATCH = """
() => {
  window.vpl = { up: null, painted: null };
  addEventListener('mouseup', () => { window.vpl = { up: performance.now(), painted: null, before: state() }; }, true);
  const state = () => [
    document.querySelector('.vpl-bars')?.innerText,
    ...[...document.querySelectorAll('.vpl-pair img')].map(image => image.src),
  ];
  new MutationObserver(() => {
    const { up, painted, before } = window.vpl;
    if (up === null || painted !== null) return;
    const now = state();
    if (now.length < 3 || now.at(-1) === before.at(-1)) return;
    const stroke = window.vpl;
    requestAnimationFrame(() => requestAnimationFrame(() => { stroke.painted ??= performance.now(); }));
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
}
"""


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as scratch:
        name = full_size_model(Path(scratch)) if options.model == FULL_SIZE else options.model
        with running_app() as app:
            times, source = _measure(f"{app.url}/live_demo?{urlencode({'model': name})}", options.strokes)
    result = {
        "what": "mouse up to painted numbers and overlays, milliseconds",
        "model": options.model,
        "answered_by": source,
        **summary(times),
        "command": f"python -m benchmarks.live_demo_latency --model {options.model} --strokes {options.strokes}",
    }
    write_result(result, options.out)


def _options() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--model", default="simclip", help=f"a model that is on this machine, or {FULL_SIZE}")
    parser.add_argument("--strokes", type=int, default=20)
    return parser.parse_args()


def _measure(address: str, strokes: int) -> tuple[list[float], str]:
    with browser_page() as page:
        page.goto(address)
        page.wait_for_selector(".vpl-bars", timeout=300_000)
        page.locator(".upper-canvas").wait_for(timeout=60_000)
        page.wait_for_timeout(3000)
        page.evaluate(WATCH)
        _stroke(page, 0)  # the first stroke warms what only a marker needs
        times = [_stroke(page, number + 1) for number in range(strokes)]
        source = page.locator(".vpl-source").inner_text()
    return times, source


def _stroke(page: Page, number: int) -> float:
    """Clear the drawing, draw one circle, and return the milliseconds until its answer was painted."""
    if number:
        page.get_by_role("button", name="Clear", exact=True).click()
        page.wait_for_function("() => !location.search.includes('marks')", timeout=60_000)
        page.wait_for_timeout(700)
    box = page.locator(".upper-canvas").bounding_box()
    assert box is not None
    x = box["x"] + box["width"] * (0.15 + 0.025 * (number % 20))
    y = box["y"] + box["height"] * (0.2 + 0.1 * (number % 5))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 0.12 * box["width"], y + 0.09 * box["height"], steps=5)
    page.mouse.up()
    page.wait_for_function("() => window.vpl.painted !== null", timeout=120_000)
    stroke: dict[str, Any] = page.evaluate("window.vpl")
    page.wait_for_timeout(500)
    return float(stroke["painted"]) - float(stroke["up"])


if __name__ == "__main__":
    main()
