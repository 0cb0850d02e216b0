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
PLAN = load_plan("embedded")
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


@pytest.mark.parametrize("model_name", PLAN.models)
@pytest.mark.parametrize("set_name", PLAN.datasets)
def test_a_slice_measured_again_is_the_same(model_name: str, set_name: str, tmp_path: Path) -> None:
    dataset = open_dataset(set_name)
    stored = open_run(run_folder(STORE, dataset, model_name))
    assert stored.manifest.dataset.fingerprint == dataset.fingerprint
    fresh = run_plan(SLICE, dataset, load_model(model_name, precision="fp32"), tmp_path, RunSettings(limit=2))
    assert stored.manifest.model == fresh.manifest.model
    for variant in fresh.variants:
        rows = fresh.rows(variant)
        place = np.searchsorted(stored.rows(variant), rows)
        cosines = (stored.embeddings(variant)[place] * fresh.embeddings(variant)).sum(axis=1)
        assert cosines.min() > 0.9999  # the store rounds to float16
        if (shares := fresh.attention(variant)) is not None:
            np.testing.assert_allclose(stored.attention(variant)[place], shares, atol=0.01)


@pytest.mark.parametrize("set_name", PLAN.datasets)
def test_the_store_holds_the_whole_plan(set_name: str) -> None:
    dataset = open_dataset(set_name)
    has_twins = any(sample.twin_path for sample in dataset)
    for model_name in PLAN.models:
        run = open_run(run_folder(STORE, dataset, model_name))
        wanted = {variant for variant in PLAN.coverage() if variant.picture != "twin" or has_twins}
        assert set(run.variants) == wanted
        assert len(run.rows(Variant())) == len(dataset)
        assert run.manifest.problems == ()


def test_the_store_is_small_enough_for_the_repository() -> None:
    assert sum(path.stat().st_size for path in STORE.rglob("*") if path.is_file()) < 40e6
