"""For benchmarks of pages: a fresh app, a real Chromium, and what a result should say beside its times."""

from __future__ import annotations

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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FLAGS = (
    "--no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@contextmanager
def running_app() -> Iterator[str]:
    """The address of a server that nobody has visited yet."""
    with app_server() as (url, _):
        yield url


@contextmanager
def app_server(*options: str) -> Iterator[tuple[str, int]]:
    """A server that nobody has visited yet: its address and its process's number.

    Args:
        options: For Streamlit's command line.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port), *options]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait(20)


@contextmanager
def browser_page() -> Iterator[Page]:
    """A window of 1440 x 1000 pixels."""
    executable = next(path for name in ("chromium", "google-chrome") if (path := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS.split())
        yield browser.new_page(viewport={"width": 1440, "height": 1000}, color_scheme="dark")
        browser.close()


def summary(times_ms: Sequence[float]) -> dict[str, Any]:
    """Median, extremes and all times, in milliseconds."""
    return {
        "n": len(times_ms),
        "median_ms": round(statistics.median(times_ms), 1),
        "worst_ms": round(max(times_ms), 1),
        "best_ms": round(min(times_ms), 1),
        "times_ms": [round(value, 1) for value in times_ms],
    }


def write_result(result: Mapping[str, Any], out: Path | None) -> None:
    """Print the result with the machine, its load and the time; write it, too, if there is a file for it."""
    about = {
        "load_average_1_5_15_min": [round(value, 2) for value in os.getloadavg()],
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "python": platform.python_version()},
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    text = json.dumps({**result, **about}, indent=2) + "\n"
    sys.stdout.write(text)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")


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
