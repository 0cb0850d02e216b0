"""Training on an NVIDIA GPU, where there is one."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.test_run import SMALL
from vpe_core.training.loop import train
from vpe_core.training.render import TrainingCases

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU")


class Stopped(Exception):
    """A run is cut off."""


def logged(folder: Path) -> list[tuple[int, float]]:
    with (folder / "log.csv").open() as stream:
        return [(int(row["step"]), float(row["loss"])) for row in csv.DictReader(stream)]


def test_a_run_begun_on_the_gpu_ends_on_the_processor(cases: TrainingCases, tmp_path: Path) -> None:
    def stop(step: int, *_: object) -> None:
        if step == 40:
            raise Stopped

    with pytest.raises(Stopped):
        train(SMALL, cases, tmp_path, stop, device="cuda:0", workers=2)
    average = torch.load(train(SMALL, cases, tmp_path, workers=0), map_location="cpu", weights_only=True)
    assert all(value.isfinite().all() for value in average.values() if value.is_floating_point())
    (_, first), (_, second), (last, _) = logged(tmp_path)
    assert last == 52
    assert second < first


def test_the_losses_are_those_of_the_processor(cases: TrainingCases, tmp_path: Path) -> None:
    for device in ("cpu", "cuda:0"):
        train(SMALL, cases, tmp_path / device, device=device, workers=0)
    cpu, gpu = (np.array(logged(tmp_path / device)) for device in ("cpu", "cuda:0"))
    np.testing.assert_allclose(gpu, cpu, rtol=0.1)
