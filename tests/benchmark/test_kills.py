"""Real kills and real write errors: whatever stops a run, the next one goes on, and the result is the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vpe_core.errors import ResultsError
from vpe_core.results import open_run

ROOT = Path(__file__).resolve().parents[2]
STORED = ("embeddings.parquet", "samples.parquet", "texts.parquet")

# One process loads the model and then forks a child for every run, so that a kill costs no start of Python.
PROGRAM = """
import os, signal, sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
from tests.benchmark.tiny_set import write_set
from vpe_core.benchmark.plan import make_plan
from vpe_core.benchmark.runner import RunSettings, run_plan
from vpe_core.models import load_model

model_folder, scratch = sys.argv[1:3]
model = load_model(model_folder, precision="fp32")
dataset = write_set(Path(scratch) / "data", 12)
plan = make_plan(("crop", "circle", "arrow"), controls=True)


def run(folder):
    run_plan(plan, dataset, model, Path(folder), RunSettings(batch_size=2, threads=2))


def start(folder):
    child = os.fork()
    if child == 0:
        try:
            run(folder)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", flush=True)
            os._exit(7)
        os._exit(0)
    return child


def chunks(folder):
    return len(list((Path(folder) / "chunks").glob("*.parquet")))
"""
KILLS = """
run(f"{scratch}/undisturbed")
folder = f"{scratch}/killed"
seen = []
for enough in (0, 1, 1, 3, "merging"):
    before, child = chunks(folder), start(folder)
    while True:
        if enough == "merging":
            ready = os.path.exists(f"{folder}/embeddings.parquet")
        else:
            ready = chunks(folder) >= max(enough, before) + (enough > 0) or enough == 0 and os.path.exists(folder)
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended or ready:
            break
        time.sleep(0.0005)
    if not ended:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    seen.append((enough, chunks(folder), os.WTERMSIG(status)))
print(seen)
child = start(folder)
print(os.waitpid(child, 0)[1])
"""
NO_ROOM = """
import resource
run(f"{scratch}/undisturbed")
folder = f"{scratch}/full"
largest = max(path.stat().st_size for path in Path(f"{scratch}/undisturbed").glob("*.parquet"))
resource.setrlimit(resource.RLIMIT_FSIZE, (largest // 2, resource.RLIM_INFINITY))
print(os.waitpid(start(folder), 0)[1] >> 8, chunks(folder))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
child = start(folder)
print(os.waitpid(child, 0)[1])
"""


def play(program: str, model_root: Path, scratch: Path) -> list[str]:
    environment = {**os.environ, "VPE_ALLOWED_MODELS": str(model_root), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", PROGRAM + program, str(model_root / "native"), str(scratch)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def assert_same(first: Path, second: Path) -> None:
    for name in STORED:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    one, other = open_run(first).manifest, open_run(second).manifest
    assert one.variants == other.variants
    assert {path.name for path in second.iterdir()} == {*STORED, "manifest.json", ".lock"}


def test_a_run_that_is_killed_again_and_again_stores_the_same_bytes(model_root: Path, tmp_path: Path) -> None:
    seen, last = play(KILLS, model_root, tmp_path)
    kills = eval(seen)  # a list that the program above printed
    assert [signal for *_, signal in kills] == [9] * len(kills)
    assert [n for _, n, _ in kills] == sorted(n for _, n, _ in kills)  # nothing is lost
    assert last == "0"
    assert_same(tmp_path / "undisturbed", tmp_path / "killed")


def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(model_root: Path, tmp_path: Path) -> None:
    message, first, last = play(NO_ROOM, model_root, tmp_path)
    assert message.startswith("ResultsError: Cannot write ")
    assert message.endswith("start again; what was finished is kept.")
    status, n_chunks = first.split()
    assert status == "7"
    assert int(n_chunks) > 0
    assert last == "0"
    assert_same(tmp_path / "undisturbed", tmp_path / "full")


def test_a_begun_run_is_not_taken_for_results(model_root: Path, tmp_path: Path) -> None:
    (tmp_path / "chunks").mkdir()
    with pytest.raises(ResultsError, match="has not finished"):
        open_run(tmp_path)
