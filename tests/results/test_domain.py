"""A model of simulated X-rays on real ones: said on the page and in every report."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun, store
from vpe_core.cli import app
from vpe_core.results.analysis.domain import out_of_domain


def manifest(model: str, *, only: bool, simulated: bool, data: str = "nih14"):  # type: ignore[no-untyped-def]
    one = MemoryRun({"none": 0.1, "circle/red/1/paper": 0.1}, name=data, model=model).manifest
    return one.model_copy(
        update={
            "model": one.model.model_copy(update={"simulated_only": only}),
            "dataset": one.dataset.model_copy(update={"simulated": simulated}),
        }
    )


@pytest.mark.parametrize(
    ("model", "only", "simulated", "said"),
    [
        ("tiny", True, False, True),
        ("simclip", False, False, True),  # a table of scores names no more than the model
        ("tiny", True, True, False),
        ("tiny", False, False, False),
        ("biomedclip", False, False, False),
    ],
)
def test_it_is_said_for_such_models_on_real_xrays_alone(model: str, only: bool, simulated: bool, said: bool) -> None:
    assert bool(out_of_domain([manifest(model, only=only, simulated=simulated)])) is said


def test_a_model_is_named_once_with_all_data_sets() -> None:
    (words,) = out_of_domain([manifest("tiny", only=True, simulated=False, data=name) for name in ("a", "b", "a")])
    assert "real ones of a, b say" in words


@pytest.mark.parametrize("style", ["terminal", "markdown", "csv"])
def test_every_report_says_it(tmp_path, style: str) -> None:  # type: ignore[no-untyped-def]
    run = MemoryRun(PAPER_STRENGTHS, name="real-set", model="tiny")
    run.manifest = manifest("tiny", only=True, simulated=False, data="real-set").model_copy(
        update={"variants": run.manifest.variants}
    )
    store(run, tmp_path / "real-set" / "tiny")
    done = CliRunner().invoke(app, ["benchmark", "report", str(tmp_path), "--format", style, "--resamples", "0"])
    assert done.exit_code == 0, done.output
    assert "has seen only simulated X-rays" in " ".join(done.output.split())
