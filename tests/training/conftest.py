from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.phantom import phantom
from vpe_core.simulation.bases import make_bank
from vpe_core.simulation.projector import Projector
from vpe_core.training.render import TrainingCases, render_training_cases

CASES = 36


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    ready = Projector(phantom())
    return make_bank(tmp_path_factory.mktemp("bank"), range(3), False, 288, lambda: ready)


@pytest.fixture(scope="session")
def cases(bases: list[Path], tmp_path_factory: pytest.TempPathFactory) -> TrainingCases:
    return render_training_cases(tmp_path_factory.mktemp("cases"), bases, CASES, seed=3)
