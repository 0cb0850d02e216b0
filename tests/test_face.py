"""What a notebook meets: one import, one or many of anything, clear refusals, no traces in torch, true documents."""

from __future__ import annotations

import ast
import inspect
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import vpe_core
from scripts import write_api
from vpe_core import (
    Box,
    Heatmap,
    VPEError,
    draw_marker,
    explain,
    list_models,
    load_model,
    overlay,
    render_variant,
)  # fmt: skip
from vpe_core.attention import GazeEncoder, attention_inside, explain_many
from vpe_core.errors import ImageReadError, PromptError, RegionError
from vpe_core.images import as_pixels
from vpe_core.markers import VariantRenderer
from vpe_core.models import VisionLanguageModel
from vpe_core.models.device import exact_convolutions

ROOT = Path(vpe_core.__file__).resolve().parent.parent
CLASSES = ["lung nodule", "pacemaker"]
BOX = (40, 30, 90, 99)


@pytest.fixture(scope="module")
def simclip() -> VisionLanguageModel:
    return load_model("simclip", device="cpu", precision="fp32")


def encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def grey() -> np.ndarray:
    """All levels from 0 to 255, so that no stretching changes them."""
    y, x = np.mgrid[0:128, 0:160]
    return ((x * 2 + y * 3) % 256).astype(np.uint8)


def colour() -> np.ndarray:
    return np.stack([grey(), grey()[::-1], grey().T.repeat(2, axis=1)[:, :160].repeat(2, axis=0)[:128]], axis=-1)


GREYS: dict[str, Callable[[np.ndarray], Any]] = {
    "channel": lambda a: a[..., None],
    "uint16": lambda a: a.astype(np.uint16) * 257,
    "float": lambda a: a / 255,
    "float32": lambda a: a.astype(np.float32),
    "strided": np.asfortranarray,
    "deep picture": lambda a: Image.fromarray(a.astype(np.uint16) * 257),
    "float picture": lambda a: Image.fromarray(a.astype(np.float32)),
    "pixels": as_pixels,
    "bytes": lambda a: encoded(Image.fromarray(a)),
}
COLOURS: dict[str, Callable[[np.ndarray], Any]] = {
    "uint8": lambda a: a,
    "uint16": lambda a: a.astype(np.uint16) * 257,
    "float": lambda a: (a / 255).astype(np.float32),
}
FORMS = [(grey, name) for name in GREYS] + [(colour, name) for name in COLOURS]


@pytest.mark.parametrize(("source", "form"), FORMS, ids=lambda value: getattr(value, "__name__", value))
def test_an_array_is_as_good_as_a_picture(
    source: Callable[[], np.ndarray], form: str, simclip: VisionLanguageModel
) -> None:
    picture = Image.fromarray(source())
    given = (GREYS if source is grey else COLOURS)[form](source())
    heat = Heatmap(np.linspace(0, 1, 128 * 160, dtype=np.float32).reshape(128, 160), "legrad")
    for answer in (
        lambda image: np.asarray(draw_marker(image, BOX, "circle")),
        lambda image: np.asarray(render_variant(image, BOX, "circle")),
        lambda image: np.asarray(render_variant(image, BOX, "arrow", protocol="native")),
        lambda image: np.asarray(overlay(image, heat)),
        lambda image: simclip.classify(image, CLASSES),
        lambda image: GazeEncoder(simclip).encode(image)[1],
    ):
        np.testing.assert_array_equal(answer(given), answer(picture))
    np.testing.assert_array_equal(
        explain(simclip, given, "lung nodule").values, explain(simclip, picture, "lung nodule").values
    )


def test_one_or_many_images(simclip: VisionLanguageModel, tmp_path: Path) -> None:
    first, second = colour(), 255 - colour()
    expected = simclip.encode_images([Image.fromarray(first), Image.fromarray(second)])
    path = tmp_path / "xray.png"
    Image.fromarray(grey()).save(path)
    for many in (np.stack([first, second]), [first, second], iter((first, second)), (Image.fromarray(first), second)):
        np.testing.assert_array_equal(simclip.encode_images(many), expected)
    for one in (path, str(path), grey(), Image.fromarray(grey())):
        assert simclip.classify(one, CLASSES).shape == simclip.predict(one, CLASSES).probabilities.shape == (1, 2)
        assert len(explain_many(simclip, one, "lung nodule")) == 1
    prepared = np.stack([simclip.prepare(image) for image in (first, second)])
    np.testing.assert_array_equal(simclip.encode_images(prepared), expected)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (np.zeros((5, 64, 64), np.uint8), r"\(5, 64, 64\) of uint8\. Of a stack of grey images give list"),
        (np.zeros((3, 64, 64), np.float32), "moveaxis"),
        (np.zeros((2, 3, 64, 64), np.float32), r"\(n, height, width, channels\)"),
        (np.full((8, 8, 3), 200.0), "RGB of float64 from 0 to 1, but got values from 200 to 200"),
        (np.zeros((8, 8), bool), "of bool"),
        (torch.zeros(3, 8, 8), "got Tensor of 3.*turn a tensor into an array"),
        (7, "X-ray .* but got int"),
        (None, "X-ray .* but got NoneType"),
        ({"image": 1}, "X-ray .* but got dict"),
        (Image.new("L", (0, 0)), "Expected an array of shape"),
    ],
)
def test_what_is_no_image_is_refused_in_words(wrong: Any, words: str, simclip: VisionLanguageModel) -> None:
    heat = Heatmap(np.zeros((8, 8), np.float32), "legrad")
    for ask in (
        lambda: draw_marker(wrong, BOX, "circle"),
        lambda: render_variant(wrong, BOX, "circle"),
        lambda: overlay(wrong, heat),
        lambda: simclip.classify(wrong, CLASSES),
        lambda: explain(simclip, wrong, "lung nodule"),
    ):
        with pytest.raises(ImageReadError, match=f"(?i){words}"):
            ask()


def test_where_one_image_is_meant_several_are_refused(simclip: VisionLanguageModel) -> None:
    for ask in (draw_marker, lambda several: explain(simclip, several, "lung nodule")):
        with pytest.raises(ImageReadError, match=r"one X-ray .* but got list of 2\. Give several one at a time"):
            ask([grey(), grey()])


def test_one_or_many_texts(simclip: VisionLanguageModel) -> None:
    prompt = "A chest x-ray with signs of pacemaker."
    np.testing.assert_array_equal(simclip.encode_texts(prompt), simclip.encode_texts([prompt]))
    np.testing.assert_array_equal(simclip.encode_texts(iter([prompt, "red"])), simclip.encode_texts((prompt, "red")))
    assert simclip.reading(prompt).prompts == 1
    assert simclip.unknown_words("zyxwv lung") == simclip.unknown_words(["zyxwv lung"]) == ("zyxwv",)
    assert simclip.encode_classes("lung nodule", template=None).shape[0] == 1
    for template in ("{class}", None):
        with pytest.raises(PromptError, match="at least 2 classes, but got only 'lung nodule'"):
            simclip.classify(grey(), "lung nodule", template=template)
    for wrong in (7, None, ["lung", 7], b"lung", {"lung": 1}, [None]):
        for ask in (simclip.encode_texts, simclip.reading, lambda texts: simclip.predict(grey(), texts)):
            with pytest.raises(PromptError, match="as one text or a list of them, but"):
                ask(wrong)  # type: ignore[operator]


@pytest.mark.parametrize("four", [BOX, list(BOX), np.array(BOX), tuple(np.float32(BOX))], ids=str)
def test_four_numbers_are_a_box(four: Any) -> None:
    box, values = Box(*BOX), np.linspace(0, 1, 128 * 160).reshape(128, 160)
    for ask in (
        lambda region: draw_marker(grey(), region, "circle").tobytes(),
        lambda region: render_variant(grey(), region, "crop").tobytes(),
        lambda region: VariantRenderer(grey()).render(region, "bbox").tobytes(),
        lambda region: attention_inside(values, region),
    ):
        assert ask(four) == ask(box)


def test_a_box_in_fractions_is_not_taken_for_a_dot_in_the_corner() -> None:
    for ask in (draw_marker, render_variant):
        with pytest.raises(RegionError, match=r"box in image pixels, but \(0.7, 0.3, 0.8, 0.4\) lies within 0 and 1"):
            ask(grey(), (0.7, 0.3, 0.8, 0.4), "circle")


@pytest.mark.parametrize("wrong", [(1, 2, 3), "1234", ((1, 2), (3, 4), (5, 6), (7, 8)), 5, ("1", "2", "3", "4")])
def test_what_is_no_region_is_refused_in_words(wrong: Any) -> None:
    for ask in (
        lambda: draw_marker(grey(), wrong, "circle"),
        lambda: render_variant(grey(), wrong, "circle"),
        lambda: attention_inside(np.ones((9, 9)), wrong),
    ):
        with pytest.raises(RegionError, match=r"Expected a Box, .* four numbers \(x0, y0, x1, y1\) .* but got"):
            ask()
    with pytest.raises(RegionError, match="upper left corner first"):
        draw_marker(grey(), (90, 99, 40, 30), "circle")


def test_the_two_drawing_functions_agree() -> None:
    """Options are named, and what is not given is the protocol's."""
    ours, theirs = (inspect.signature(function).parameters for function in (draw_marker, render_variant))
    assert {**ours, "protocol": theirs["protocol"]} == theirs
    assert {name for name, one in theirs.items() if one.kind is one.KEYWORD_ONLY} == {
        "protocol", "color", "width", "opacity",
    }  # fmt: skip
    picture = Image.fromarray(grey()).resize((640, 512))
    for protocol, width in (("native", 3), ("paper", 1)):
        default = render_variant(picture, BOX, "bbox", protocol=protocol)  # type: ignore[arg-type]
        assert default == render_variant(picture, BOX, "bbox", protocol=protocol, width=width)  # type: ignore[arg-type]
    assert draw_marker(picture, BOX, "bbox") == render_variant(picture, BOX, "bbox", protocol="native")


def test_models_are_listed_by_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list_models("sim*") == list_models("SIM*") == ["simclip", "simclip-plain"]
    assert list_models("*-[b]-*") == ["openai-vit-b-16"]
    assert list_models("nothing*") == []
    assert list_models() == list(vpe_core.models.names())


def torch_settings() -> dict[str, object]:
    """Whatever of torch holds for the whole process and can be read."""
    found: dict[str, object] = {"random numbers": torch.get_rng_state().tolist()}
    for name in (
        "get_default_device", "get_default_dtype", "get_deterministic_debug_mode", "get_float32_matmul_precision",
        "get_num_interop_threads", "get_num_threads", "is_autocast_enabled", "is_grad_enabled",
        "is_inference_mode_enabled",
    ):  # fmt: skip
        found[name] = getattr(torch, name)()
    for name in ("cudnn", "mkldnn", "cuda.matmul", "cudnn.conv", "cudnn.rnn", "mkldnn.conv", "mkldnn.matmul"):
        part: Any = torch.backends
        for step in name.split("."):
            part = getattr(part, step)
        for option in ("enabled", "benchmark", "deterministic", "allow_tf32", "fp32_precision"):
            try:
                found[f"{name}.{option}"] = getattr(part, option)
            except (AttributeError, AssertionError):
                continue
    return found


def test_a_model_leaves_torch_as_it_was() -> None:
    torch.manual_seed(3)
    before = torch_settings()
    model = load_model("simclip", device="cpu")
    model.classify(grey(), CLASSES)
    explain(model, grey(), "lung nodule")
    assert len(before) > 20
    assert torch_settings() == before


@pytest.mark.parametrize("first_to_end", [0, 1])
def test_exact_convolutions_end_with_the_last_of_them(first_to_end: int) -> None:
    setting = torch.backends.cudnn.conv
    before = setting.fp32_precision
    with exact_convolutions("cpu"):
        assert setting.fp32_precision == before
    runs = [exact_convolutions("cuda:0"), exact_convolutions("cuda:1")]
    for run in runs:
        run.__enter__()
    runs.pop(first_to_end).__exit__(None, None, None)
    assert setting.fp32_precision == "ieee"
    runs[0].__exit__(None, None, None)
    assert setting.fp32_precision == before != "ieee"


def cells() -> list[str]:
    notebook = json.loads((ROOT / "docs" / "tour.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    return ["".join(cell["source"]) for cell in code]


def run_cell(source: str, names: dict[str, Any]) -> object:
    """What a notebook would show below the cell: the value of its last line."""
    *steps, last = ast.parse(source).body
    assert isinstance(last, ast.Expr)
    exec(compile(ast.Module(steps, []), "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def test_the_tour_runs_cell_by_cell() -> None:
    names: dict[str, Any] = {}
    shown = [run_cell(source, names) for source in cells()]
    assert all(value is not None for value in shown)
    without, marked = names["chances"][:, 0]
    assert marked > without + 0.1, "The tour is about a marker that matters."
    assert shown[2].shape == (2, 3)  # type: ignore[attr-defined]
    assert len(shown[-1]) == 8  # type: ignore[arg-type]


def test_the_first_lines_of_the_readme_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (source,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert run_cell(source, {}).size == (1024, 1024)  # type: ignore[attr-defined]


def test_the_reference_is_that_of_the_docstrings() -> None:
    made = write_api.pages()
    stored = {path.name: path.read_text(encoding="utf-8") for path in write_api.FOLDER.iterdir()}
    stale = [name for name in made.keys() | stored.keys() if made.get(name) != stored.get(name)]
    assert stale == [], "Run python -m scripts.write_api."
    for name in vpe_core.__all__:
        assert any(f"\n## vpe_core.{name}\n" in text for text in made.values()), f"Add {name} to scripts/write_api.py."


def test_errors_are_caught_by_one_name() -> None:
    with pytest.raises(VPEError):
        vpe_core.open_dataset("no-such-set")
