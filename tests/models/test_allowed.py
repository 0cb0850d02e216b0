from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_models import write_native_model
from vpe_core.errors import ModelNotAllowedError
from vpe_core.models import get, load_model, names, selectable_names
from vpe_core.settings import get_settings


def allow(monkeypatch: pytest.MonkeyPatch, *entries: object) -> None:
    monkeypatch.setenv("VPE_ALLOWED_MODELS", ",".join(map(str, entries)))
    get_settings.cache_clear()


def test_nothing_beyond_the_list_is_allowed_by_default(tmp_path: Path) -> None:
    for name in ("hf-hub:org/model", str(tmp_path), f"local-dir:{tmp_path}", "../elsewhere", "/etc/passwd"):
        with pytest.raises(ModelNotAllowedError, match="VPE_ALLOWED_MODELS"):
            get(name)


def test_an_allowed_hub_id(monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, "hf-hub:org/model")
    spec = get("hf-hub:org/model")
    assert (spec.scheme, spec.location, spec.revision) == ("hf-hub", "org/model", None)
    with pytest.raises(ModelNotAllowedError):
        get("hf-hub:org/model2")


def test_an_allowed_folder_allows_what_lies_in_it_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    allowed, secret = tmp_path / "models", tmp_path / "secret"
    (allowed / "a").mkdir(parents=True)
    secret.mkdir()
    (allowed / "link").symlink_to(secret)
    allow(monkeypatch, allowed)
    assert get(str(allowed / "a")).location == str(allowed / "a")
    assert get(f"local-dir:{allowed}").scheme == "local-dir"
    for outside in (secret, allowed / ".." / "secret", allowed / "link", tmp_path, f"{allowed}-other/x"):
        with pytest.raises(ModelNotAllowedError):
            get(str(outside))


def test_selectable_are_the_listed_and_the_allowed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = write_native_model(tmp_path / "mine")
    allow(monkeypatch, "hf-hub:org/model", folder, tmp_path / "empty")
    assert selectable_names() == (*names(), "hf-hub:org/model", f"local-dir:{folder}")
    assert load_model(selectable_names()[-1]).name == f"local-dir:{folder}"


def test_a_long_name_is_not_repeated_in_full() -> None:
    with pytest.raises(ModelNotAllowedError) as caught:
        get("hf-hub:" + "x" * 10_000)
    assert len(str(caught.value)) < 600
