"""A job is data: whoever gets it, in whatever process, makes the same chunks of it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.benchmark.tiny_set import write_set
from vpe_core.benchmark import engines
from vpe_core.benchmark.job import BatchDone, Job
from vpe_core.benchmark.plan import Plan, make_plan
from vpe_core.benchmark.runner import RunSettings, make_job
from vpe_core.datasets import Dataset
from vpe_core.errors import BenchmarkError
from vpe_core.models import VisionLanguageModel
from vpe_core.results.store.schema import Chunk

ROOT = Path(__file__).resolve().parents[2]
PLAN = make_plan(("crop", "circle"), controls=True)
PROGRAM = """
import pickle, sys
import torch
from vpe_core.benchmark import engines

torch.set_num_threads(int(sys.argv[2]))
job, chunks = pickle.load(sys.stdin.buffer)
pickle.dump(list(engines.get(sys.argv[1])(None, None, None).run(job, chunks)), sys.stdout.buffer)
"""


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """With a file that is no picture, so that there is also something to report."""
    dataset = write_set(tmp_path / "data")
    (dataset.root / "3.png").write_bytes(b"no picture")
    return dataset


def job_of(plan: Plan, dataset: Dataset, model: VisionLanguageModel) -> Job:
    return make_job(plan.coverage(), dataset, model, RunSettings(batch_size=3))


def contents(chunk: Chunk) -> list[object]:
    """All of a chunk but how long it took, in bytes that can be compared."""
    rows = [
        (key, *((array.dtype, array.shape, array.tobytes()) for array in (
            one.samples, one.embeddings, one.stored, one.attention, one.noted_pictures
        )))
        for key, one in chunk.rows.items()
    ]  # fmt: skip
    return [chunk.images, rows, dict(chunk.sizes_wh), chunk.problems]


def test_a_process_that_knows_nothing_but_the_job_makes_the_same_chunks(
    dataset: Dataset, models: dict[str, VisionLanguageModel], allow_models: Path
) -> None:
    import torch

    job = job_of(PLAN, dataset, models["native"])
    chunks = job.missing({})
    assert len(chunks) > 1
    direct = list(engines.get("local")(1, models["native"], None).run(job, chunks))
    environment = {**os.environ, "VPE_ALLOWED_MODELS": str(allow_models)}
    command = [sys.executable, "-c", PROGRAM, "local", str(torch.get_num_threads())]
    there = subprocess.run(
        command, input=pickle.dumps((job, chunks)), cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert there.returncode == 0, there.stderr.decode()
    told = pickle.loads(there.stdout)
    made = [[contents(one) for one in found if isinstance(one, Chunk)] for found in (direct, told)]
    assert made[0] == made[1]
    assert [set(images) for images, *_ in made[0]] == [set(chunk.images) for chunk in chunks]
    assert any(problems for *_, problems in made[0])
    assert [one for one in direct if isinstance(one, BatchDone)] == [one for one in told if isinstance(one, BatchDone)]


def test_a_job_for_other_weights_is_refused(dataset: Dataset, models: dict[str, VisionLanguageModel]) -> None:
    model = models["native"]
    job = job_of(PLAN, dataset, model)
    other = replace(job, model=replace(job.model, weights_sha256="0" * 64))
    with pytest.raises(BenchmarkError, match=f"weights 0000.* but here it has {model.record.weights_sha256}"):
        next(engines.get("local")(1, model, None).run(other, other.missing({})))


def test_without_ray_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(BenchmarkError, match=r'pip install "visual-prompt-lab\[ray\]"'):
        engines.get("ray")(None, None, None)


def test_images_without_a_picture_to_draw_share_a_chunk(tmp_path: Path, models: dict[str, VisionLanguageModel]) -> None:
    plan = Plan.model_validate({"name": "twins", "blocks": [{"markers": ["none"], "pictures": ["twin"]}]})
    job = job_of(plan, write_set(tmp_path, 5, twins=False), models["native"])
    (chunk,) = job.missing({})
    assert sorted(chunk.images) == list(range(5))
    assert job.n_pictures(chunk) == 0
    (made,) = engines.get("local")(1, models["native"], None).run(job, [chunk])
    assert isinstance(made, Chunk)
    np.testing.assert_array_equal(made.rows["none@twin"].samples, [])
