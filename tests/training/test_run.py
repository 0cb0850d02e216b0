"""A small real training run: the loss falls, and a killed run ends with the same weights as an undisturbed one."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from vpe_core.errors import TrainingError
from vpe_core.training.export import export
from vpe_core.training.loop import _InFullPrecision, train
from vpe_core.training.recipe import Recipe, Stage, load_recipe
from vpe_core.training.render import TrainingCases, render_training_cases

RECIPES = Path(__file__).resolve().parents[2] / "vpe_core" / "training" / "recipes"
SMALL = Recipe(
    name="small",
    seed=2,
    markers=0.6,
    train_patients=(0, 3),
    cases=60,
    stages=(
        Stage(image_size=48, steps=40, batch_size=16, learning_rate=1e-3, warmup_steps=4),
        Stage(image_size=64, steps=12, batch_size=8, learning_rate=3e-4, warmup_steps=2),
    ),
    checkpoint_steps=10,
    workers=0,
)
SCRIPT = """
import sys
from pathlib import Path
from tests.training.test_run import SMALL
from vpe_core.training.loop import train
from vpe_core.training.render import TrainingCases
train(SMALL, TrainingCases(Path(sys.argv[1])), Path(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def undisturbed(cases: TrainingCases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("run")
    train(SMALL, cases, folder)
    return folder


def test_the_loss_falls(undisturbed: Path) -> None:
    with (undisturbed / "log.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["step"]) for row in rows] == [20, 40, 52]
    assert float(rows[1]["loss"]) < float(rows[0]["loss"])


def test_a_killed_run_goes_on_to_the_same_weights(undisturbed: Path, cases: TrainingCases, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    command = [sys.executable, "-c", SCRIPT, str(cases.folder), str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for wanted in (1, 2):  # killed twice, the second time after it had resumed
        process = subprocess.Popen(command, cwd=RECIPES.parents[2], env=environment)
        seen: set[float] = set()
        deadline = time.monotonic() + 400
        while len(seen) < wanted and process.poll() is None and time.monotonic() < deadline:
            if (folder / "checkpoint.pt").exists():
                seen.add((folder / "checkpoint.pt").stat().st_mtime)
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (folder / "checkpoint.pt").exists()
    subprocess.run(command, cwd=RECIPES.parents[2], env=environment, check=True)
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


def test_the_last_stage_can_start_from_a_model(undisturbed: Path, cases: TrainingCases, tmp_path: Path) -> None:
    weights = export(SMALL, undisturbed / "average.pt", tmp_path / "model") / "open_clip_model.safetensors"
    last = Stage(image_size=64, steps=4, batch_size=8, learning_rate=1e-3, warmup_steps=1, frozen_blocks=2, average=0.5)
    recipe = SMALL.model_copy(update={"stages": (*SMALL.stages, last)})
    after = torch.load(train(recipe, cases, tmp_path / "run", weights=weights), weights_only=True)
    with (tmp_path / "run" / "log.csv").open() as stream:
        assert [int(row["step"]) for row in csv.DictReader(stream)] == [56]
    assert json.loads((tmp_path / "run" / "run.json").read_text())["parts"][0]["stages"] == [3]
    before = load_file(weights)
    frozen = ("conv1", "ln_pre", "positional", "class_emb", "transformer.resblocks.0.", "transformer.resblocks.1.")
    for name, value in after.items():
        stays = name.startswith(tuple(f"visual.{part}" for part in frozen))
        same = name in ("attn_mask", "logit_scale") or torch.allclose(value, before[name].float(), atol=1e-6)
        assert same == stays or name in ("attn_mask", "logit_scale"), name


def test_weights_that_are_no_model_say_what_was_expected(cases: TrainingCases, tmp_path: Path) -> None:
    (tmp_path / "text.safetensors").write_text("no weights at all")
    save_file({"other": torch.zeros(2)}, tmp_path / "other.safetensors")
    for number, name in enumerate(("missing", "text", "other")):
        with pytest.raises(TrainingError, match="Expected the safetensors file of an embedded model of 64 px"):
            train(SMALL, cases, tmp_path / str(number), weights=tmp_path / f"{name}.safetensors")


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
    assert {key for key in follows if follows[key] != plain[key]} == {"name", "markers"}
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
    assert len(render_training_cases(cases.folder, bases, 60, seed=3)) == 60
    with pytest.raises(TrainingError, match="another recipe"):
        render_training_cases(cases.folder, bases, 60, seed=4)
