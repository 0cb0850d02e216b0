"""The script for machines with a GPU runs, as far as a processor can tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import typer

from benchmarks.gpu import main


def test_all_of_it_runs_on_a_processor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main("cpu", tmp_path / "gpu.json", quick=True)
    report = json.loads((tmp_path / "gpu.json").read_text())
    assert report["machine"]
    assert set(report["answers"]) == {"fp32", "bf16"}
    assert all(row["within"] for row in report["answers"].values())
    assert all(figure is None or figure > 0 for figure in report["figures"].values())
    assert "stroke" in capsys.readouterr().out


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is an NVIDIA GPU")
def test_without_a_gpu_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as stopped:
        main("cuda", None, quick=True)
    assert stopped.value.exit_code == 2
    assert "no NVIDIA GPU" in capsys.readouterr().err
