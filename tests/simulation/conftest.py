from __future__ import annotations

import pytest

from tests.simulation.phantom import phantom
from vpe_core.simulation.bases import Base, make_base
from vpe_core.simulation.projector import Projector


@pytest.fixture(scope="session")
def projector() -> Projector:
    return Projector(phantom())


@pytest.fixture(scope="session")
def base(projector: Projector) -> Base:
    return make_base(projector, 1, portable=False, size=160)


@pytest.fixture(scope="session")
def portable_base(projector: Projector) -> Base:
    return make_base(projector, 1, portable=True, size=160)
