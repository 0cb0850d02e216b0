"""`train` as a user runs it: a tiny model from the phantom's CT, or one sentence that says what is wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.simulation.phantom import write_phantom
from vpe_core.cli import app
from vpe_core.settings import get_settings
from vpe_core.simulation import bases
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


@pytest.fixture(autouse=True)
def _small_and_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "240")
    monkeypatch.setenv("VPE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(bases, "FINEST_PROJECTION", 48)
    monkeypatch.setattr(loop, "WHITENING_SAMPLES", 20)
    get_settings.cache_clear()
    (tmp_path / "tiny.toml").write_text(RECIPE)
    (tmp_path / "file").write_text("")


def train(config: Path, *arguments: object) -> Result:
    more = ("--threads", "1", "--workers", "0")
    return CliRunner().invoke(app, ["train", "--config", str(config), *map(str, arguments), *more])


def test_a_model_folder_that_others_can_read(tmp_path: Path) -> None:
    ct = write_phantom(tmp_path / "ct")
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--work", "{tmp}/file"), "Expected a folder to write into, but {tmp}/file is a file"),
        (("--out", "{tmp}/file"), "Expected a folder to write into, but {tmp}/file is a file"),
        (("--out", "{tmp}/file/model"), "Cannot write into the folder {tmp}/file/model: Not a directory"),
        (("--ct", "{tmp}/nowhere"), "Expected the chest CT file {tmp}/nowhere/cxr.nii.gz, found none"),
        ((), "needs a chest CT, and none was named"),
    ],
)
def test_a_mistake_is_found_before_the_work(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    result = train(tmp_path / "tiny.toml", *(argument.format(tmp=tmp_path) for argument in arguments))
    assert result.exit_code == 2
    assert message.format(tmp=tmp_path) in _error(result)
    assert not (tmp_path / "cache" / "simulation").exists()


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
    result = train(recipe)
    assert result.exit_code == 2
    assert message in _error(result)


def _error(result: Result) -> str:
    assert "Traceback" not in result.output
    line = result.output.strip().splitlines()[-1]  # after the progress bar
    assert line.startswith("Error: ")
    return line
