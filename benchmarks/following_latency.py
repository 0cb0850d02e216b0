"""The answer that follows a shape while it is dragged: how soon, and what it costs the server.

    python -m benchmarks.following_latency --model simclip --out benchmarks/results/following_simclip.json

Draws the same strokes twice, each three seconds long, once as the app comes and once with drafts off. Of each draft the
browser takes the time from sending the drawing to the answer in its document. The server's processor time of a stroke
includes the final answer, from the pressed button to the new address.
"""

from __future__ import annotations

import argparse
import os
import statistics
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from playwright.sync_api import Page

from benchmarks.app_in_browser import browser_page, parser_of, summary, write_result
from scripts.running_app import running_app

STEPS, STEP_MS = 60, 50
NOTE_TIMES = """() => { window.took = []; window.skipped = 0;
  document.addEventListener('vpl-draft-answered', ({ detail }) => {
    if (detail.skipped) window.skipped += 1; else window.took.push(detail.took);
  }); }"""


def main() -> None:
    options = _options()
    limit = {} if options.limit_ms is None else {"VPE_FOLLOW_LIMIT_MS": str(options.limit_ms)}
    times, skipped, with_ms = _measure(options.model, options.strokes, limit)
    _, _, without_ms = _measure(options.model, options.strokes, {"VPE_FOLLOW_LIMIT_MS": "0"})
    result = {
        "what": "drawing sent to answer in the document while a shape is dragged, milliseconds",
        "model": options.model,
        **(summary(times) if times else {}),
        "p95_ms": round(float(np.percentile(times, 95)), 1) if times else None,
        "drafts_per_stroke": round(len(times) / options.strokes, 1),
        "skipped": skipped,
        "stroke_s": STEPS * STEP_MS / 1e3,
        "server_cpu_ms_per_stroke_with_drafts": round(statistics.median(with_ms)),
        "server_cpu_ms_per_stroke_without_drafts": round(statistics.median(without_ms)),
        "command": f"python -m benchmarks.following_latency --model {options.model} --strokes {options.strokes}",
    }
    write_result(result, options.out)


def _options() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--model", default="simclip", help="a model that is on this machine")
    parser.add_argument("--strokes", type=int, default=10)
    parser.add_argument("--limit-ms", type=int, help="in place of the app's own limit, as on a busy machine")
    return parser.parse_args()


def _measure(model: str, strokes: int, environment: dict[str, str]) -> tuple[list[float], int, list[float]]:
    """Round trips of the drafts, how many were not answered, and processor milliseconds of each stroke."""
    with running_app(environment=environment) as app, browser_page() as page:
        page.goto(f"{app.url}/live_demo?{urlencode({'model': model})}")
        page.wait_for_selector(".vpl-bars", timeout=300_000)
        page.locator(".upper-canvas").wait_for(timeout=60_000)
        page.wait_for_timeout(3000)
        page.evaluate(NOTE_TIMES)
        _stroke(page, 0)  # warms what only a marker needs
        page.evaluate("window.took = []")
        spent = []
        for number in range(strokes):
            page.get_by_role("button", name="Clear", exact=True).click()
            page.wait_for_function("() => !location.search.includes('marks')", timeout=60_000)
            page.wait_for_timeout(1000)
            before = _cpu_ms(app.pid)
            _stroke(page, number + 1)
            spent.append(_cpu_ms(app.pid) - before)
        noted: dict[str, Any] = page.evaluate("({ took: window.took, skipped: window.skipped })")
    return noted["took"], noted["skipped"], spent


def _stroke(page: Page, number: int) -> None:
    box = page.locator(".upper-canvas").bounding_box()
    assert box is not None
    x, y = (box[start] + box[side] * (0.15 + 0.02 * (number % 10)) for start, side in (("x", "width"), ("y", "height")))
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, STEPS + 1):
        page.mouse.move(x + 0.4 * box["width"] * step / STEPS, y + 0.3 * box["height"] * step / STEPS)
        page.wait_for_timeout(STEP_MS)
    page.mouse.up()
    page.wait_for_function("() => location.search.includes('marks')", timeout=120_000)
    page.wait_for_timeout(700)


def _cpu_ms(pid: int) -> float:
    """Processor time of a process of Linux so far: its own and the kernel's for it (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return 1e3 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
