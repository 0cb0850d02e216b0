"""The wheel, built and installed into an environment of its own, in a folder of its own: what `pip install .` gives."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vpe_core.settings import PROJECT_DIR

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build, "--wheel-dir", str(folder), str(PROJECT_DIR)], check=True, capture_output=True, text=True)
    return next(folder.glob("visual_prompt_lab-*.whl"))


@pytest.fixture(scope="module")
def home(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with our wheel installed, which sees what ours depends on; and a folder to work in."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder / "env", with_pip=False)
    site = next((folder / "env" / "lib").glob("python3*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    installed = pip(folder, "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    assert installed.returncode == 0, installed.stderr
    picture = np.random.default_rng(0).integers(0, 255, (200, 240), np.uint8)
    for name in ("a", "b"):
        Image.fromarray(picture).save(folder / f"{name}.png")
    (folder / "table.csv").write_text("image,label,x0,y0,x1,y1\na.png,mass,20,30,90,99\nb.png,nodule,50,60,120,140\n")
    return folder


def pip(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Our pip, at work in the new environment, which has none."""
    command = [sys.executable, "-m", "pip", "--python", str(home / "env" / "bin" / "python"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def run(home: Path, program: str, *arguments: str) -> str:
    """What a program of the new environment prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("VPE_", "PYTHON"))}
    environment |= {"HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "COLUMNS": "200", "VPE_DEVICE": "cpu"}
    command = [str(home / "env" / "bin" / program), *arguments]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_the_wheel_holds_models_plans_and_types_and_no_app(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"vpe_core/py.typed", "vpe_core/benchmark/plans/paper.toml"} <= names
    assert "vpe_core/plots/templates/paper_table.html" in names
    assert {
        f"vpe_core/models/embedded/{name}/open_clip_model.safetensors" for name in ("simclip", "simclip-plain")
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "pages/", "dashboard/"))]


def test_library_and_commands_work_where_there_is_no_checkout(home: Path) -> None:
    """Two processes: each of them first imports torch, which takes longer than all that they do."""
    program = (
        "import vpe_core; from vpe_core import Box, draw_marker, load_image, load_model\n"
        "from vpe_core.benchmark.plan import load_plan; from vpe_core.cli import app\n"
        "image = load_image('a.png'); marked = draw_marker(image, Box(20, 30, 90, 99), 'circle')\n"
        "print(load_model('simclip').classify([image, marked], ['lung nodule', 'lung mass']).shape)\n"
        "print(load_plan('paper').name, vpe_core.__file__)\n"
        "for line in open('commands.txt'): app(line.split(), standalone_mode=False)"
    )
    commands = (
        "classify a.png --box 20,30,90,99 --classes lung,mass",
        "benchmark run --dataset table --root . --model simclip",
        "benchmark report --resamples 0",
    )
    (home / "commands.txt").write_text("\n".join(commands))
    printed = run(home, "python", "-c", program)
    assert "(2, 2)" in printed
    assert f"paper {home}" in printed
    assert "mass" in printed
    assert "5 variants" in printed
    assert (home / "data" / "visual-prompt-lab" / "results" / "table-table" / "simclip" / "manifest.json").is_file()
    assert "circle" in printed
    assert "simclip" in run(home, "visual-prompt-lab", "doctor")


def test_whoever_installs_the_wheel_gets_what_it_needs(home: Path) -> None:
    """Its own list of packages, with their ranges, is held against those that are there."""
    checked = pip(home, "check")
    assert [line for line in checked.stdout.splitlines() if line.startswith("visual-prompt-lab ")] == []
    assert "visual-prompt-lab" in pip(home, "list").stdout
