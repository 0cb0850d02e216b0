"""docs/extending.md does what it says: its code is run, and what it adds appears wherever it is promised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import dashboard.demo.state.state_link as demo
from dashboard.classroom import records
from dashboard.classroom.kinds.base import Said
from dashboard.classroom.kinds.catalog import KINDS
from dashboard.classroom.rooms import Rooms
from dashboard.demo.answers.marked_xray import draw
from dashboard.demo.film.xray import Xray
from dashboard.lesson.catalog import STEPS
from dashboard.lesson.progress import Progress, read_link
from dashboard.lesson.step import Setting
from tests.lesson.conftest import Noting, asker, setting  # noqa: F401 - fixtures
from tests.results.memory_run import MemoryRun
from tests.tiny_models import model_root, models  # noqa: F401 - fixtures
from vpe_core import datasets, list_models, load_model, metrics, open_dataset
from vpe_core.attention import METHODS, GazeEncoder, explain
from vpe_core.datasets import DATASETS
from vpe_core.errors import MarkerError
from vpe_core.lab import LabScene, MarkerStyle
from vpe_core.lab import get as get_study
from vpe_core.lab.axes import AXES
from vpe_core.lab.pointing import POINTINGS
from vpe_core.markers import MARKERS, draw_marker
from vpe_core.markers.marks import Mark
from vpe_core.metrics import METRICS
from vpe_core.models import LOADERS, MODELS, VisionLanguageModel
from vpe_core.outlines import OUTLINERS, outline
from vpe_core.plots.controls import control_chart
from vpe_core.plots.theme import DARK, LIGHT
from vpe_core.prompts import build_prompts
from vpe_core.results.analysis.controls import controls
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import paper_rows
from vpe_core.results.analysis.scores import Evaluation
from vpe_core.results.analysis.tables import paper_table
from vpe_core.settings import get_settings
from vpe_core.types import Box

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "extending.md").read_text()
BLOCKS = dict(re.findall(r"^## (.+?)\n.*?^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL))
REGISTRIES = (MARKERS, DATASETS, METRICS, LOADERS, MODELS, METHODS, KINDS, STEPS, AXES, POINTINGS, OUTLINERS)
BOX = Box(40, 60, 120, 160)


@pytest.fixture
def added(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """What the code of one section defines; its entries are in their registry while the test runs."""
    namespace: dict[str, Any] = {}
    before = [registry.names() for registry in REGISTRIES]
    with ExitStack() as stack:
        for registry in REGISTRIES:
            stack.enter_context(registry.restored())  # type: ignore[attr-defined]
        exec(compile(BLOCKS[request.param], f"docs/extending.md: {request.param}", "exec"), namespace)
        yield namespace
    assert [registry.names() for registry in REGISTRIES] == before


def section(title: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("added", [title], indirect=True)


def test_every_section_has_code() -> None:
    assert list(BLOCKS) == re.findall(r"^## (.+)$", PAGE, flags=re.MULTILINE)


@section("A marker")
def test_a_marker(added: dict[str, Any]) -> None:
    xray = Image.new("L", (200, 200))
    drawn = np.asarray(draw_marker(xray, BOX, "diamond", color="red"))
    assert drawn[60, 80].tolist() == [255, 0, 0]  # the upper corner
    assert not drawn[60, 41:60].any()
    assert not drawn[110, 80].any()
    assert build_prompts(["mass"], marker="diamond", suffix=True) == [
        "A chest x-ray with signs of mass indicated by a red diamond."
    ]
    assert [row.title for row in paper_rows(shown=("diamond",))] == ["none", "diamond", "diamond + suffix"]
    run = MemoryRun({"none": 0.2, "diamond/red/1/paper": 1.0})
    table = paper_table([run], rows=paper_rows(shown=("diamond",)), n_resamples=100)
    assert table.set_index("row").loc["diamond", "gain"] > 0
    chart = control_chart(
        controls(run, paper_rows(shown=("diamond",))[1:2], Question(), Evaluation(100)), DARK, title=""
    )
    (dots,) = [trace for trace in chart.data if trace.mode == "markers"]
    assert (dots.name, dots.marker.color, dots.marker.symbol) == ("diamond", "#9ED9CC", ("diamond-tall",))
    assert LIGHT.marker("diamond") == "#2E8B7B"


@section("A marker")
def test_the_live_demo_offers_the_marker(added: dict[str, Any]) -> None:
    assert demo.treatments()[-1] == "diamond"
    state, problems = demo.state_from_query({"treatment": "diamond", "marks": "circle:40,60,120,160"})
    assert (state.treatment, state.marks, problems) == ("diamond", (Mark("circle", BOX),), ())
    xray = Image.new("L", (200, 200))
    assert draw(Xray("x", xray), state) == draw_marker(xray, BOX, "diamond", color="#ff0000", width=state.width)


def test_without_it_there_is_no_such_marker() -> None:
    with pytest.raises(MarkerError, match="no marker called 'diamond'"):
        draw_marker(Image.new("L", (200, 200)), BOX, "diamond")


@section("A data set")
def test_a_data_set(added: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "clinic"
    folder.mkdir()
    Image.new("L", (64, 64), 90).save(folder / "a.png")
    (folder / "2024.csv").write_text("image,finding,x0,y0,x1,y1\na.png,nodule,1,2,30,40\na.png,nodul,1,2,30,40\n")
    monkeypatch.setenv("VPE_DATASETS_DIR", str(tmp_path))
    get_settings.cache_clear()
    assert datasets.names()[-1] == "clinic"
    assert datasets.is_here("clinic")
    clinic = open_dataset("clinic")
    assert [(sample.label, sample.box) for sample in clinic] == [("nodule", Box(1, 2, 30, 40))]
    assert [(problem.row, problem.kind) for problem in clinic.problems] == [(3, "label")]
    assert (clinic.part, clinic.title) == ("2024", "Films of our clinic")
    assert clinic.template == "A chest film that shows {class}{suffix}."


@section("A metric")
def test_a_metric(added: dict[str, Any]) -> None:
    assert metrics.names()[-1] == "brier"
    run = MemoryRun({"none": 0.2, "circle/red/1/paper": 1.0})
    table = paper_table([run], question=Question(metric="brier"), rows=paper_rows(shown=("circle",)), n_resamples=100)
    lines = table.set_index("row")
    assert lines.loc["circle", "value"] < lines.loc["none", "value"]
    assert lines.loc["circle", "low"] < lines.loc["circle", "value"] < lines.loc["circle", "high"]
    assert lines.loc["circle", "gain"] == pytest.approx(lines.loc["circle", "value"] - lines.loc["none", "value"])


@section("A model family")
def test_a_model_family(added: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    folder = tmp_path / "grey-net"
    folder.mkdir()
    (folder / "grey.json").write_text("{}")
    torch.save(added["GreyNetwork"]().state_dict(), folder / "weights.pt")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VPE_ALLOWED_MODELS", str(tmp_path))
    get_settings.cache_clear()
    assert list_models("grey*") == ["grey-net"]
    model = load_model("grey-net", device="cpu")
    assert model.record.weights_file == "weights.pt"
    noise = np.random.default_rng(0).integers(0, 256, (2, 40, 30), dtype=np.uint8)
    chances = model.classify(list(noise), ["nodule", "effusion"])
    assert chances.shape == (2, 2)
    assert chances.sum(axis=1) == pytest.approx(1)
    assert not np.allclose(*chances)
    unlisted = load_model(str(folder), device="cpu")
    np.testing.assert_array_equal(unlisted.classify(list(noise), ["nodule", "effusion"]), chances)
    assert model.reading(["mass " * 80]).too_long == 1
    embeddings, maps = GazeEncoder(model).encode(list(noise))
    assert (embeddings.shape, maps) == ((2, 8), None)


@section("An attention method")
def test_an_attention_method(added: dict[str, Any], models: dict[str, VisionLanguageModel]) -> None:  # noqa: F811
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8))
    heatmap = explain(models["native"], noise, "lung nodule", method="token-norm")
    assert heatmap.values.shape == (64, 64)
    assert heatmap.values.min() < heatmap.values.max()
    assert demo.state_from_query({"method": "token-norm"})[0].method == "token-norm"


@section("A kind of task for a class")
def test_a_kind_of_task(added: dict[str, Any]) -> None:
    assert KINDS.names()[-1] == "immune"
    room, token = Rooms().open()
    member = room.join()
    xray = Xray("x", Image.new("L", (200, 200)))
    room.ask(token, records.TaskQuestion(0, "immune", "x", ("mass", "nodule")), xray)
    for ink, marked in ((0.1, (0.9, 0.1)), (0.3, (0.9, 0.1)), (0.5, (0.1, 0.9))):
        room.answer(
            member, "1-0", drawing=records.MemberDrawing(Mark("circle", BOX)), said=Said((0.9, 0.1), marked, ink)
        )
    (kept,) = room.view().kept
    assert kept.best is not None
    assert (kept.best.score, kept.latest.score) == (0.3, None)
    assert added["KINDS"].get("immune").result(None, kept.best) == "30.0% of the picture inked"


@section("A step of the lesson")
def test_a_step_of_the_lesson(added: dict[str, Any], setting: Setting, asker: Noting) -> None:  # noqa: F811
    step, number = STEPS.get("one_word"), len(STEPS)
    assert read_link({"step": str(number)}) == ("one_word", "simclip", ())
    assert Progress("one_word").number == number
    facts = step.find(step.scene(setting), asker, "yes")
    told = step.tell(facts, "yes")
    assert told.verdict("yes") is not told.verdict("no")
    assert added["percent"](max(facts[0])) in told.model


@section("A sweep of the marker lab")
def test_a_sweep_of_the_marker_lab(added: dict[str, Any], models: dict[str, VisionLanguageModel]) -> None:  # noqa: F811
    xray = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8))
    scene = LabScene(xray, BOX, ("nodule", "effusion"), "nodule", MarkerStyle("circle"))
    curve = get_study("sweep").run(scene, models["native"], axis="breadth")
    assert curve.values == (0.5, 1, 2)
    wide = draw_marker(xray, Box(0, 60, 160, 160), "circle", color="red", width=3)
    alone = models["native"].classify(wide, ["nodule", "effusion"])[0, 0]
    assert curve.probability[2] == pytest.approx(alone, abs=1e-5)
    assert added["AXES"].names()[-1] == "breadth"


@section("A way to point without ink")
def test_a_way_to_point(added: dict[str, Any], models: dict[str, VisionLanguageModel]) -> None:  # noqa: F811
    xray = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8))
    scene, model = LabScene(xray, BOX, ("nodule", "effusion"), "nodule", MarkerStyle("circle")), models["native"]
    (way,) = [one for one in get_study("ink").run(scene, model).ways if one.name == "focus"]
    soft = xray.convert("RGB").filter(added["ImageFilter"].GaussianBlur(200 / 60))
    soft.paste(xray.convert("RGB").crop((40, 60, 120, 160)), (40, 60))
    assert way.probability == pytest.approx(model.classify(soft, ["nodule", "effusion"])[0, 0], abs=1e-5)


@section("A way to outline")
def test_a_way_to_outline(added: dict[str, Any]) -> None:
    found = outline(Image.new("L", (200, 200)), BOX, "diamond")
    assert found.box == BOX
    assert added["OUTLINERS"].names()[-1] == "diamond"
