"""The app as a process of its own, and the browser to visit it: for tests, benchmarks and pictures."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from vpe_core.settings import PROJECT_DIR

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OFFLINE = (
    "--no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
_START_S, _STOP_S = 120, 20
_LOG_CHARS = 4000


@dataclass(frozen=True, slots=True)
class RunningApp:
    """Where the app is, and the number of its process."""

    url: str
    pid: int


@contextmanager
def running_app(
    *options: str, environment: Mapping[str, str] = {}, log: Path | None = None, script: str = "app.py"
) -> Iterator[RunningApp]:
    """The app, ready, and not yet visited by anybody; it ends with the context.

    Args:
        options: For Streamlit's command line.
        environment: Variables beside this process's own.
        log: Where its messages go; None for a file that ends with the context, too.
        script: What is run: ours, or another one to compare with.

    Raises:
        RuntimeError: It does not start; the end of its log says why.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port), *options]
    with tempfile.TemporaryDirectory() as folder:
        log = log or Path(folder) / "app.log"
        with log.open("w") as output:
            server = subprocess.Popen(
                command, cwd=PROJECT_DIR, env={**os.environ, **environment}, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, server, log)
            yield RunningApp(url, server.pid)
        finally:
            server.terminate()
            server.wait(_STOP_S)


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """A Chromium of this machine that asks nothing of the network.

    Raises:
        RuntimeError: There is none.
    """
    executable = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    if executable is None:
        raise RuntimeError(
            f"Expected a Chromium on the PATH ({', '.join(CHROMIUM_NAMES)}), but there is none; "
            "`make browser` installs it on Debian."
        )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=_OFFLINE.split())
        yield chromium
        chromium.close()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.02)
    how = "still starting" if server.poll() is None else f"gone with code {server.returncode}"
    raise RuntimeError(f"Expected the app within {_START_S} s, but it is {how}:\n{log.read_text()[-_LOG_CHARS:]}")
