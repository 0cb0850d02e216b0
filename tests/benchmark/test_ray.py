"""The engine on a real Ray cluster of this machine: two cores, workers that die, drivers that stop."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmark.test_engines import PROGRAM, contents
from tests.benchmark.test_kills import STORED, assert_same
from tests.benchmark.tiny_set import write_set
from tests.ray_cluster import cluster, wait_until_gone, workers
from vpe_core.benchmark.engines.ray import RayEngine
from vpe_core.benchmark.job import BatchDone, ChunkSpec, Job, WorkingOn
from vpe_core.benchmark.plan import make_plan
from vpe_core.benchmark.runner import RunSettings, make_job, run_plan
from vpe_core.clusters import told_as
from vpe_core.datasets import Dataset
from vpe_core.errors import BenchmarkError, ModelError
from vpe_core.models import VisionLanguageModel, load_model
from vpe_core.results import Run
from vpe_core.results.store.schema import Chunk

ROOT = Path(__file__).resolve().parents[2]
__all__ = ["cluster"]

pytestmark = pytest.mark.slow

PLAN = make_plan(("none", "crop", "circle", "arrow"))


@pytest.fixture(scope="module")
def simclip() -> VisionLanguageModel:
    return load_model("simclip")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """With a file that is no picture, so that there is also something to report."""
    dataset = write_set(tmp_path_factory.mktemp("set"), 20)
    (dataset.root / "3.png").write_bytes(b"no picture")
    return dataset


Measure = Callable[..., Run]


@pytest.fixture(scope="module")
def measure(simclip: VisionLanguageModel, dataset: Dataset) -> Measure:
    def measure(folder: Path, engine: str, workers: int, told: Callable[[int, int], None] = lambda *_: None) -> Run:
        return run_plan(PLAN, dataset, simclip, folder, RunSettings(2, workers, engine=engine), told)

    return measure


@pytest.fixture(scope="module")
def local(measure: Measure, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return measure(tmp_path_factory.mktemp("local"), "local", 2).folder


def job_for(dataset: Dataset, model: VisionLanguageModel) -> Job:
    return make_job(PLAN.coverage(), dataset, model, RunSettings(batch_size=2))


def test_an_address_that_is_none(dataset: Dataset, simclip: VisionLanguageModel) -> None:
    pytest.importorskip("ray")
    with pytest.raises(BenchmarkError, match="Expected auto or HOST:PORT"):
        next(RayEngine(1, None, "ray://localhost:10001").run(job_for(dataset, simclip), [ChunkSpec((0,), ())]))
    with pytest.raises(BenchmarkError, match=r"Nobody answers at 127\.0\.0\.1:9 "):
        next(RayEngine(1, None, "127.0.0.1:9").run(job_for(dataset, simclip), [ChunkSpec((0,), ())]))


def test_a_worker_is_killed_and_the_stored_bytes_are_those_of_the_local_engine(
    cluster: str, measure: Measure, local: Path, tmp_path: Path
) -> None:
    killed: list[int] = []
    counted: list[int] = []

    def kill_one(done: int, total: int) -> None:
        counted.append(done)
        if done and not killed:
            killed.extend(workers("ray::Encoder")[:1])
            os.kill(killed[0], signal.SIGKILL)

    run = measure(tmp_path, "ray", 2, kill_one)
    assert killed
    assert_same(local, tmp_path)
    assert counted == sorted(set(counted))
    assert counted[-1] == max(counted)
    assert run.manifest.device == "2 x CPU, 1 thread (Ray)"
    wait_until_gone("ray::Encoder")


class _Stopped(Exception):
    pass


def test_what_the_local_engine_began_ends_on_ray(cluster: str, measure: Measure, local: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if list((tmp_path / "chunks").glob("*.parquet")):
            raise _Stopped

    with pytest.raises(_Stopped):
        measure(tmp_path, "local", 1, stop)
    measure(tmp_path, "ray", 1)
    assert_same(local, tmp_path)


def test_a_process_that_knows_nothing_but_the_job_makes_the_same_chunks(
    cluster: str, dataset: Dataset, models: dict[str, VisionLanguageModel], allow_models: Path
) -> None:
    """It joins the cluster by its address, and the cluster's workers learn from it which models are allowed."""
    from vpe_core.benchmark.engines.local import LocalEngine

    job = job_for(dataset, models["native"])
    chunks = job.missing({})[:1]
    program = PROGRAM.replace("(None, None, None)", f"(None, None, {cluster!r})")
    environment = {**os.environ, "VPE_ALLOWED_MODELS": str(allow_models)}
    done = subprocess.run(
        [sys.executable, "-c", program, "ray", "1"],
        input=pickle.dumps((job, chunks)), cwd=ROOT, env=environment, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    told = pickle.loads(done.stdout)
    made = sorted((one for one in told if isinstance(one, Chunk)), key=lambda one: one.images)
    here = [one for one in LocalEngine(1, models["native"]).run(job, chunks) if isinstance(one, Chunk)]
    assert [contents(one) for one in made] == [contents(one) for one in sorted(here, key=lambda one: one.images)]
    assert isinstance(told[0], WorkingOn)
    assert sum(one.n_pictures for one in told if isinstance(one, BatchDone)) > 0


def test_errors_of_workers_are_ours(
    cluster: str, dataset: Dataset, simclip: VisionLanguageModel, tmp_path: Path
) -> None:
    job = job_for(dataset, simclip)
    chunks = job.missing({})[:1]
    other = replace(job, model=replace(job.model, weights_sha256="0" * 64))
    with pytest.raises(BenchmarkError, match=f"weights 0000.* but here it has {simclip.record.weights_sha256}"):
        list(RayEngine(1).run(other, chunks))
    nowhere = replace(job, root=tmp_path / "nowhere")
    with pytest.raises(BenchmarkError, match=r"has no folder .*nowhere\. Bring the data set to the same place"):
        list(RayEngine(1).run(nowhere, chunks))


def test_what_a_worker_raises_is_said_in_a_sentence(cluster: str) -> None:
    import ray

    def refuse() -> None:
        raise ModelError("There is no such model.")

    def divide() -> float:
        return 1 / 0

    def end() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    expected = {
        refuse: (ModelError, r"^There is no such model\.$"),
        divide: (BenchmarkError, r"^A worker failed with ZeroDivisionError: division by zero\. Start again\.$"),
        end: (BenchmarkError, r"^The Ray cluster lost workers that it could not replace: .* Start again\.$"),
    }
    for work, (kind, words) in expected.items():
        with pytest.raises(kind, match=words), told_as(BenchmarkError, "Start again."):
            ray.get(ray.remote(work).options(max_retries=0).remote())


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What is started hears SIGINT, also where a shell's background job ignores it and hands that down."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_command_ends_its_workers_and_goes_on_later(cluster: str, tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "vpe_core", "benchmark", "run", "--dataset", "sim-multi", "--model", "simclip",
        "--markers", "circle", "--limit", "60", "--batch-size", "1", "--out", str(tmp_path),
    ]  # fmt: skip
    on_ray = [*command, "--engine", "ray", "--address", cluster, "--workers", "1"]
    with subprocess.Popen(on_ray, cwd=ROOT, stderr=subprocess.PIPE, text=True) as started:
        while not list(tmp_path.rglob("*.parquet")) and started.poll() is None:
            time.sleep(0.05)
        started.send_signal(signal.SIGINT)
        _, words = started.communicate(timeout=60)
    assert started.returncode not in (0, None)
    assert "Traceback" not in words
    assert list(tmp_path.rglob("chunks/*.parquet"))
    wait_until_gone("ray::Encoder")
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    assert (tmp_path / "sim-multi" / "simclip" / STORED[0]).is_file()
