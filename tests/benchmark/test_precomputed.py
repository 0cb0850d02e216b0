"""The results that the project carries: a slice of them, measured again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vpe_core.benchmark.plan import Block, Plan, load_plan
from vpe_core.benchmark.runner import RunSettings, run_folder, run_plan
from vpe_core.datasets import open_dataset
from vpe_core.models import load_model
from vpe_core.results import open_run
from vpe_core.settings import PROJECT_DIR
from vpe_core.variants import Variant

STORE = PROJECT_DIR / "precomputed" / "results" / "benchmark"
PLANS = [load_plan(name) for name in ("embedded", "embedded-others")]
STORED = [(name, plan) for plan in PLANS for name in plan.datasets]
SLICE = Plan(
    name="slice",
    stored="float16",
    blocks=(
        Block(markers=("none", "crop", "spotlight")),
        Block(markers=("arrow",), colors=("yellow",), widths=(3,), protocols=("native",)),
        Block(markers=("circle",), pictures=("image", "other", "twin")),
        Block(markers=("bbox",), places=("random",)),
    ),
)


@pytest.mark.parametrize("model_name", PLANS[0].models)
@pytest.mark.parametrize(("set_name", "plan"), STORED, ids=lambda value: value if isinstance(value, str) else "")
def test_a_slice_measured_again_is_the_same(model_name: str, set_name: str, plan: Plan, tmp_path: Path) -> None:
    dataset = open_dataset(set_name)
    stored = open_run(run_folder(STORE, dataset, model_name))
    assert stored.manifest.dataset.fingerprint == dataset.fingerprint
    fresh = run_plan(SLICE, dataset, load_model(model_name, precision="fp32"), tmp_path, RunSettings(limit=2))
    assert stored.manifest.model == fresh.manifest.model
    for variant in set(fresh.variants) & set(plan.coverage()):
        rows = fresh.rows(variant)
        place = np.searchsorted(stored.rows(variant), rows)
        cosines = (stored.embeddings(variant)[place] * fresh.embeddings(variant)).sum(axis=1)
        assert cosines.min() > 0.9999  # the store rounds to float16
        if (shares := fresh.attention(variant)) is not None:
            np.testing.assert_allclose(stored.attention(variant)[place], shares, atol=0.01)


@pytest.mark.parametrize(("set_name", "plan"), STORED, ids=lambda value: value if isinstance(value, str) else "")
def test_the_store_holds_the_whole_plan(set_name: str, plan: Plan) -> None:
    dataset = open_dataset(set_name)
    for model_name in plan.models:
        run = open_run(run_folder(STORE, dataset, model_name))
        assert set(run.variants) == set(plan.coverage())
        assert len(run.rows(Variant())) == len(dataset)
        assert run.manifest.problems == ()


def test_the_store_is_small_enough_for_the_repository() -> None:
    assert sum(path.stat().st_size for path in STORE.rglob("*") if path.is_file()) < 30e6
