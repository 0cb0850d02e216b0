from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import Result

from tests.cli.conftest import error_of, run
from tests.models.hub_server import HubServer, Repository
from vpe_core.markers import draw_marker
from vpe_core.models import load_model, names
from vpe_core.types import Box

CLASSES = "lung nodule,pleural effusion"


@pytest.fixture
def picture(tmp_path: Path, xray: Image.Image) -> Path:
    path = tmp_path / "chest.png"
    xray.save(path)
    return path


def classify(picture: Path, model: Path, *more: object) -> Result:
    return run("classify", picture, "--box", "60,60,140,160", "--classes", CLASSES, "--model", model, *more)


@pytest.mark.parametrize("family", ["native", "timm"])
def test_classify_prints_what_the_library_answers(
    family: str, picture: Path, xray: Image.Image, allow_models: Path
) -> None:
    result = classify(picture, allow_models / family, "--marker", "bbox", "--color", "blue", "--width", 5, "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.output)
    model = load_model(str(allow_models / family))
    marked = draw_marker(xray, Box(60, 60, 140, 160), "bbox", color="blue", width=5)
    expected = model.classify([xray, marked], CLASSES.split(","))
    np.testing.assert_allclose([answer["without"], answer["with_marker"]], expected, atol=2e-6)
    assert answer["classes"] == CLASSES.split(",")
    assert answer["device"].startswith("CPU")
    assert answer["milliseconds"] > 0


def test_the_width_is_the_protocols_where_none_is_given(picture: Path, allow_models: Path) -> None:
    for protocol, width in (("paper", 1), ("native", 3)):
        style = ("--marker", "bbox", "--protocol", protocol, "--json")
        told = [classify(picture, allow_models / "native", *style, *more) for more in ((), ("--width", width))]
        default, given = (json.loads(result.output)["with_marker"] for result in told)
        assert default == given


def test_classify_prints_a_table(picture: Path, allow_models: Path) -> None:
    result = classify(picture, allow_models / "native")
    assert result.exit_code == 0, result.output
    for text in ("without", "with marker", "change", "pleural effusion", "ms to load"):
        assert text in result.output


def test_a_box_of_another_grid_is_questioned(picture: Path, xray: Image.Image, allow_models: Path) -> None:
    answers = [
        run("classify", picture, "--box", f"60,60,{x1},160", "--classes", CLASSES, "--model", allow_models / "native")
        for x1 in (xray.width + 1, xray.width + 90)
    ]
    assert ["reaches beyond the image of" in " ".join(answer.output.split()) for answer in answers] == [False, True]


def test_classify_says_what_is_not_read_of_a_long_prompt(picture: Path, allow_models: Path) -> None:
    long = "A frontal chest x-ray of an adult, taken upright at full inspiration, with signs of lung " * 2 + "{class}"
    result = classify(picture, allow_models / "native", "--template", long)
    assert "The prompt is too long: native reads the first 20 tokens, about 1" in " ".join(result.output.split())
    answer = json.loads(classify(picture, allow_models / "native", "--template", long, "--json").output)
    assert [loss.partition(":")[0] for loss in answer["prompt_losses"]] == [
        "The prompt is too long",
        "All prompts are read alike",
    ]
    assert json.loads(classify(picture, allow_models / "native", "--json").output)["prompt_losses"] == []


def test_the_suffix_changes_the_marked_image_only(picture: Path, allow_models: Path) -> None:
    bare, suffixed = (
        json.loads(classify(picture, allow_models / "timm", "--json", *more).output) for more in ((), ("--suffix",))
    )
    assert bare["without"] == suffixed["without"]
    assert bare["with_marker"] != suffixed["with_marker"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--box", "1,2,3"), "Expected --box x0,y0,x1,y1"),
        (("--box", "6_0,60,140,160"), "Expected --box x0,y0,x1,y1"),
        (("--classes", '"a, left,b'), "begins with a quotation mark"),
        (("--box", "500,500,600,600"), "outside the image"),
        (("--marker", "cirlce"), "Did you mean 'circle'"),
        (("--color", "reddish"), "color|colour"),
        (("--model", "nonsense"), "no model called 'nonsense'"),
        (("--model", "biomedclip"), "has not been downloaded yet"),
        (("--model", "../../etc"), "settings do not allow"),
        (("--template", "no class"), "needs {class}"),
        (("--classes", "a,a"), "given twice"),
        (("--classes", "nodule"), "at least 2 classes, but got only 'nodule': a softmax over one class is 1"),
        (("--box", "0.25,0.5,0.5,1"), "lies within 0 and 1, as fractions of width and height do. In pixels of this"),
        (("--box", "60,60,60.4,90"), "in pixels, at least 1 wide and high, but got 0.4 x 30"),
        (("--protocol", "papers"), "protocol 'paper' or 'native'"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    arguments: tuple[str, str], message: str, picture: Path, allow_models: Path
) -> None:
    error = error_of(classify(picture, allow_models / "native", *arguments))
    assert any(part in error for part in message.split("|"))


def test_a_file_that_is_no_image(tmp_path: Path, allow_models: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    assert error_of(classify(tmp_path / "text.png", allow_models / "native"))


def test_a_benchmark_of_classes_that_no_prompts_hold_is_refused_before_the_model(picture: Path) -> None:
    rows = [f"{picture.name},{label},60,60,90,90" for label in ("Mass", "mass", "nodule")]
    (picture.parent / "t.csv").write_text("\n".join(["image,label,x0,y0,x1,y1", *rows]))
    error = error_of(
        run("benchmark", "run", "--dataset", "table", "--root", picture.parent, "--model", "not-asked-for")
    )
    assert "t (all) cannot be measured with its classes. Expected different class names" in error


def test_a_benchmark_says_that_all_samples_are_of_one_class(picture: Path) -> None:
    rows = [f"{picture.name},mass,60,60,90,90", "gone.png,nodule,60,60,90,90"]
    (picture.parent / "t.csv").write_text("\n".join(["image,label,x0,y0,x1,y1", *rows]))
    result = run("benchmark", "run", "--dataset", "table", "--root", picture.parent, "--model", "not-there")
    assert "t: All samples that can be used are 'mass': no class has an AUROC." in result.output


def test_models_list() -> None:
    result = run("models", "list")
    assert result.exit_code == 0
    assert all(name in result.output for name in names())
    rows = json.loads(run("models", "list", "--json").output)
    assert {"name": "biomedclip", "title": "BiomedCLIP", "ready": False} in rows


def test_doctor_says_what_is_missing_and_what_to_do(allow_models: Path) -> None:
    result = run("doctor")
    assert result.exit_code == 0
    for text in ("Python", "CPU", "python -m vpe_core models fetch biomedclip", "Cache"):
        assert text in result.output


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_DEVICE", "tpu")
    assert "VPE_DEVICE" in error_of(run("doctor"))


def test_help_needs_neither_torch_nor_streamlit() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from vpe_core.cli import app;"
        "result = CliRunner().invoke(app, ['--help']); assert result.exit_code == 0, result.output;"
        "assert all(name in result.output for name in ('doctor', 'models', 'classify')), result.output;"
        "print([name for name in ('torch', 'open_clip', 'streamlit', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def hub(model_root: Path) -> Iterator[HubServer]:
    files = Repository.of(model_root / "native").files
    with HubServer({"org/tiny": Repository(files)}) as server:
        yield server


def fetch(hub: HubServer, cache: Path, name: str) -> subprocess.CompletedProcess[str]:
    """As a user would: a process of its own, told by HF_ENDPOINT where the hub is."""
    environment = os.environ | {
        "HF_ENDPOINT": hub.endpoint,
        "VPE_CACHE_DIR": str(cache),
        "VPE_ALLOWED_MODELS": "hf-hub:org/tiny,hf-hub:org/none",
    }
    command = [sys.executable, "-m", "vpe_core", "models", "fetch", name]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_models_fetch(hub: HubServer, tmp_path: Path) -> None:
    first = fetch(hub, tmp_path, "hf-hub:org/tiny")
    assert first.returncode == 0, first.stderr
    assert "is ready in" in first.stdout
    assert (tmp_path / "models" / "org--tiny" / "fetched.json").is_file()
    hub.requests.clear()
    second = fetch(hub, tmp_path, "hf-hub:org/tiny")
    assert second.returncode == 0
    assert "is already in" in second.stdout
    assert hub.requests == []


def test_models_fetch_that_fails(hub: HubServer, tmp_path: Path) -> None:
    failed = fetch(hub, tmp_path, "hf-hub:org/none")
    assert failed.returncode == 2
    assert "no public repository org/none (404)" in " ".join(failed.stderr.split())
    assert "Traceback" not in failed.stderr
