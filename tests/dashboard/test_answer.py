"""The live answer, on a small random model of the embedded models' shape."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageChops

from dashboard.demo.answer_column.all_methods import method_views
from dashboard.demo.answer_column.class_evidence import evidence_maps
from dashboard.demo.answers.answer import answer
from dashboard.demo.answers.marked_xray import draw, suffix_words
from dashboard.demo.answers.presence import presence_probabilities
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import COLORS, DemoState
from dashboard.frame.verdicts import EACH
from vpe_core import draw_marker, explain
from vpe_core.attention import METHODS, attention_inside, patch_relevance
from vpe_core.attention.resample import grid_to_image
from vpe_core.cache import BoundedCache
from vpe_core.markers.marks import Mark
from vpe_core.models import VisionLanguageModel, load_model
from vpe_core.plots.answer_html import MapValues
from vpe_core.prompts import ENSEMBLES, marker_suffix
from vpe_core.settings import get_settings
from vpe_core.types import Arrow, Box

CLASSES = ("lung nodule", "pleural effusion", "cardiomegaly")
CIRCLE = Mark("circle", Box(60, 80, 160, 170))
MARKED = DemoState(marks=(CIRCLE,))


@pytest.fixture
def picture(xray: Image.Image) -> Xray:
    return Xray("test", xray)


def test_the_numbers_are_those_of_the_library(model: VisionLanguageModel, picture: Xray) -> None:
    result = answer(model, picture, MARKED, CLASSES, BoundedCache())
    marked = draw_marker(picture.image, CIRCLE.region, "circle", color=COLORS["red"], width=3)
    expected = model.classify([picture.image.convert("RGB"), marked], CLASSES)
    assert result.marked is not None
    np.testing.assert_allclose([result.without.probabilities, result.marked.probabilities], expected, atol=1e-5)
    assert result.target == CLASSES[int(expected[1].argmax())]
    assert sum(result.marked.probabilities) == pytest.approx(1)


def test_attention_is_that_of_the_library(model: VisionLanguageModel, picture: Xray) -> None:
    state = replace(MARKED, target="cardiomegaly")
    result = answer(model, picture, state, CLASSES, BoundedCache())
    heat = explain(model, draw(picture, state), "cardiomegaly", method=state.method)
    assert result.inside is not None
    expected = attention_inside(heat, ellipse(CIRCLE.region.box, picture.size_wh))
    assert result.inside.after == pytest.approx(expected.share, abs=0.001)
    assert result.inside.area == pytest.approx(expected.area, abs=0.001)
    assert result.inside.area == pytest.approx(np.pi / 4 * CIRCLE.region.box.area / np.prod(picture.size_wh), rel=0.01)
    assert result.without.heatmap.size_wh == result.without.preview.size


@pytest.mark.parametrize(("method", "label"), [("rollout", None), ("last-layer", None), ("legrad", "cardiomegaly")])
def test_the_attention_of_a_method_that_reads_no_text_is_of_no_class(
    method: str, label: str | None, model: VisionLanguageModel, picture: Xray
) -> None:
    result = answer(model, picture, replace(MARKED, target="cardiomegaly", method=method), CLASSES, BoundedCache())
    assert result.marked is not None
    assert [view.heatmap.label for view in (result.without, result.marked)] == [label, label]


def ellipse(box: Box, size_wh: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels whose middle lies in the ellipse that the box encloses."""
    (x, y), (width, height) = box.center, size_wh
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    return np.asarray(((columns - x) / (box.width / 2)) ** 2 + ((rows - y) / (box.height / 2)) ** 2 <= 1)


@pytest.mark.parametrize("method", ["legrad", "gradient", "patch-text"])
def test_before_a_stroke_evidence_is_for_the_class_that_the_answer_names(
    method: str, model: VisionLanguageModel, picture: Xray
) -> None:
    result = answer(model, picture, DemoState(method=method), CLASSES, BoundedCache())
    named = CLASSES[int(np.argmax(result.without.probabilities))]
    assert (result.target, result.without.heatmap.label) == (named, named)
    expected = explain(model, result.without.preview, named, method=method)
    np.testing.assert_allclose(result.without.heatmap.values, expected.values, atol=0.02 * expected.values.max())


def test_without_marks_there_is_one_answer(model: VisionLanguageModel, picture: Xray) -> None:
    result = answer(model, picture, DemoState(), CLASSES, BoundedCache())
    assert result.marked is None
    assert result.inside is None


def watch(model: VisionLanguageModel, monkeypatch: pytest.MonkeyPatch, note: Callable[[Any, Any], None]) -> None:
    """Tells of everything that the model's predictor is asked: the pictures, and what is wanted of them."""
    submit = model.predictor.submit

    def noting(pictures: Any, *wanted: Any) -> Any:
        note(pictures, wanted)
        return submit(pictures, *wanted)

    monkeypatch.setattr(model.predictor, "submit", noting)


def test_a_stroke_costs_one_pass_and_another_wording_none(
    model: VisionLanguageModel, picture: Xray, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []
    watch(model, monkeypatch, lambda pictures, _wanted: passes.append(len(pictures)))
    memory = BoundedCache()
    answer(model, picture, DemoState(), CLASSES, memory)
    answer(model, picture, MARKED, CLASSES, memory)
    assert passes == [1, 1]
    for change in ({"template": "There is {class}."}, {"template": "reports"}, {"suffix": True}):
        answer(model, picture, replace(MARKED, **change), CLASSES[:2], memory)
    assert passes == [1, 1]
    answer(model, picture, replace(MARKED, color="yellow"), CLASSES, memory)
    assert passes == [1, 1, 1]
    answer(model, picture, replace(MARKED, method="rollout"), CLASSES, memory)
    assert passes == [1, 1, 1, 1, 1]  # without and with the mark
    answer(model, picture, MARKED, CLASSES, BoundedCache())
    assert passes == [1, 1, 1, 1, 1, 1, 1]  # a link asks of each alone, and gets the same to the last bit


def test_the_attention_shown_is_that_of_the_method(model: VisionLanguageModel, picture: Xray) -> None:
    for method in ("last-layer", "rollout", "legrad"):
        result = answer(model, picture, replace(MARKED, method=method), CLASSES, BoundedCache())
        assert result.marked is not None
        grid = patch_relevance(model, [result.marked.seen], result.target, method=method)[0]
        shown = grid_to_image(grid, model.view(result.marked.preview.size), result.marked.preview.size)
        np.testing.assert_allclose(result.marked.heatmap.values, shown, atol=1e-6)


def test_two_sessions_remember_nothing_of_each_other(model: VisionLanguageModel, xray: Image.Image) -> None:
    first, second = BoundedCache(), BoundedCache()
    mine = answer(model, Xray("same-key", xray), DemoState(), CLASSES, first)
    other = answer(model, Xray("same-key", ImageChops.invert(xray)), DemoState(), CLASSES, second)
    assert mine.without.probabilities != other.without.probabilities


@pytest.mark.parametrize("treatment", ["crop", "spotlight", "blur", "grayscale-tint", "bbox", "arrow"])
def test_regions_can_be_shown_in_another_way(model: VisionLanguageModel, picture: Xray, treatment: str) -> None:
    state = replace(MARKED, treatment=treatment, color="yellow")
    shown = draw(picture, state)
    expected = draw_marker(picture.image, CIRCLE.region, treatment, color=COLORS["yellow"], width=3)
    assert ImageChops.difference(shown, expected).getbbox() is None
    result = answer(model, picture, state, CLASSES, BoundedCache())
    assert result.marked is not None
    assert (result.inside is None) == (treatment == "crop")


def test_a_crop_that_fits_its_thumbnail_is_still_a_crop(model: VisionLanguageModel) -> None:
    big = Xray("big", Image.new("L", (1500, 1500), 90))
    state = DemoState(marks=(Mark("bbox", Box(300, 300, 1000, 1000)),), treatment="crop")
    result = answer(model, big, state, CLASSES, BoundedCache())
    assert result.marked is not None
    assert result.marked.preview.size == result.without.preview.size
    assert result.cropped
    assert result.inside is None


def test_words_of_our_own_ensembles_are_not_said_to_be_unreadable(
    model: VisionLanguageModel, picture: Xray, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = replace(MARKED, template="reports")
    assert any("consistent" in template for template in ENSEMBLES["reports"])

    def unread(texts: Iterable[str]) -> tuple[str, ...]:
        told = " ".join(texts).lower()
        return tuple(word for word in ("consistent", "zebra") if word in told)

    monkeypatch.setattr(model, "unknown_words", unread)
    assert answer(model, picture, ours, ("lung nodule", "cardiomegaly"), BoundedCache()).unknown_words == ()
    assert answer(model, picture, ours, ("lung nodule", "zebra"), BoundedCache()).unknown_words == ("zebra",)
    typed = replace(MARKED, template="Zebra: {class}")
    assert "zebra" in answer(model, picture, typed, ("lung nodule", "cardiomegaly"), BoundedCache()).unknown_words


def test_several_marks_are_all_drawn_and_treated_as_one_region(picture: Xray) -> None:
    marks = (CIRCLE, Mark("arrow", Arrow((300, 20), (240, 90))))
    both = draw(picture, DemoState(marks=marks))
    for mark in marks:
        alone = draw(picture, DemoState(marks=(mark,)))
        difference = ImageChops.difference(alone, picture.image.convert("RGB"))
        x, y = np.argwhere(np.asarray(difference).max(axis=2) > 60)[0][::-1]
        assert both.getpixel((int(x), int(y))) == alone.getpixel((int(x), int(y)))
    spot = draw(picture, DemoState(marks=marks, treatment="spotlight"))
    between = (200, 75)
    assert spot.getpixel(between) == picture.image.convert("RGB").getpixel(between)


def test_the_prompt_names_the_marker_only_if_told_to() -> None:
    assert suffix_words(MARKED) == ""
    assert suffix_words(replace(MARKED, suffix=True)) == " indicated by a red circle"
    assert suffix_words(replace(MARKED, suffix=True, treatment="crop")) == ""
    assert suffix_words(DemoState(suffix=True)) == ""


def test_all_methods_show_what_the_library_computes(model: VisionLanguageModel, picture: Xray) -> None:
    views = method_views(model, picture, MARKED, "cardiomegaly", BoundedCache())
    assert [view.name for view in views] == [name for name, method in METHODS.items() if not method.slow]
    for view in views:
        one = answer(model, picture, replace(MARKED, method=view.name, target="cardiomegaly"), CLASSES, BoundedCache())
        assert one.marked is not None
        assert view.share is not None
        assert view.share == one.inside
        np.testing.assert_allclose(view.maps[1].values, one.marked.heatmap.values, atol=1e-6)
    assert [len(view.maps) for view in method_views(model, picture, DemoState(), CLASSES[0], BoundedCache())] == [1] * 5


def test_a_plain_stroke_computes_nothing_that_is_not_shown(
    model: VisionLanguageModel, picture: Xray, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[object] = []
    watch(model, monkeypatch, lambda _pictures, asked: wanted.extend(asked[:1]))
    answer(model, picture, MARKED, CLASSES, BoundedCache())
    assert [type(want).__name__ for want in wanted] == ["EmbeddingAndGaze"] * 2


def test_the_evidence_for_each_class_is_that_of_the_library(model: VisionLanguageModel, picture: Xray) -> None:
    state, memory = replace(MARKED, method="legrad"), BoundedCache()
    result = answer(model, picture, state, CLASSES, memory)
    maps = evidence_maps(result, model, picture, state, memory)
    assert len(maps) == 2
    for name in CLASSES:
        one = answer(model, picture, replace(state, target=name), CLASSES, BoundedCache())
        assert one.marked is not None
        for shown, impression in zip(maps, (one.without, one.marked), strict=True):
            expected = MapValues.of(impression.heatmap, impression.preview.size, 40)
            assert (shown["columns"], shown["rows"]) == (expected.columns, expected.rows)
            levels = np.frombuffer(base64.b64decode(shown["levels"][name]), np.uint8)  # type: ignore[index]
            difference = levels.astype(int) - np.frombuffer(expected.levels, np.uint8)
            assert abs(difference).max() <= 1


def test_what_is_present_is_what_the_benchmark_says_of_the_same_embedding_in_every_digit() -> None:
    from vpe_core.benchmark.runner import run_folder
    from vpe_core.datasets import open_dataset
    from vpe_core.results import open_run
    from vpe_core.results.analysis.questions import Question
    from vpe_core.results.analysis.scores import score_variant

    dataset = open_dataset("sim-multi")
    run = open_run(run_folder(get_settings().precomputed_dir / "results" / "benchmark", dataset, "simclip"))
    variant = next(one for one in run.variants if one.marker == "circle" and not one.is_control)
    simclip = load_model("simclip", precision="fp32")
    for template in ("There is {class}.", "reports"):
        question = Question(scoring="pairs", template=template, suffix=True)
        asked = score_variant(run, variant, question, lambda _, texts: simclip.encode_texts(list(texts))).scores
        shown = [
            presence_probabilities(
                simclip, row[np.newaxis], dataset.classes, ENSEMBLES.get(template, template),
                marker_suffix(variant.marker, variant.color),
            )
            for row in run.embeddings(variant)[:5]
        ]  # fmt: skip
        np.testing.assert_allclose(shown, asked[:5], atol=1e-5 if template == "reports" else 1e-12)


def test_each_class_is_answered_without_regard_to_the_others(model: VisionLanguageModel, picture: Xray) -> None:
    each = replace(MARKED, question=EACH)
    together = answer(model, picture, each, CLASSES, BoundedCache())
    alone = answer(model, picture, each, CLASSES[:1], BoundedCache())
    assert together.marked is not None
    assert alone.marked is not None
    assert alone.marked.probabilities == pytest.approx(together.marked.probabilities[:1])
    assert alone.without.probabilities == pytest.approx(together.without.probabilities[:1])
