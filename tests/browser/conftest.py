"""A real Chromium, driven by Playwright, and one running app for all tests."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.app_home import make_precomputed, settings_of
from tests.browser.demo import Demo
from vpe_core.settings import PROJECT_DIR

_HERE = Path(__file__).parent
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OFFLINE = (
    "--no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
_START_S = 120
# A traceback through our own files. One of Streamlit's server alone, when a browser leaves while it is being answered,
# says nothing about the app.
_OURS = re.compile(rf'File "{re.escape(str(PROJECT_DIR))}/(?!\.venv/).*|Uncaught app execution.*')
REQUIRED = os.environ.get("VPE_REQUIRE_BROWSER") == "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium; without one, tests skip, or fail where VPE_REQUIRE_BROWSER=1 says that they must run."""
    executable = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if executable is None:
        reason = f"needs a Chromium on the PATH ({', '.join(_NAMES)}); make test installs it on Debian"
        if REQUIRED:
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=_OFFLINE.split())
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def precomputed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_precomputed(tmp_path_factory.mktemp("app") / "precomputed")


@pytest.fixture(scope="package")
def app_url(browser: Browser, precomputed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the running app. Its first visitor finds it cold."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("log") / "app.log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    environment = {**os.environ, **settings_of(precomputed)}
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=PROJECT_DIR, env=environment, stdout=output, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, server, log)
        yield url
    finally:
        server.terminate()
        server.wait(20)
    found = _OURS.findall(log.read_text())
    assert not found, log.read_text()[-4000:]


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"The app did not start:\n{log.read_text()[-4000:]}")


@pytest.fixture
def demo(browser: Browser, app_url: str) -> Iterator[Demo]:
    """The live demo in a browser of its own."""
    demo = Demo(browser, app_url)
    yield demo
    demo.close()
