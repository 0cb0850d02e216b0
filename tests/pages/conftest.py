from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.app_home import make_precomputed, settings_of
from vpe_core.settings import get_settings


@pytest.fixture(scope="session")
def precomputed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_precomputed(tmp_path_factory.mktemp("app") / "precomputed")


@pytest.fixture(autouse=True)
def app_settings(precomputed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in settings_of(precomputed).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("VPE_LOAD_AHEAD", "0")  # a model that comes in the middle of another test
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def change_settings(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets variables of the environment for a test, by their names."""

    def change(**environment: object) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, str(value))
        get_settings.cache_clear()

    return change


@pytest.fixture
def no_samples(tmp_path: Path, precomputed: Path, change_settings: Callable[..., None]) -> None:
    """Models, but no X-rays: the field for one's own is on the page itself."""
    (tmp_path / "models").symlink_to(precomputed / "models")
    change_settings(VPE_PRECOMPUTED_DIR=tmp_path)
