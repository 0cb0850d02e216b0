"""Every study against the plain way: the marker drawn by `draw_marks`, picture by picture, and `classify`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from vpe_core import lab
from vpe_core.attention import GazeEncoder, attention_inside
from vpe_core.attention.resample import grid_to_image
from vpe_core.errors import LabError, PromptError
from vpe_core.images.blank import blank_pixels
from vpe_core.lab import LabScene, MarkerStyle
from vpe_core.lab.axes import AXES
from vpe_core.lab.compare import COLORS, Compared, Fragility, lab_markers, styles_of
from vpe_core.lab.counter_tests import CounterTests, empty_places
from vpe_core.lab.scan import places
from vpe_core.lab.scene import moved_to, resized
from vpe_core.lab.text_against_marker import TextAgainstMarker
from vpe_core.markers import get as get_marker
from vpe_core.markers.marks import Mark, draw_marks, marked_area
from vpe_core.models import VisionLanguageModel
from vpe_core.types import Box, Polygon, Region

EXACT = 1e-5
"""Up to the rounding of another batch size."""


def plainly(
    model: VisionLanguageModel, scene: LabScene, style: MarkerStyle | None, region: Region | None = None
) -> float:
    """The probability of the class with one marker."""
    return float(model.classify(picture(scene, style, region), scene.classes)[0, scene.column])


def picture(scene: LabScene, style: MarkerStyle | None, region: Region | None = None) -> Image.Image:
    if style is None:
        return draw_marks(scene.image, [])
    drawn = [Mark("bbox", region or scene.region)]
    return draw_marks(scene.image, drawn, treatment=style.marker, color=style.color, width=style.width)


@pytest.mark.parametrize("name", lab.names())
def test_every_study_asks_in_batches_tells_its_progress_and_can_be_stopped(
    name: str, model: VisionLanguageModel, scene: LabScene
) -> None:
    told: list[tuple[int, int]] = []
    options: dict[str, object] = {"scan": {"n": 8}, "faithfulness": {"steps": 2}}.get(name, {})
    lab.get(name).run(scene, model, report=lambda *step: told.append(step), **options)
    dones, totals = zip(*told, strict=True)
    assert list(dones) == sorted(dones)
    assert dones[0] == 0
    assert dones[-1] == totals[-1] == totals[0]

    class Stop(BaseException):
        pass

    def stop(done: int, total: int) -> None:
        if done:
            raise Stop

    with pytest.raises(Stop):
        lab.get(name).run(scene, model, report=stop, **options)


def test_compare_all_gives_what_each_variant_gets_alone(model: VisionLanguageModel, scene: LabScene) -> None:
    seen: list[np.ndarray] = []
    found: Compared = lab.get("compare").run(scene, model, widths=(1, 3), on_picture=seen.append)
    assert len(seen) == len(found.styles) + 1
    assert {style.marker for style in found.styles} == set(lab_markers(scene))
    np.testing.assert_array_equal(seen[0], model.prepare(picture(scene, None)))
    assert found.unmarked[found.column] == pytest.approx(plainly(model, scene, None), abs=EXACT)
    for number, style in enumerate(found.styles):
        drawn = picture(scene, style)
        np.testing.assert_array_equal(seen[number + 1], model.prepare(drawn))
        assert found.probabilities[number, found.column] == pytest.approx(plainly(model, scene, style), abs=EXACT)
        _, maps = GazeEncoder(model).encode(drawn)
        assert maps is not None
        if get_marker(style.marker).crops:
            assert np.isnan(found.attention[number])
        else:
            spread = grid_to_image(maps[0], model.view(scene.size_wh), scene.size_wh)
            place = marked_area([Mark("circle", scene.region)], scene.size_wh)
            assert found.attention[number] == pytest.approx(attention_inside(spread, place).share, abs=1e-4)
    assert found.order == sorted(range(len(found.styles)), key=lambda place: -found.changes[place])


def test_fragility_is_the_range_over_colour_width_shape_and_a_few_pixels(
    model: VisionLanguageModel, scene: LabScene
) -> None:
    found: Fragility = lab.get("compare").run(scene, model, widths=(1, 3)).fragility
    style, step = scene.style, 8 / 256
    dx, dy = step * scene.size_wh[0], step * scene.size_wh[1]
    kept = [plainly(model, scene, style)]
    expected = {
        "colour": [plainly(model, scene, replace(style, color=ink)) for ink in COLORS.values()],
        "width": [plainly(model, scene, replace(style, width=width)) for width in (1, 3)],
        "shape": [
            plainly(model, scene, replace(style, marker=name)) for name in ("bbox", "arrow", "point")
        ],
        "offset": [
            plainly(model, scene, style, scene.region.shifted(x * dx, y * dy))
            for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y
        ],
    }  # fmt: skip
    assert set(found.axes) == set(expected)
    for name, chances in expected.items():
        assert found.axes[name] == pytest.approx((min(kept + chances), max(kept + chances)), abs=EXACT)
    together = [chance for chances in expected.values() for chance in chances] + kept
    assert found.score == pytest.approx(max(together) - min(together), abs=2 * EXACT)
    assert found.n_pictures == len(together) - 3  # the present marker, which is red and 3 px wide


def test_the_present_look_is_compared_once_whatever_it_is(scene: LabScene) -> None:
    for style in (
        scene.style,
        MarkerStyle("circle", "#123456", 3),
        MarkerStyle("circle", "red", 2.5),
        MarkerStyle("crop"),
        MarkerStyle("blur"),
    ):
        styles = styles_of(replace(scene, style=style))
        assert sum(style.same_picture(one) for one in styles) == 1


@pytest.mark.parametrize(
    ("axes", "flips", "said"),
    [
        (
            {"shape": (0.69, 0.71)},
            0,
            "Robust to one change at a time: from the present marker (70%), mass gets 69% to 71%; over all 55 ways, 8% "
            "(white circle, 1 px) to 90% (blur).",
        ),
        ({"shape": (0.6, 0.7)}, 0, "Slightly fragile to one change at a time: from the present marker (70%), mass"),
        (
            {"shape": (0.6, 0.7), "width": (0.3, 0.7)},
            3,
            "It depends most on the width (30% to 70%). Another class leads in 3 of the 20",
        ),
        ({"shape": (0.1, 0.7)}, 9, "Very fragile"),
    ],
)
def test_the_words_for_fragility_follow_the_numbers(
    axes: dict[str, tuple[float, float]], flips: int, said: str
) -> None:
    assert said in Fragility("mass", 0.7, axes, flips, 20).words(
        "over all 55 ways, 8% (white circle, 1 px) to 90% (blur)"
    )


@pytest.mark.parametrize("axis", AXES.names())
def test_a_sweep_gives_what_each_value_gets_alone(model: VisionLanguageModel, scene: LabScene, axis: str) -> None:
    some = AXES.get(axis).values[::3]
    curve = lab.get("sweep").run(scene, model, axis=axis, values=some)
    assert set(curve.values) == {*some, curve.present}
    assert curve.unmarked == pytest.approx(plainly(model, scene, None), abs=EXACT)
    present = curve.values.index(curve.present)
    assert curve.probability[present] == pytest.approx(plainly(model, scene, scene.style), abs=EXACT)
    for number, value in enumerate(curve.values):
        drawings = AXES.get(axis).drawings(scene, value)
        alone = [float(model.classify(one.on(scene.image), scene.classes)[0, 0]) for one in drawings]
        assert curve.probability[number] == pytest.approx(np.mean(alone), abs=EXACT)
        assert (curve.low[number], curve.high[number]) == pytest.approx((min(alone), max(alone)), abs=EXACT)
        assert curve.n_pictures[number] == len(alone)


def test_what_a_sweep_draws(scene: LabScene) -> None:
    (hue,) = AXES.get("hue").drawings(scene, 240)
    assert hue.style.color == "#0000ff"
    assert AXES.get("hue").present(replace(scene, style=MarkerStyle("circle", "gray"))) is None
    (size,) = AXES.get("size").drawings(scene, 2)
    assert size.region.box.center == pytest.approx(scene.region.box.center)
    assert size.region.box.width == pytest.approx(2 * scene.region.box.width)
    offsets = AXES.get("offset").drawings(scene, 110)
    assert len(offsets) == 2  # left and up, the middle would leave the picture
    assert {round(one.region.box.center[0] - scene.region.box.center[0], 3) for one in offsets} == {
        round(110 * 220 / 256, 3), 0,
    }  # fmt: skip
    hard, soft = (np.asarray(one.on(scene.image), int) for one in (scene.present, replace(scene.present, soft_px=2)))
    plain = np.asarray(picture(scene, None), int)
    assert (np.abs(soft - plain).max(axis=2) > 0).sum() > (np.abs(hard - plain).max(axis=2) > 0).sum()
    assert np.abs(soft - plain).max() < np.abs(hard - plain).max()


def test_a_sweep_that_means_nothing_is_refused(models: dict[str, VisionLanguageModel], scene: LabScene) -> None:
    crop = replace(scene, style=MarkerStyle("crop"))
    for axis, said in (
        ("width", "A crop has no width"),
        ("hue", "no colour"),
        ("softness", "means nothing for a crop"),
    ):
        with pytest.raises(LabError, match=said):
            lab.get("sweep").run(crop, models["native"], axis=axis)
    assert lab.get("sweep").run(crop, models["native"], axis="size").values


@pytest.mark.parametrize("sizes", [(1.0,), (0.5, 2.0)])
def test_a_scan_gives_what_each_place_gets_alone(
    model: VisionLanguageModel, scene: LabScene, sizes: Sequence[float]
) -> None:
    found = lab.get("scan").run(scene, model, n=8, sizes=sizes)
    assert found.quick
    assert found.maps.shape == (len(sizes), 8, 8)
    for number, size in enumerate(sizes):
        for place in (0, 9, 27, 36, 63):
            region = moved_to(resized(scene.region, size), places(8, scene.size_wh)[place])
            alone = plainly(model, scene, scene.style, region)
            assert found.maps[number].flat[place] == pytest.approx(alone, abs=0.002)  # pictures differ by 1 of 255
    assert found.peak == places(8, scene.size_wh)[int(found.grid.argmax())]
    assert found.unmarked == pytest.approx(plainly(model, scene, None), abs=EXACT)
    assert found.attention_found is not None
    assert found.words().startswith("Over 64 places, lung nodule gets ")
    assert "is not known" in replace(found, found=None).words()


def test_a_scan_of_too_many_places_is_refused(models: dict[str, VisionLanguageModel], scene: LabScene) -> None:
    with pytest.raises(LabError, match="8 to 28 places"):
        lab.get("scan").run(scene, models["native"], n=29)


def test_text_against_marker_gives_what_each_wording_gets_alone(model: VisionLanguageModel, scene: LabScene) -> None:
    found: TextAgainstMarker = lab.get("text").run(scene, model)
    assert found.markers == ("none", "arrow", "bbox", "circle", "point")
    assert found.suffixes[0] == ""
    assert found.suffixes[-1] == " indicated by a blue circle"
    for row, marker in enumerate(found.markers):
        drawn = picture(scene, replace(scene.style, marker=marker) if row else None)
        for column, suffix in enumerate(found.suffixes):
            alone = model.classify(drawn, scene.classes, suffix=suffix)[0, scene.column]
            assert found.probabilities[row, column] == pytest.approx(alone, abs=EXACT)
    circle = found.markers.index("circle")
    assert [found.suffixes[place] for place in np.flatnonzero(found.fits[circle])] == [" indicated by a red circle"]
    assert found.fits.sum() == 4
    assert not (found.fits & found.lies).any()
    assert not found.lies[0].any()


@pytest.mark.parametrize(
    ("silent", "true", "lie", "said"),
    [
        (0.5, 0.5, 0.51, "the words hardly matter"),
        (0.5, 0.7, 0.71, "whether they are true does not"),
        (0.5, 0.7, 0.4, "words that fit the marker do more"),
        (0.5, 0.4, 0.7, "does not check them"),
    ],
)
def test_the_words_about_words_follow_the_numbers(silent: float, true: float, lie: float, said: str) -> None:
    fits = np.array([[False, False, False], [False, True, False]])
    lies = np.array([[False, False, False], [False, False, True]])
    chances = np.array([[0.1, 0.1, 0.1], [silent, true, lie]], np.float32)
    assert said in TextAgainstMarker("mass", ("none", "circle"), ("", " a", " b"), chances, fits, lies).words()


def test_counter_tests_give_what_each_place_gets_alone(model: VisionLanguageModel, scene: LabScene) -> None:
    found: CounterTests = lab.get("counter").run(scene, model)
    assert [one.name for one in found.elsewhere] == ["empty", "mirror", "blank", "twin"]
    assert set(found.missing) == {"other"}
    assert found.here.marked == pytest.approx(plainly(model, scene, scene.style), abs=EXACT)
    assert found.here.unmarked == pytest.approx(plainly(model, scene, None), abs=EXACT)
    by_name = {one.name: one for one in found.elsewhere}
    empty = [plainly(model, scene, scene.style, place) for place in empty_places(scene)]
    assert by_name["empty"].marked == pytest.approx(np.mean(empty), abs=EXACT)
    assert by_name["empty"].n == len(empty)
    assert (by_name["empty"].low, by_name["empty"].high) == pytest.approx((min(empty), max(empty)), abs=EXACT)
    x0, y0, x1, y1 = scene.region.box.xyxy
    mirrored = plainly(model, scene, scene.style, Box(220 - x1, y0, 220 - x0, y1))
    assert by_name["mirror"].marked == pytest.approx(mirrored, abs=EXACT)
    for name, image in (("blank", blank_pixels((220, 180)).grey()), ("twin", scene.others["twin"])):
        there = replace(scene, image=image)
        assert by_name[name].marked == pytest.approx(plainly(model, there, scene.style), abs=EXACT)
        assert by_name[name].unmarked == pytest.approx(plainly(model, there, None), abs=EXACT)


def test_empty_places_keep_clear_of_what_is_known(scene: LabScene) -> None:
    other = Box(130, 100, 200, 170)
    found = empty_places(replace(scene, avoid=(*scene.avoid, other)))
    assert found
    assert found == empty_places(replace(scene, avoid=(*scene.avoid, other)))
    for place in found:
        assert place.box.clipped(*scene.size_wh) == place.box
        for taken in (scene.region.box, other):
            left, top = max(place.box.x0, taken.x0), max(place.box.y0, taken.y0)
            assert left >= min(place.box.x1, taken.x1) or top >= min(place.box.y1, taken.y1)
    assert empty_places(replace(scene, region=Box(0, 0, 219, 179))) == []


def test_prompts_about_marked_pictures_name_the_marker_if_they_are_to(
    models: dict[str, VisionLanguageModel], scene: LabScene
) -> None:
    model, named = models["native"], replace(scene, named=True)
    found: Compared = lab.get("compare").run(named, model, widths=(3,))
    place = next(n for n, style in enumerate(found.styles) if (style.marker, style.color_name) == ("bbox", "yellow"))
    suffix = " indicated by a yellow bounding box"
    alone = model.classify(picture(scene, found.styles[place]), scene.classes, suffix=suffix)[0]
    np.testing.assert_allclose(found.probabilities[place], alone, atol=EXACT)
    np.testing.assert_allclose(found.unmarked, model.classify(scene.image, scene.classes)[0], atol=EXACT)


def test_a_contour_and_a_class_that_is_none(models: dict[str, VisionLanguageModel], scene: LabScene) -> None:
    contour = replace(scene, region=Polygon(((60, 50), (120, 55), (90, 100))), style=MarkerStyle("contour"))
    assert lab.get("scan").run(contour, models["native"], n=8).quick
    with pytest.raises(PromptError, match="Expected a class out of"):
        replace(scene, target="nosuch")
