"""Take the README's pictures in a real browser: the live demo with the overview's worked example, and the benchmark.

python -m scripts.take_pictures
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import sync_playwright

from dashboard.library.example import load_example
from vpe_core.settings import PROJECT_DIR

IMAGES = PROJECT_DIR / "docs" / "images"
SIZE_WH = (1440, 900)
TIMEOUT_MS = 300_000


def main() -> None:
    example = load_example()
    if example is None:
        raise SystemExit("There is no worked example. Run python -m scripts.make_example first.")
    marks = "circle:" + ",".join(f"{value:g}" for value in example.region)
    query = urlencode({"sample": example.sample, "marks": marks, "target": example.target})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    server = subprocess.Popen(command, cwd=PROJECT_DIR, stdout=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        _take(f"http://127.0.0.1:{port}/live_demo?{query}", ".vpl-pair img >> nth=1", IMAGES / "live_demo.png")
        _take(f"http://127.0.0.1:{port}/benchmark", "table.vpl-results", IMAGES / "benchmark.png")
    finally:
        server.terminate()
        server.wait(20)


def _take(address: str, shown: str, file: Path) -> None:
    executable = next(path for name in ("chromium", "google-chrome") if (path := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": SIZE_WH[0], "height": SIZE_WH[1]}, color_scheme="dark")
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(address)
        page.locator(shown).wait_for()
        page.wait_for_function(
            "() => document.querySelector('[data-testid=stApp]:not([data-test-script-state=running])')"
        )
        page.wait_for_timeout(2000)
        file.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=file)
        browser.close()


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("The app did not start.")


if __name__ == "__main__":
    main()
