"""How long the first visitor of a fresh server waits: from the start of the process to the first page and answer.

    python -m benchmarks.fresh_server --out benchmarks/results/fresh_server.json

Servers are started in turns, so that a busy moment hits all alike: an empty Streamlit app, and ours, whose first
visitor opens the overview, the benchmark or the live demo. The time runs until the server says that the page's script
has finished; the live demo's answer is part of its page. No browser is in it, nor what one loads of Streamlit itself.
Python's modules are compiled, as they are at each start of an installed app but the first: that one does not count.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.app_in_browser import parser_of, write_result
from benchmarks.class_session import Window
from scripts.running_app import running_app

EMPTY = "import streamlit as st\n\nst.title('Empty')\n"
PAGES = ("overview", "benchmark", "live_demo")


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--times", type=int, default=5, help="fresh servers of each kind")
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in ("empty", *PAGES)}
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY, encoding="utf-8")
        compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(folder) / "compiled")}
        for number in range(options.times + 1):
            for name, taken in seconds.items():
                page, script = ("", str(empty)) if name == "empty" else (name, "app.py")
                took = _first_page(page, script, compiled)
                if number:
                    taken.append(took)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    write_result(
        {
            "what": "from starting the server to the end of the first page's script, seconds",
            "servers_of_each": options.times,
            "median_s": {name: round(value, 2) for name, value in medians.items()},
            "times_the_empty_app": {name: round(value / medians["empty"], 2) for name, value in medians.items()},
            "all_s": {name: [round(value, 2) for value in values] for name, values in seconds.items()},
        },
        options.out,
    )


def _first_page(page: str, script: str, environment: Mapping[str, str]) -> float:
    start = time.monotonic()
    with running_app(environment=environment, script=script) as app:
        asyncio.run(_visit(app.url, page))
        return time.monotonic() - start


async def _visit(url: str, page: str) -> None:
    async with Window(url, page) as window:
        await window.open("")


if __name__ == "__main__":
    main()
