"""Windows of the X-ray on the live demo: what a reader sees, and what the model gets."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.images.conftest import dicom_bytes, dicom_dataset
from tests.pages.test_pages import LIVE, answer_of, link_of, open_app
from vpe_core.settings import get_settings

ONLY_VIEW = "Only your view is changed: the model gets the X-ray as the file says."


def captions(app: AppTest) -> list[str]:
    return [str(caption.value) for caption in app.caption]


def field(app: AppTest, label: str) -> Any:
    return next(field for field in app.number_input if field.label == label)


def bars_of(app: AppTest) -> str:
    """The answer without the line about where and how fast it was made."""
    return answer_of(app).split("vpl-sentence")[1]


def test_a_window_changes_the_view_alone_until_the_model_is_to_get_it() -> None:
    app = open_app(LIVE, {"sample": "case_a"}, unfolded="demo_window")
    plain = bars_of(app)
    assert not any("your view" in caption for caption in captions(app))
    field(app, "Width").set_value(60.0).run()
    assert link_of(app)["window"] == "128,60"
    assert ONLY_VIEW in captions(app)
    assert bars_of(app) == plain
    next(toggle for toggle in app.toggle if "for the model too" in toggle.label).set_value(True).run()
    assert "The model gets what you see: centre 128, width 60." in captions(app)
    assert bars_of(app) != plain
    assert link_of(app)["window_for_model"] == "1"
    app.button(key="demo_window_As in the file").click().run()
    assert "window" not in link_of(app)
    assert bars_of(app) == plain
    assert field(app, "Width").value == 256


def test_a_link_shows_its_window_and_says_what_the_model_gets() -> None:
    linked = open_app(LIVE, {"sample": "case_a", "window": "100.5,80", "invert": "1", "window_for_model": "1"})
    assert not linked.exception
    assert "The model gets what you see: centre 100.5, width 80, inverted." in captions(linked)
    assert bars_of(linked) != bars_of(open_app(LIVE, {"sample": "case_a"}))
    linked.button(key="demo_next").click().run()
    assert not {"window", "invert"} & set(link_of(linked)), "the next X-ray begins as its file says"


@pytest.mark.parametrize("window", ["128", "a,b", "128,0.5", "nan,20", "1,2,3", "5,1e99"])
def test_a_window_that_is_none_is_left_out_of_the_link(window: str) -> None:
    app = open_app(LIVE, {"sample": "case_a", "window": window})
    assert not app.exception
    assert any("window in this link" in str(element.value) for element in (*app.warning, *app.info, *app.error))


def test_an_upload_keeps_the_depth_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(tmp_path))  # without X-rays, the field is on the page itself
    get_settings.cache_clear()
    app = open_app(LIVE, unfolded="demo_window")
    values = np.linspace(300, 3800, 64 * 64).reshape(64, 64).astype(np.uint16)
    data = dicom_bytes(dicom_dataset(values, WindowCenter=2000, WindowWidth=300))
    app.file_uploader(key="demo_upload_field").set_value(("IM0001", data, "")).run()
    assert not app.exception
    assert (field(app, "Centre").value, field(app, "Width").value) == (2000, 300)
    assert any("300 to 3800" in caption for caption in captions(app))
    app.button(key="demo_window_Full range").click().run()
    assert (field(app, "Centre").value, field(app, "Width").value) == (2050.5, 3501)
    assert "window" not in link_of(app), "an upload is in no link"
    assert ONLY_VIEW in captions(app)


def test_a_picture_that_would_fill_the_memory_is_refused_in_words_which_go_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(tmp_path))
    get_settings.cache_clear()
    app = open_app(LIVE)
    bomb, sound = io.BytesIO(), io.BytesIO()
    Image.new("1", (20000, 20000)).save(bomb, "PNG")
    Image.new("L", (64, 64), 90).save(sound, "PNG")
    assert len(bomb.getvalue()) < 100_000
    app.file_uploader(key="demo_upload_field").set_value(("bomb.png", bomb.getvalue(), "")).run()
    assert not app.exception
    assert "at most 50.0 megapixels are read" in app.error[0].value.replace("\\", "")
    app.file_uploader(key="demo_upload_field").set_value(("sound.png", sound.getvalue(), "")).run()
    assert not app.exception
    assert not app.error
