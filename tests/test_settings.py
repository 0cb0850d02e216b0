"""Settings come from the environment and nowhere else."""

from pathlib import Path

import pytest

from scripts import write_settings
from vpe_core.errors import SettingsError
from vpe_core.settings import Settings, get_settings


def settings_with(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(f"VPE_{name}", value)
    get_settings.cache_clear()
    return get_settings()


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CACHE_DIR", "RESULTS_DIR", "DEVICE"):
        monkeypatch.delenv(f"VPE_{name}", raising=False)
    settings = settings_with(monkeypatch)
    assert settings.device == "auto"
    assert settings.allowed_models == ()
    assert settings.max_image_bytes == 30_000_000
    assert settings.cache_dir.is_absolute()
    assert (settings.precomputed_dir.parent / "pyproject.toml").is_file()


def test_values_are_read_and_cleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_with(
        monkeypatch, ALLOWED_MODELS=" hf-hub:org/name, /models/mine ,", CACHE_DIR="~/xrays", CT_DIR="", DEVICE="cuda:1"
    )
    assert settings.allowed_models == ("hf-hub:org/name", "/models/mine")
    assert settings.cache_dir == Path.home() / "xrays"
    assert settings.ct_dir is None
    assert settings.device == "cuda:1"


@pytest.mark.parametrize(
    ("name", "value"), [("DEVICE", "gpu"), ("MAX_IMAGE_PIXELS", "0"), ("MAX_IMAGE_BYTES", "many"), ("PRECISION", "fp8")]
)
def test_wrong_values_are_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"VPE_{name}='{value}'"):
        settings_with(monkeypatch, **{name: value})


def test_settings_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = settings_with(monkeypatch, DEVICE="cpu")
    monkeypatch.setenv("VPE_DEVICE", "mps")
    assert get_settings() is first


def test_every_setting_is_in_the_page_about_them() -> None:
    stored = write_settings.FILE.read_text(encoding="utf-8")
    assert stored == write_settings.table(), "Run python -m scripts.write_settings."
    assert all(f"| `VPE_{name.upper()}` |" in stored for name in Settings.model_fields)
