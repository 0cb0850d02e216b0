"""The benchmark page in a real browser: first paint from a cold server, a change of a filter, an edited prompt.

    python -m benchmarks.benchmark_page_latency --out benchmarks/results/benchmark_page.json

First paint is from the request to the painted title and filters, and to the painted table, on a server that nobody has
visited. A change is from the mouse button's release on an option to the second animation frame after the table has
changed. The first round of filters meets nothing that was computed before, the second what is kept.
"""

from __future__ import annotations

from playwright.sync_api import Page

from benchmarks.app_in_browser import browser_page, parser_of, summary, write_result
from scripts.running_app import running_app

TIMEOUT_MS = 300_000
CHANGES = (
    ("Metric", "Accuracy"), ("Metric", "MCC"), ("Metric", "AUROC"), ("Marker", "arrow"), ("Marker", "box"),
    ("Marker", "circle"), ("Class", "lung mass"), ("Class", "all"),
)  # fmt: skip
PROMPTS = ("A photo of {class}.", "Findings of {class}{suffix}.", "There is {class}.")
WATCH = """
() => {
  window.vpl = { up: null, painted: null };
  const table = () => document.querySelector('.vpl-finding')?.parentElement.innerText;
  const start = () => { window.vpl = { up: performance.now(), painted: null, before: table() }; };
  addEventListener('mouseup', start, true);
  addEventListener('keydown', event => { if (event.key === 'Enter') start(); }, true);
  new MutationObserver(() => {
    const change = window.vpl;
    if (change.up === null || change.painted !== null || table() === change.before || !table()) return;
    requestAnimationFrame(() => requestAnimationFrame(() => { change.painted ??= performance.now(); }));
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
}
"""


def main() -> None:
    parser = parser_of(__doc__)
    options = parser.parse_args()
    with running_app() as app, browser_page() as page:
        page.set_default_timeout(TIMEOUT_MS)
        title, table = _first_paint(page, f"{app.url}/benchmark")
        page.evaluate(WATCH)
        first, second = ([_choose(page, *change) for change in CHANGES] for _ in range(2))
        page.get_by_text("Prompt", exact=True).first.click()
        prompts = [_ask(page, prompt) for prompt in PROMPTS]
        columns = page.locator(".vpl-results th[scope=colgroup]").count()
    result = {
        "what": "the benchmark page, milliseconds",
        "columns_of_the_table": columns,
        "cold_title_and_filters_ms": round(title, 1),
        "cold_table_ms": round(table, 1),
        "filter_change_first_time": summary(first),
        "filter_change_again": summary(second),
        "first_edited_prompt_loads_the_model_ms": round(prompts[0], 1),
        "edited_prompt": summary(prompts[1:]),
        "command": "python -m benchmarks.benchmark_page_latency",
    }
    write_result(result, options.out)


def _first_paint(page: Page, address: str) -> tuple[float, float]:
    page.goto(address, wait_until="commit")
    now = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
    page.get_by_label("Metric").first.wait_for()
    title = float(page.evaluate(now))
    page.locator(".vpl-results").wait_for()
    table = float(page.evaluate(now))
    _settle(page)
    return title, table


def _choose(page: Page, label: str, option: str) -> float:
    page.get_by_label(label, exact=True).first.click()
    choice = page.get_by_role("option", name=option, exact=True)
    choice.wait_for()
    page.wait_for_timeout(300)
    choice.click()
    return _painted(page)


def _ask(page: Page, prompt: str) -> float:
    field = page.get_by_label("Prompt", exact=True).first
    field.click()
    field.fill(prompt)
    page.wait_for_timeout(300)
    field.press("Enter")
    return _painted(page)


def _painted(page: Page) -> float:
    page.wait_for_function("() => window.vpl.painted !== null")
    change = page.evaluate("window.vpl")
    _settle(page)
    return float(change["painted"]) - float(change["up"])


def _settle(page: Page) -> None:
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stStatusWidget]')"
        " && document.querySelector('[data-testid=stApp]:not([data-test-script-state=running])')"
    )
    page.wait_for_timeout(700)


if __name__ == "__main__":
    main()
