from __future__ import annotations

import numpy as np
import pytest

from vpe_core.attention import attention_inside
from vpe_core.attention.localization import coverage
from vpe_core.errors import AttentionError
from vpe_core.types import Arrow, Box, Heatmap, Polygon


def test_even_attention_has_the_share_of_the_area() -> None:
    inside = attention_inside(np.ones((40, 50), np.float32), Box(5, 10, 25, 30))
    assert inside.area == pytest.approx(20 * 20 / 2000)
    assert inside.share == pytest.approx(inside.area)
    assert inside.ratio == pytest.approx(1)


def test_a_share_in_closed_form() -> None:
    """Attention that grows linearly from left to right: the left half holds a quarter of it."""
    ramp = np.tile((np.arange(100) + 0.5).astype(np.float32), (10, 1))
    inside = attention_inside(Heatmap(ramp, "legrad"), Box(0, 0, 50, 10))
    assert inside.share == pytest.approx(0.25)
    assert inside.ratio == pytest.approx(0.5)
    assert not inside.hit
    assert attention_inside(ramp, Box(90, 0, 100, 10)).hit


def test_parts_of_pixels_count_in_part() -> None:
    """A patch grid: the box covers half of one patch and a quarter of another."""
    grid = np.array([[8, 4], [1, 3]], np.float32)
    inside = attention_inside(grid, Box(0.5, 0, 1.25, 1))
    assert inside.share == pytest.approx((8 * 0.5 + 4 * 0.25) / 16)
    assert inside.area == pytest.approx(0.75 / 4)


def test_a_box_beyond_the_border_counts_inside_it() -> None:
    inside = attention_inside(np.ones((10, 10), np.float32), Box(-100, -100, 5, 5))
    assert inside.area == pytest.approx(0.25)


def test_a_contour_a_mask_and_an_arrow() -> None:
    values = np.random.default_rng(0).random((60, 80)).astype(np.float32)
    box = Box(10, 20, 50, 40)
    rectangle = Polygon(((10, 20), (50, 20), (50, 40), (10, 40)))
    mask = np.zeros((60, 80), bool)
    mask[20:40, 10:50] = True
    expected = attention_inside(values, box)
    for region, tolerance in ((mask, 1e-6), (rectangle, 0.03)):
        found = attention_inside(values, region)
        assert found.share == pytest.approx(expected.share, abs=tolerance)
        assert found.area == pytest.approx(expected.area, abs=tolerance)
    arrow = Arrow(tail=(10, 10), tip=(30, 10))
    assert attention_inside(values, arrow) == attention_inside(values, arrow.box)


def test_a_round_contour_has_the_area_of_a_circle() -> None:
    turns = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    circle = Polygon(tuple((100 + 60 * np.cos(t), 90 + 60 * np.sin(t)) for t in turns))
    assert coverage(circle, (200, 180)).sum() == pytest.approx(np.pi * 60**2, rel=0.02)


def test_no_attention_at_all() -> None:
    inside = attention_inside(np.zeros((10, 10), np.float32), Box(0, 0, 5, 5))
    assert np.isnan(inside.share)
    assert not inside.hit


def test_mistakes_are_named() -> None:
    values = np.ones((10, 10), np.float32)
    with pytest.raises(AttentionError, match=r"mask of the shape \(10, 10\), but got \(5, 5\)"):
        attention_inside(values, np.ones((5, 5), bool))
    with pytest.raises(AttentionError, match="covers nothing"):
        attention_inside(values, Box(20, 20, 30, 30))
