from __future__ import annotations

from collections.abc import Callable

import numpy as np
import plotly.colors
import pytest
from PIL import Image

from vpe_core.attention import colorize, overlay
from vpe_core.attention.colormaps import names, table
from vpe_core.errors import AttentionError
from vpe_core.types import Heatmap


@pytest.fixture
def hill(xray: Image.Image) -> Heatmap:
    width, height = xray.size
    y, x = np.mgrid[0:height, 0:width]
    values = np.exp(-(((x - 225) / 40) ** 2 + ((y - 150) / 30) ** 2))
    return Heatmap(values.astype(np.float32), "legrad", "lung nodule")


def test_an_overlay_looks_as_it_should(xray: Image.Image, hill: Heatmap, golden: Callable[..., None]) -> None:
    golden(overlay(xray, hill), "overlay_inferno", tolerance=1)
    golden(colorize(hill, colormap="viridis"), "heatmap_viridis", tolerance=1)


def test_colour_grows_with_attention(hill: Heatmap) -> None:
    grey = Image.new("L", hill.size_wh, 100)
    coloured = np.asarray(overlay(grey, hill, opacity=0.5), dtype=float)
    changed = np.abs(coloured - 100).sum(axis=2)
    assert np.all(coloured[0, 0] == 100)
    np.testing.assert_allclose(coloured[150, 225], 50 + 0.5 * table("inferno")[255], atol=1)
    row = changed[150, 225:310]
    assert row[0] == row.max()
    assert row[-1] < 5


def test_opacity_none_and_full(xray: Image.Image, hill: Heatmap) -> None:
    assert overlay(xray, hill, opacity=0).tobytes() == xray.convert("RGB").tobytes()
    assert overlay(xray, hill, opacity=1).getpixel((225, 150)) == tuple(table("inferno")[255])


def test_the_image_is_not_changed(xray: Image.Image, hill: Heatmap) -> None:
    before = xray.tobytes()
    overlay(xray, hill)
    assert xray.tobytes() == before


def test_a_common_peak_makes_two_maps_comparable(hill: Heatmap) -> None:
    weak = Heatmap(hill.values / 2, hill.method)
    assert colorize(weak).tobytes() == colorize(hill).tobytes()
    assert colorize(weak, peak=1.0).getpixel((225, 150)) == tuple(table("inferno")[128])
    assert colorize(hill, peak=0.5).getpixel((225, 150)) == tuple(table("inferno")[255])


def test_no_attention_leaves_the_image_as_it_is(xray: Image.Image) -> None:
    nothing = Heatmap(np.zeros(xray.size[::-1], np.float32), "legrad")
    assert overlay(xray, nothing).tobytes() == xray.convert("RGB").tobytes()


def test_mistakes_are_named(xray: Image.Image, hill: Heatmap) -> None:
    with pytest.raises(AttentionError, match="image of the heatmap's size"):
        overlay(xray.resize((10, 10)), hill)
    with pytest.raises(AttentionError, match="opacity from 0 to 1, but got 2"):
        overlay(xray, hill, opacity=2)
    with pytest.raises(AttentionError, match=r"no colour map called 'jet'.*inferno"):
        overlay(xray, hill, colormap="jet")


@pytest.mark.parametrize("name", names())
def test_a_colour_map_is_plotlys_and_its_lightness_rises_evenly(name: str) -> None:
    colors = table(name)
    anchors = [plotly.colors.hex_to_rgb(color) for color in getattr(plotly.colors.sequential, name.capitalize())]
    nearest = np.linspace(0, 255, len(anchors)).round().astype(int)
    assert np.abs(colors[nearest].astype(int) - anchors).max() <= 4
    linear = np.where(colors / 255 <= 0.04045, colors / 255 / 12.92, ((colors / 255 + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    lightness = np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)
    steps = np.diff(lightness[::15])
    assert steps.min() > 0
    assert steps.max() < 2.2 * np.median(steps)


def test_a_colour_map_cannot_be_spoilt() -> None:
    with pytest.raises(ValueError, match="read-only"):
        table("inferno")[0] = 255
