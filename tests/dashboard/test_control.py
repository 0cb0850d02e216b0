"""The live control puts the marker where a benchmark's variants put it, and speaks of it in plain words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dashboard.demo.answers.answer import answer
from dashboard.demo.answers.control import control_answer, marks_for, picture_for
from dashboard.demo.answers.marked_xray import MarkedXray
from dashboard.demo.answers.second_model import offered_seconds, second_answer
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import CONTROLS, DemoState
from dashboard.frame.control_words import TITLES, WHERE, control_sentence
from tests.app_home import chest
from vpe_core.benchmark.job import AnnotatedImage
from vpe_core.benchmark.pictures import PictureMaker
from vpe_core.cache import BoundedCache
from vpe_core.datasets.gallery import Finding, GalleryImage, another_patient
from vpe_core.images import load_image
from vpe_core.markers import Protocol
from vpe_core.markers.marks import Mark
from vpe_core.models import VisionLanguageModel
from vpe_core.types import Arrow, Box, Polygon, Sample
from vpe_core.variants import Variant, mirrored

CLASSES = ("lung nodule", "pleural effusion", "cardiomegaly")
BOX = Box(60, 80, 160, 170)
MARKED = DemoState(marks=(Mark("circle", BOX),), color="red", width=3)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """An X-ray, its twin at half the size, and another patient's."""
    paths = {name: tmp_path / f"{name}.png" for name in ("image", "twin", "other")}
    for seed, (path, size_wh) in enumerate(zip(paths.values(), ((400, 320), (200, 160), (256, 256)), strict=True)):
        chest(size_wh, seed).save(path)
    return paths


def xray_of(path: Path, twin: Path | None = None) -> Xray:
    return Xray(path.stem, load_image(path), simulated=True, twin=twin, file=path)


@pytest.mark.parametrize("protocol", ["native", "paper"])
@pytest.mark.parametrize("control", CONTROLS)
def test_the_control_is_what_a_benchmark_shows_the_model(
    control: str, protocol: Protocol, model: VisionLanguageModel, files: dict[str, Path]
) -> None:
    xray = xray_of(files["image"], files["twin"])
    picture = picture_for(control, xray, xray_of(files["other"]))
    assert picture is not None
    state = marks_for(control, replace(MARKED, protocol=protocol), xray, picture)
    ours = MarkedXray(model, picture, state, BoundedCache()).seen

    sample = Sample("s", "i", files["image"], "p", "lung nodule", BOX, twin_path=files["twin"])
    where = {"place": "mirror"} if control == "mirror" else {"picture": control}
    variant = Variant("circle", "#ff0000", 3, protocol, **where)  # type: ignore[arg-type]
    maker = PictureMaker(model.prepare, model.view, files["image"].parent)
    (theirs,) = maker(AnnotatedImage(0, {0: sample}, files["other"]), [variant]).inputs
    np.testing.assert_array_equal(np.asarray(ours), theirs.pixels)


@pytest.mark.parametrize("control", CONTROLS)
def test_its_numbers_are_those_of_the_library_and_cost_one_batch(
    control: str, model: VisionLanguageModel, files: dict[str, Path], count_passes: list[int]
) -> None:
    xray, memory = xray_of(files["image"], files["twin"]), BoundedCache()
    state = replace(MARKED, control=control)
    picture = picture_for(control, xray, xray_of(files["other"]))
    assert picture is not None
    result = answer(model, xray, state, CLASSES, memory)
    count_passes.clear()
    found = control_answer(model, result, xray, picture, state, memory)
    assert count_passes == [1 if control == "mirror" else 2]  # the unmarked X-ray has been seen
    control_answer(model, result, xray, picture, state, memory)
    assert len(count_passes) == 1
    marked = MarkedXray(model, picture, marks_for(control, state, xray, picture), BoundedCache()).image
    unmarked, there = model.classify([picture.image.convert("RGB"), marked], CLASSES)
    assert result.marked is not None
    named = int(np.argmax(result.marked.probabilities))
    assert found.target == CLASSES[named]
    assert found.here == result.marked.probabilities[named]
    assert (found.unmarked, found.there) == pytest.approx((unmarked[named], there[named]), abs=1e-5)
    assert found.likeliest == CLASSES[int(there.argmax())]


@pytest.fixture
def count_passes(model: VisionLanguageModel, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures each pass through the network has."""
    passes: list[int] = []
    submit: Callable[..., object] = model.predictor.submit
    monkeypatch.setattr(
        model.predictor, "submit", lambda pictures, *wanted: passes.append(len(pictures)) or submit(pictures, *wanted)
    )
    return passes


def test_the_mirror_turns_every_shape_round() -> None:
    assert mirrored(Box(10, 20, 40, 60), 100) == Box(60, 20, 90, 60)
    assert mirrored(Arrow((10, 20), (40, 60)), 100) == Arrow((90, 20), (60, 60))
    assert mirrored(Polygon(((0, 0), (10, 0), (0, 9))), 100) == Polygon(((100, 0), (90, 0), (100, 9)))


def test_without_a_twin_there_is_no_such_control(files: dict[str, Path]) -> None:
    assert picture_for("twin", xray_of(files["image"]), None) is None
    assert picture_for("twin", xray_of(files["image"], files["image"].with_name("gone.png")), None) is None


def test_another_patient_is_another_one_and_of_the_same_kind_if_there_is_one() -> None:
    def entry(name: str, patient: str, title: str = "No abnormality", simulated: bool = True) -> GalleryImage:
        findings = () if title == "No abnormality" else (Finding(title, BOX),)
        return GalleryImage(name, Path(name), title, "", "", findings, simulated, patient)

    mass, first, second = entry("mass", "1", "Mass"), entry("first", "1"), entry("second", "2")
    real = entry("real", "9", simulated=False)
    unplaced = GalleryImage("unplaced", Path("unplaced"), "Infiltration", "", "", (), False, "8")
    images = (mass, first, second, unplaced, real)
    assert another_patient(images, patient="1", simulated=True) is second
    assert another_patient(images, patient="2", simulated=True) is first
    assert another_patient(images, patient="", simulated=False) is real
    assert another_patient(images[:3], patient="", simulated=False) is first
    assert another_patient((mass,), patient="", simulated=True) is None


def test_every_shipped_sample_with_a_finding_has_a_small_twin() -> None:
    from vpe_core.datasets.gallery import simulated_gallery

    entries = simulated_gallery()
    assert {entry.twin is not None for entry in entries if entry.findings} == {True}
    assert {entry.twin for entry in entries if not entry.findings} == {None}
    assert all(entry.patient for entry in entries)
    twins = [entry.twin for entry in entries if entry.twin]
    assert max(twin.stat().st_size for twin in twins) < 61_000
    assert {load_image(twin).size for twin in twins[:2]} == {(512, 512)}


def test_what_a_control_says() -> None:
    numbers = {"here": 0.9, "there": 0.41, "unmarked": 0.1, "n_classes": 10}
    assert control_sentence("twin", "circle", "lung mass", **numbers) == (  # type: ignore[arg-type]
        "Without the finding, the same circle still gets 41% for lung mass: part of the answer is the marker itself."
    )
    assert control_sentence("twin", "circle", "lung mass", **{**numbers, "there": 0.03}) == (  # type: ignore[arg-type]
        "Without the finding, the same circle gets only 3% for lung mass; guessing is 10%. The answer comes from the "
        "finding, not from the marker alone."
    )
    assert "from the rest of the picture, not from the marker" in control_sentence(
        "other",
        "marks",
        "lung mass",
        **{**numbers, "unmarked": 0.4},  # type: ignore[arg-type]
    )
    assert "no less than here (90%): the answer is the marker's own" in control_sentence(
        "blank",
        "circle",
        "lung mass",
        **{**numbers, "there": 0.95},  # type: ignore[arg-type]
    )
    assert "undecided" in control_sentence("mirror", "box", "lung mass", **{**numbers, "here": 0.12})  # type: ignore[arg-type]
    assert tuple(TITLES) == tuple(WHERE) == CONTROLS


def test_a_second_model_answers_the_same_question(model: VisionLanguageModel, files: dict[str, Path]) -> None:
    xray, state = xray_of(files["image"]), replace(MARKED, template="There is {class}.")
    second = second_answer(model, xray, state, CLASSES, BoundedCache())
    first = answer(model, xray, state, CLASSES, BoundedCache())
    assert first.marked is not None
    assert second.without == pytest.approx(first.without.probabilities, abs=1e-6)
    assert second.marked == pytest.approx(first.marked.probabilities, abs=1e-6)
    assert second_answer(model, xray, DemoState(), CLASSES, BoundedCache()).marked is None


def test_the_projects_own_pair_is_offered_first() -> None:
    assert offered_seconds("simclip")[0] == "simclip-plain"
    assert offered_seconds("biomedclip")[:2] == ("simclip", "simclip-plain")
    assert "simclip" not in offered_seconds("simclip")
