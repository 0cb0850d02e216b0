"""For benchmarks of pages: a window of a real Chromium, and what a result should say beside its times."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from scripts.running_app import running_chromium


@contextmanager
def browser_page() -> Iterator[Page]:
    """A window of 1440 x 1000 pixels."""
    with running_chromium() as browser:
        yield browser.new_page(viewport={"width": 1440, "height": 1000}, color_scheme="dark")


def summary(times_ms: Sequence[float]) -> dict[str, Any]:
    """Median, extremes and all times, in milliseconds."""
    return {
        "n": len(times_ms),
        "median_ms": round(statistics.median(times_ms), 1),
        "worst_ms": round(max(times_ms), 1),
        "best_ms": round(min(times_ms), 1),
        "times_ms": [round(value, 1) for value in times_ms],
    }


def parser_of(about: str | None) -> argparse.ArgumentParser:
    """Of a benchmark's options: its docstring as it stands, and `--out`, for `write_result`."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="where to write the result as JSON")
    return parser


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


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.processor())
