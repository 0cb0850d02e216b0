"""A real Chromium, driven by Playwright, and one running app for all tests."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from scripts.running_app import running_app, running_chromium
from tests.app_home import make_precomputed, settings_of
from tests.browser.demo import Demo
from vpe_core.settings import PROJECT_DIR

_HERE = Path(__file__).parent
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
    with ExitStack() as opened:
        try:
            chromium = opened.enter_context(running_chromium())
        except RuntimeError as error:
            if REQUIRED:
                raise
            pytest.skip(str(error))
        yield chromium


@pytest.fixture(scope="package")
def precomputed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_precomputed(tmp_path_factory.mktemp("app") / "precomputed")


@pytest.fixture(scope="package")
def app_url(browser: Browser, precomputed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the running app. Its first visitor finds it cold."""
    log = tmp_path_factory.mktemp("log") / "app.log"
    always = {"VPE_FOLLOW_LIMIT_MS": "60000"}  # answers follow what is dragged, however slow the machine is
    with running_app(environment=settings_of(precomputed) | always, log=log) as app:
        yield app.url
    assert not _OURS.findall(log.read_text()), log.read_text()[-4000:]


@pytest.fixture
def demo(browser: Browser, app_url: str) -> Iterator[Demo]:
    """The live demo in a browser of its own."""
    demo = Demo(browser, app_url)
    yield demo
    demo.close()
