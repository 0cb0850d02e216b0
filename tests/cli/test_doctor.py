"""What `doctor` says about data sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from vpe_core.cli.doctor import Check, run_checks
from vpe_core.settings import get_settings


def checks(monkeypatch: pytest.MonkeyPatch, datasets_dir: Path | str) -> dict[str, Check]:
    monkeypatch.setenv("VPE_DATASETS_DIR", str(datasets_dir))
    get_settings.cache_clear()
    return {check.what: check for check in run_checks()}


def test_simulated_sets_are_here_and_real_ones_need_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    found = checks(monkeypatch, "")
    assert not found["Data set sim-multi"].remedy
    assert "VPE_DATASETS_DIR is not set" in found["Other data sets"].found
    assert "padchest-gr, vindr-cxr, nih14, jsrt, table" in found["Other data sets"].remedy


def test_each_real_set_is_looked_for_in_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "nih14").mkdir()
    found = checks(monkeypatch, tmp_path)
    assert found["Data set nih14"] == Check("Data set nih14", str(tmp_path / "nih14"))
    assert found["Data set jsrt"].found == f"{tmp_path / 'jsrt'} does not exist"
    assert "datasets list" in found["Data set jsrt"].remedy
    assert "which is no folder" in checks(monkeypatch, tmp_path / "nowhere")["Other data sets"].found


def test_missing_simulated_sets_can_be_restored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(tmp_path))
    assert "Restore precomputed/datasets" in checks(monkeypatch, "")["Data set sim-nodule"].remedy
