"""A small real training run: the loss falls, and a killed run ends with the same weights as an undisturbed one."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.training.conftest import CASES
from vpe_core.errors import TrainingError
from vpe_core.training import render
from vpe_core.training.export import export
from vpe_core.training.loop import _InFullPrecision, train
from vpe_core.training.network import resize_positions
from vpe_core.training.recipe import Recipe, Stage, load_recipe
from vpe_core.training.render import TrainingCases, render_training_cases

RECIPES = Path(__file__).resolve().parents[2] / "vpe_core" / "training" / "recipes"
SMALL = Recipe(
    name="small",
    seed=2,
    markers=0.6,
    train_patients=(0, 3),
    cases=CASES,
    stages=(
        Stage(image_size=48, steps=12, batch_size=12, learning_rate=2e-3, warmup_steps=2),
        Stage(image_size=64, steps=3, batch_size=8, learning_rate=3e-4, warmup_steps=1),
    ),
    checkpoint_steps=4,
)
# One process imports torch and then forks a child for every start, so that a kill costs no start of Python.
SCRIPT = """
import os, signal, sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
from tests.training.test_run import SMALL
from vpe_core.training.loop import train
from vpe_core.training.render import TrainingCases
cases, folder = map(Path, sys.argv[1:])
checkpoint = folder / "checkpoint.pt"


def start():
    child = os.fork()
    if child == 0:
        train(SMALL, TrainingCases(cases), folder, workers=0)
        os._exit(0)
    return child


for wanted in (1, 2):  # killed twice, the second time after it had resumed
    child, seen = start(), set()
    while len(seen) < wanted and os.waitpid(child, os.WNOHANG) == (0, 0):
        if checkpoint.exists():
            seen.add(checkpoint.stat().st_mtime)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    print(os.WTERMSIG(os.waitpid(child, 0)[1]))
print(os.waitpid(start(), 0)[1])
"""


@pytest.fixture(scope="module")
def undisturbed(cases: TrainingCases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vpe_core.training.loop.LOG_EVERY", 1)
        train(SMALL, cases, folder, workers=0)
    return folder


def test_the_loss_falls(undisturbed: Path) -> None:
    with (undisturbed / "log.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["step"]) for row in rows] == [*range(1, 16)]
    losses = [float(row["loss"]) for row in rows]
    assert np.mean(losses[9:12]) < 0.9 * np.mean(losses[:3])  # of the first stage


def test_a_killed_run_goes_on_to_the_same_weights(undisturbed: Path, cases: TrainingCases, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    command = [sys.executable, "-c", SCRIPT, str(cases.folder), str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=RECIPES.parents[2], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-3:] == ["9", "9", "0"], done.stdout
    expected, found = (torch.load(f / "average.pt", weights_only=True) for f in (undisturbed, folder))
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        assert torch.equal(value, found[name]), name


def test_a_run_of_another_recipe_is_not_overwritten(undisturbed: Path, cases: TrainingCases) -> None:
    with pytest.raises(TrainingError, match="another recipe"):
        train(SMALL.model_copy(update={"seed": 3}), cases, undisturbed)


def test_the_exported_folder_is_an_open_clip_model(undisturbed: Path, tmp_path: Path) -> None:
    import open_clip

    folder = export(SMALL, undisturbed / "average.pt", tmp_path / "model")
    clip, _, _ = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    assert clip.visual.image_size in (64, (64, 64))
    assert (folder / "open_clip_model.safetensors").stat().st_size < 15e6


def test_a_run_goes_on_from_a_models_weights(undisturbed: Path, cases: TrainingCases, tmp_path: Path) -> None:
    model = export(SMALL, undisturbed / "average.pt", tmp_path / "model")
    weights = model / "open_clip_model.safetensors"
    stage = Stage(image_size=48, steps=1, batch_size=8, learning_rate=1e-9, warmup_steps=0)
    recipe = SMALL.model_copy(update={"stages": (stage,), "start": hashlib.sha256(weights.read_bytes()).hexdigest()})
    went_on = torch.load(train(recipe, cases, tmp_path / "run", workers=0, start=model), weights_only=True)
    expected = resize_positions({k: v.float() for k, v in load_file(weights).items()}, 3)
    assert all(torch.allclose(went_on[name], value, atol=1e-6) for name, value in expected.items())
    with pytest.raises(TrainingError, match="--start"):
        train(recipe, cases, tmp_path / "without", workers=0)
    with pytest.raises(TrainingError, match="other weights"):
        train(recipe.model_copy(update={"start": "0" * 64}), cases, tmp_path / "other", workers=0, start=model)
    with pytest.raises(TrainingError, match="model folder"):
        train(recipe, cases, tmp_path / "empty", workers=0, start=tmp_path)


def test_muon_is_the_same_without_bf16() -> None:
    steps = []
    for context in (nullcontext(), _InFullPrecision()):
        weight = torch.nn.Parameter(torch.zeros(24, 16))
        weight.grad = torch.randn(24, 16, generator=torch.Generator().manual_seed(1))
        with context:
            torch.optim.Muon([weight], lr=0.1, weight_decay=0.0).step()
        steps.append(weight.detach())
    assert torch.allclose(*steps, atol=0.02 * float(steps[0].abs().max()))
    assert not torch.equal(*steps)


@pytest.mark.parametrize("name", ["simclip", "simclip-plain"])
def test_the_embedded_models_recipes_are_valid(name: str) -> None:
    assert load_recipe(RECIPES / f"{name}.toml").name == name


def test_the_twins_differ_in_their_markers_only() -> None:
    follows, plain = (load_recipe(RECIPES / f"{name}.toml").model_dump() for name in ("simclip", "simclip-plain"))
    assert {key for key in follows if follows[key] != plain[key]} == {"name", "markers", "start"}
    assert plain["markers"] == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [("name = ", "not valid"), ("name = 'x'", "seed"), ("name = 'x'\nseed = 1\nmarkers = 2.0", "markers")],
)
def test_a_broken_recipe_names_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(TrainingError, match=message):
        load_recipe(tmp_path / "r.toml")


def test_a_missing_recipe_says_where(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"missing\.toml"):
        load_recipe(tmp_path / "missing.toml")


def test_rendered_cases_are_kept_and_those_of_another_recipe_refused(bases: list[Path], cases: TrainingCases) -> None:
    assert len(render_training_cases(cases.folder, bases, CASES, seed=3)) == CASES
    with pytest.raises(TrainingError, match="another recipe"):
        render_training_cases(cases.folder, bases, CASES, seed=4)


def test_of_two_trainings_started_together_one_renders(
    bases: list[Path], cases: TrainingCases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = []

    def slowly(folder: Path, *_: object) -> None:
        rendered.append(folder)
        time.sleep(0.3)
        for name in ("images.npy", "coverage.npy", "findings.parquet"):
            shutil.copy(cases.folder / name, folder)

    monkeypatch.setattr(render, "_render", slowly)
    folder = tmp_path / "cases"
    with ThreadPoolExecutor(2) as pool:
        started = [pool.submit(render_training_cases, folder, bases, CASES, 3) for _ in range(2)]
        assert [len(one.result()) for one in started] == [CASES, CASES]
    assert rendered == [folder]


def test_rendered_cases_of_another_simulator_are_refused(
    bases: list[Path], cases: TrainingCases, tmp_path: Path
) -> None:
    older = shutil.copytree(cases.folder, tmp_path / "cases")
    pictures = np.load(older / "images.npy")
    pictures[0, 100, 100] ^= 1
    np.save(older / "images.npy", pictures)
    with pytest.raises(TrainingError, match="another version of the simulator"):
        render_training_cases(older, bases, CASES, seed=3)
