"""`train` as a user runs it: a tiny model from the phantom's CT, or one sentence that says what is wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.conftest import error_of, run
from vpe_core.training import loop

RECIPE = """
name = "tiny"
seed = 1
markers = 0.6
train_patients = [0, 2]
cases = 12
[[stages]]
image_size = 32
steps = 2
batch_size = 4
learning_rate = 1e-3
warmup_steps = 1
"""


pytestmark = pytest.mark.usefixtures("simulation")


@pytest.fixture(autouse=True)
def _tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "WHITENING_SAMPLES", 20)
    (tmp_path / "tiny.toml").write_text(RECIPE)


def train(config: Path, *arguments: object) -> Result:
    return run("train", "--config", config, "--threads", 1, "--workers", 0, *arguments)


def test_a_model_folder_that_others_can_read(ct: Path, tmp_path: Path) -> None:
    arguments = ("--ct", ct, "--work", tmp_path / "work", "--out", tmp_path / "model")
    old = os.umask(0o022)
    try:
        result = train(tmp_path / "tiny.toml", *arguments)
    finally:
        os.umask(old)
    assert result.exit_code == 0, result.output
    written = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "model").iterdir()}
    assert {"open_clip_config.json", "open_clip_model.safetensors", "tokenizer.json"} <= written.keys()
    assert set(written.values()) == {0o644}
    assert json.loads((tmp_path / "model" / "run.json").read_text())["recipe"]["name"] == "tiny"

    checkpoint = tmp_path / "work" / "checkpoint.pt"
    for junk in (b"", b"junk", checkpoint.read_bytes()[:5000]):
        checkpoint.write_bytes(junk)
        broken = train(tmp_path / "tiny.toml", *arguments)
        assert broken.exit_code == 2
        assert "Traceback" not in broken.output
        assert f"Expected a checkpoint of a training run in {checkpoint}" in broken.output
        assert "Delete it to start anew" in broken.output


@pytest.mark.parametrize("command", ["train --config {tmp}/tiny.toml", "simulate --cases 1 --out {tmp}/new"])
@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--out {tmp}/file", "Expected a folder to write into, but {tmp}/file is a file"),
        ("--out {tmp}/file/deeper", "Cannot write into the folder {tmp}/file/deeper: Not a directory"),
        ("--ct {tmp}/nowhere", "Expected the chest CT file {tmp}/nowhere/cxr.nii.gz, found none"),
        ("", "needs a chest CT, and none was named"),
    ],
)
def test_a_mistake_about_a_folder_is_found_before_the_work(
    command: str, option: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    error = error_of(run(*f"{command} {option}".format(tmp=tmp_path).split()))
    assert message.format(tmp=tmp_path) in error
    assert not (tmp_path / "cache" / "simulation").exists()


def test_work_needs_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = error_of(train(tmp_path / "tiny.toml", "--work", tmp_path / "file"))
    assert f"Expected a folder to write into, but {tmp_path / 'file'} is a file" in error


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("tiny", "größe", "not valid TOML in UTF-8"),
        ("seed = 1", "seed = -1", "seed: Input should be greater than or equal to 0"),
        ("seed = 1", f"seed = {2**64}", "seed: Input should be less than"),
        ("[0, 2]", "[-2, -1]", "train_patients: Value error, expected the first patient, at least 0"),
        ("[0, 2]", "[2, 0]", "train_patients"),
        ("[0, 2]", "[2, 2]", "train_patients"),
        ("steps = 2", "steps = 0", "stages.0.steps"),
        ("markers = 0.6", "", "markers: Field required"),
        ("markers = 0.6", "markers =", "not valid TOML"),
    ],
)
def test_a_recipe_that_is_not_valid(old: str, new: str, message: str, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE.replace(old, new), encoding="latin-1")
    assert message in error_of(train(recipe))
