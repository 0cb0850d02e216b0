"""The files that the live demo hands out."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.demo.exports import _table
from dashboard.demo.state import DemoState
from vpe_core.plots.take_along import OUT_OF_DOMAIN


@pytest.mark.parametrize(
    ("simulated_only", "simulated", "caution"),
    [(True, False, OUT_OF_DOMAIN), (True, True, ""), (False, False, ""), (False, True, "")],
)
def test_a_table_says_when_the_model_has_never_seen_such_an_xray(
    simulated_only: bool, simulated: bool, caution: str
) -> None:
    spec, record = SimpleNamespace(simulated_only=simulated_only), SimpleNamespace(weights_sha256="0")
    model: Any = SimpleNamespace(name="m", spec=spec, record=record)
    xray: Any = SimpleNamespace(simulated=simulated, key="k")
    looked = SimpleNamespace(probabilities=(0.25, 0.75))
    result: Any = SimpleNamespace(classes=("a", "b"), without=looked, marked=None)
    text = _table(result, model, xray, DemoState()).decode()
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["caution"] for line in lines] == [caution] * 2
    assert [line["simulated"] for line in lines] == [str(simulated)] * 2
    assert {line["prompt"] for line in lines} == {DemoState().template}
