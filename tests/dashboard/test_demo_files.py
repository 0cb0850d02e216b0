"""The files that the live demo hands out."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
import pytest
from PIL import Image, ImageColor

from dashboard.demo.answer_column.copy_link import HERE_ONLY, NETWORK_ONLY, reach_of
from dashboard.demo.answer_column.exports import change_of_shape, marked_png, overlays_png, slide_png, table_csv
from dashboard.demo.answers.answer import Answer, answer
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import UPLOAD, DemoState
from tests.app_home import chest
from vpe_core import load_model
from vpe_core.cache import BoundedCache
from vpe_core.geometry import View
from vpe_core.markers.marks import Mark
from vpe_core.models import Model
from vpe_core.plots.percent import percent
from vpe_core.plots.take_along import LABEL, OUT_OF_DOMAIN
from vpe_core.plots.theme import LIGHT
from vpe_core.types import Box

Asked: TypeAlias = tuple[Answer, Model, Xray]


@pytest.mark.parametrize(
    ("simulated_only", "simulated", "caution"),
    [(True, False, OUT_OF_DOMAIN), (True, True, ""), (False, False, ""), (False, True, "")],
)
def test_a_table_says_when_the_model_has_never_seen_such_an_xray(
    simulated_only: bool, simulated: bool, caution: str
) -> None:
    spec = SimpleNamespace(simulated_only=simulated_only)
    record = SimpleNamespace(weights_sha256="0", versions=(("torch", "2.9"), ("timm", "1.0")))
    model: Any = SimpleNamespace(name="m", spec=spec, record=record)
    xray: Any = SimpleNamespace(simulated=simulated, key="k", image=Image.new("L", (8, 6)))
    looked = SimpleNamespace(probabilities=(0.25, 0.75))
    result: Any = SimpleNamespace(classes=("a", "b"), target="a", without=looked, marked=None)
    text = table_csv(result, model, xray, DemoState(color="white", sample=UPLOAD)).decode()
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["caution"] for line in lines] == [caution] * 2
    assert [line["simulated"] for line in lines] == [str(simulated)] * 2
    assert {line["prompt"] for line in lines} == {DemoState().template}
    assert {line["package_versions"] for line in lines} == {"torch 2.9; timm 1.0"}
    assert {line["settings"] for line in lines} == {"color=white"}
    assert {line["attention_method"] for line in lines} == {DemoState().method}
    assert {line["xray_pixels_sha256"] for line in lines} == {hashlib.sha256(bytes(48)).hexdigest()}


@pytest.mark.parametrize(
    ("link", "reach"),
    [
        ("http://localhost:8501/live_demo?marks=a", HERE_ONLY),
        ("http://127.0.0.1:8501/live_demo", HERE_ONLY),
        ("http://[::1]:8501/", HERE_ONLY),
        ("http://192.168.0.7:8501/live_demo", NETWORK_ONLY),
        ("http://workstation:8501/live_demo", NETWORK_ONLY),
        ("https://lab.example.org/live_demo", ""),
        ("http://93.184.216.34/live_demo", ""),
        ("", ""),
    ],
)
def test_an_address_that_does_not_work_everywhere_says_so(link: str, reach: str) -> None:
    assert reach_of(link) == reach


MARKED = DemoState(marks=(Mark("circle", Box(100, 120, 260, 300)),), target="lung mass")


@pytest.fixture(scope="module")
def asked() -> Asked:
    """A simulated X-ray, what the embedded model answers, and the model."""
    model = load_model("simclip", device="cpu", precision="fp32")
    xray = Xray("x", chest((512, 480)), simulated=True)
    return answer(model, xray, MARKED, MARKED.shown_classes, BoundedCache()), model, xray


def test_pictures_keep_the_xrays_own_size_and_say_what_was_asked_and_answered(asked: Asked) -> None:
    result, model, xray = asked
    place = result.classes.index("lung mass")
    assert result.marked is not None
    chances = [percent(one.probabilities[place]) for one in (result.without, result.marked)]
    for make, width in ((marked_png, 512), (overlays_png, 2 * 512 + 8), (slide_png, 1920)):
        with Image.open(io.BytesIO(make(result, model, xray, MARKED))) as picture:
            about = picture.info
            assert picture.width == width
            assert picture.height == 1080 if make is slide_png else picture.height > 480
        assert about["Description"] == LABEL
        assert f"lung mass: {chances[0]} → {chances[1]} with the circle" in about["Comment"]
        assert "A chest x-ray with signs of {class}." in about["Comment"]
        assert "red circle, line 3 px" in about["Comment"]


def test_pictures_out_of_the_models_domain_give_no_answer(asked: Asked) -> None:
    result, model, xray = asked
    for make in (marked_png, overlays_png, slide_png):
        with Image.open(io.BytesIO(make(result, model, replace(xray, simulated=False), MARKED))) as picture:
            assert picture.info["Description"] == OUT_OF_DOMAIN
            assert picture.info["Comment"].startswith("Means nothing here: lung mass")
            if make is slide_png:
                slide = np.asarray(picture)
    assert not (slide == ImageColor.getrgb(LIGHT.marked)).all(-1).any(), "no bar and no key has an answer's colour"
    assert not (slide == ImageColor.getrgb(LIGHT.unmarked)).all(-1).any()
    unmarked = slide[212:782, 60:630].astype(int)
    assert np.ptp(unmarked, axis=-1).max() == 0, "the film without a map, which would mean nothing"
    assert unmarked.max() > 0.8 * 255


@pytest.mark.parametrize(
    ("size_wh", "protocol", "words"),
    [
        ((512, 512), "native", ""),
        ((400, 500), "paper", "The film is 400 by 500: it is squeezed from above, and shapes with it."),
        ((500, 400), "paper", "The film is 500 by 400: it is squeezed from the sides, and shapes with it."),
    ],
)
def test_a_film_that_loses_its_shape_before_the_model_sees_it_is_told_of(
    size_wh: tuple[int, int], protocol: Any, words: str, asked: Asked
) -> None:
    _, model, xray = asked
    film, state = replace(xray, image=chest(size_wh)), DemoState(protocol=protocol)
    assert change_of_shape(model.view(size_wh), film, state) == words
    if words:
        squeezed = View.squash(size_wh, (224, 224))
        assert change_of_shape(squeezed, film, DemoState()) == words
        assert change_of_shape(View.contain(size_wh, (224, 224)), film, DemoState()) == ""
        assert "is cut off" in change_of_shape(View.center_crop(size_wh, 224), film, DemoState())


def test_a_picture_of_nothing_drawn_says_so(asked: Asked) -> None:
    _, model, xray = asked
    state = DemoState()
    result = answer(model, xray, state, state.shown_classes, BoundedCache())
    for make in (marked_png, overlays_png, slide_png):
        with Image.open(io.BytesIO(make(result, model, xray, state))) as picture:
            assert f"{result.target}: " in picture.info["Comment"]
            assert "without a marker" in picture.info["Comment"]
