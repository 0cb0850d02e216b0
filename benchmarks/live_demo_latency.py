"""From lifting the mouse to painted numbers and overlays, in a real browser.

    python benchmarks/live_demo_latency.py --model simclip --strokes 20 --out benchmarks/results/live_demo_simclip.json

Starts the app, draws circles at different places, and for each takes the time from the browser's `mouseup` event to the
second animation frame after the answer's text and both overlays have changed: by then they are on the screen.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FLAGS = (
    "--no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url)
        times, source = _measure(f"{url}/live_demo?model={options.model}", options.strokes)
    finally:
        server.terminate()
        server.wait(20)
    result = {
        "what": "mouse up to painted numbers and overlays, milliseconds",
        "model": options.model,
        "answered_by": source,
        "strokes": len(times),
        "median_ms": round(statistics.median(times), 1),
        "worst_ms": round(max(times), 1),
        "best_ms": round(min(times), 1),
        "times_ms": [round(value, 1) for value in times],
        "load_average_1_5_15_min": [round(value, 2) for value in os.getloadavg()],
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "python": platform.python_version()},
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": f"python benchmarks/live_demo_latency.py --model {options.model} --strokes {options.strokes}",
    }
    text = json.dumps(result, indent=2)
    sys.stdout.write(text + "\n")
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="simclip", help="a model that is on this machine")
    parser.add_argument("--strokes", type=int, default=20)
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    return parser.parse_args()


def _measure(address: str, strokes: int) -> tuple[list[float], str]:
    executable = next(path for name in ("chromium", "google-chrome") if (path := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS.split())
        page = browser.new_page(viewport={"width": 1440, "height": 1000}, color_scheme="dark")
        page.goto(address)
        page.wait_for_selector(".vpl-bars", timeout=300_000)
        page.locator(".upper-canvas").wait_for(timeout=60_000)
        page.wait_for_timeout(3000)
        page.evaluate(WATCH)
        _stroke(page, 0)  # the first stroke warms what only a marker needs
        times = [_stroke(page, number + 1) for number in range(strokes)]
        source = page.locator(".vpl-source").inner_text()
        browser.close()
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


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The app did not start.")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.processor())


if __name__ == "__main__":
    main()
