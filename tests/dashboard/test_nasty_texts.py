"""Texts from outside that no path, name or number can be: each becomes one of our own errors, never a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.demo.state.demo_state import DemoState
from dashboard.demo.state.state_link import _FIELDS, state_from_query
from vpe_core import datasets, models
from vpe_core.errors import BenchmarkError, DatasetError, ModelNotAllowedError, SettingsError
from vpe_core.folders import make_folder, named_path
from vpe_core.settings import get_settings

NO_PATHS = ("~nosuchuser/x", "a\0/b", "/" + "x" * 300, "x/" * 3000, "\ud800/x")
NASTY = (
    *NO_PATHS, "", " ", "\0", "../..", "~", "~root/x", "nan", "-inf", "1e999", "-0", "٣", "[]", "{}", "{class}", "|",
    ";", "circle:nan,1,2,3", "circle:1e999,1,2,3", "circle:1,1,1,1", "%00", "\u202e", "😀" * 5000, "hf-hub:",
    "local-dir:", "local-dir:~nosuchuser", "upload", "sim-multi.", "table-.", ".x", "x" * 100_000,
)  # fmt: skip


@pytest.mark.parametrize("text", NO_PATHS)
def test_a_text_that_no_path_can_be_is_refused_wherever_paths_are_named(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DatasetError, match="names no folder or file"):
        named_path(text, DatasetError)
    with pytest.raises(DatasetError, match="names no folder or file"):
        datasets.open_dataset("table", Path(text))
    with pytest.raises(BenchmarkError, match="names no folder or file"):
        make_folder(Path(text), BenchmarkError)
    with pytest.raises(ModelNotAllowedError, match="do not allow the model"):
        models.get(f"local-dir:{text}")
    if "\0" in text or "\ud800" in text:
        return  # the environment cannot hold it
    for name in ("VPE_DATASETS_DIR", "VPE_ALLOWED_MODELS"):
        with monkeypatch.context() as patch:
            patch.setenv(name, text)
            get_settings.cache_clear()
            with pytest.raises(SettingsError, match=name):
                models.selectable_names()


def test_a_circle_of_links_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(DatasetError, match="names no folder or file"):
        named_path(tmp_path / "a", DatasetError)


def test_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert named_path("~/x", DatasetError) == tmp_path / "x"


@pytest.mark.parametrize("name", _FIELDS)
def test_no_value_in_a_link_is_more_than_left_out(name: str) -> None:
    for text in NASTY:
        state, problems = state_from_query({name: text})
        assert getattr(state, name) == getattr(DemoState(), name) or not problems
        assert all(len(problem) < 700 for problem in problems)
