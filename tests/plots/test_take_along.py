"""Pictures that are taken along: simulated ones say so without losing a pixel."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from vpe_core.plots.figure import enlarge, new_figure
from vpe_core.plots.take_along import LABEL, OUT_OF_DOMAIN, png_file, say_simulated
from vpe_core.plots.theme import DARK


@pytest.mark.parametrize("size_wh", [(512, 512), (40, 900), (1500, 1000), (1, 1), (260, 64)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_simulated_picture_carries_its_mark_below_its_pixels(size_wh: tuple[int, int], mode: str) -> None:
    picture = Image.effect_noise(size_wh, 40).convert(mode)
    data, name = png_file(picture, "overlays.png", simulated=True)
    assert name == "simulated-overlays.png"
    with Image.open(io.BytesIO(data)) as read:
        assert read.info["Description"] == LABEL
        assert read.width == picture.width
        assert read.height > picture.height
        kept = np.asarray(read.convert("RGB"))
    assert (kept[: picture.height] == np.asarray(picture.convert("RGB"))).all()
    strip = kept[picture.height :]
    if picture.width >= 40:
        assert strip.max() > 100, "there are words in it"
        columns = np.flatnonzero(strip.max(axis=(0, 2)) > 60)
        assert 0 < columns[0] <= columns[-1] < picture.width - 1, "no word is cut off"


def test_an_answer_of_a_model_out_of_its_domain_says_so_in_a_strip() -> None:
    picture = Image.effect_noise((640, 320), 40)
    data, name = png_file(picture, "overlays.png", simulated=False, out_of_domain=True)
    assert name == "overlays.png"
    with Image.open(io.BytesIO(data)) as read:
        assert read.info["Description"] == OUT_OF_DOMAIN
        assert read.height > picture.height
        assert np.asarray(read.convert("L"))[picture.height :].max() > 100


def test_a_real_picture_is_left_as_it_is() -> None:
    picture = Image.effect_noise((64, 48), 40)
    data, name = png_file(picture, "overlays.png", simulated=False)
    assert name == "overlays.png"
    with Image.open(io.BytesIO(data)) as read:
        assert "Description" not in read.info
        assert (np.asarray(read) == np.asarray(picture)).all()


def test_a_chart_of_simulated_xrays_says_so_below_what_it_shows() -> None:
    figure = new_figure(DARK, 200)
    say_simulated(figure, DARK, "simulated X-rays")
    assert figure.layout.title.text == "simulated X-rays"
    assert figure.layout.height > 200
    assert figure.layout.margin.b > new_figure(DARK, 200).layout.margin.b
    usual_px = figure.layout.title.font.size
    enlarge(figure, 1.5)
    assert figure.layout.title.font.size > usual_px, "on a projector it is read from the back row"
