from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.simulation.phantom import write_phantom
from tests.tiny_models import allow_models, model, model_root, models, noise
from vpe_core.cli import app
from vpe_core.settings import get_settings
from vpe_core.simulation import bases

__all__ = ["allow_models", "model", "model_root", "models", "noise"]


def run(*arguments: object, columns: int = 240) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": str(columns)})


def error_of(result: Result) -> str:
    """The one sentence that is all that a mistake is answered with, a progress bar aside."""
    assert result.exit_code == 2
    (line,) = (line for line in result.output.strip().splitlines() if "━" not in line)
    assert line.startswith("Error: ")
    return line


@pytest.fixture
def simulation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulates coarsely, and keeps what it makes of a CT in `tmp_path`."""
    monkeypatch.setenv("VPE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(bases, "FINEST_PROJECTION", 48)
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def ct(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_phantom(tmp_path_factory.mktemp("ct"))
