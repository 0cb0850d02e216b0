"""Regions and what can be asked of them."""

import math

import numpy as np
import pytest

from vpe_core.errors import RegionError
from vpe_core.types import Arrow, Box, Heatmap, Polygon


def test_a_box_knows_its_measures() -> None:
    box = Box(10, 20, 40, 80)
    assert (box.width, box.height, box.area, box.center) == (30, 60, 1800, (25, 50))
    assert Box.from_xywh(10, 20, 30, 60) == box
    assert box.scaled(0.5, 2) == Box(5, 40, 20, 160)
    assert box.shifted(-10, 5) == Box(0, 25, 30, 85)
    assert box.expanded(5) == Box(5, 15, 45, 85)
    assert box.box is box


def test_a_box_is_clipped_to_the_image() -> None:
    assert Box(-5, 10, 200, 50).clipped(100, 40) == Box(0, 10, 100, 40)
    with pytest.raises(RegionError, match="outside the image of 100 x 40"):
        Box(100, 0, 120, 10).clipped(100, 40)


@pytest.mark.parametrize(
    "corners", [(5, 5, 5, 9), (5, 5, 9, 5), (9, 5, 5, 9), (0, 0, math.nan, 1), (0, -math.inf, 1, 1)]
)
def test_impossible_boxes_are_refused(corners: tuple[float, float, float, float]) -> None:
    with pytest.raises(RegionError, match="Expected"):
        Box(*corners)


def test_a_polygon_has_a_bounding_box() -> None:
    polygon = Polygon(((0, 5), (10, 0), (8, 12)))
    assert polygon.box == Box(0, 0, 10, 12)
    assert polygon.scaled(2, 1).shifted(1, 1).box == Box(1, 1, 21, 13)


@pytest.mark.parametrize("points", [(), ((0, 0), (1, 1)), ((0, 0), (5, 0), (9, 0)), ((0, 0), (1, math.nan), (2, 2))])
def test_impossible_polygons_are_refused(points: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(RegionError, match="Expected"):
        Polygon(points)


def test_an_arrow_means_the_place_around_its_tip() -> None:
    arrow = Arrow((0, 0), (30, 40))
    assert arrow.length == 50
    assert arrow.box == Box(5, 15, 55, 65)
    assert arrow.scaled(2, 2).shifted(0, 1) == Arrow((0, 1), (60, 81))


def test_an_arrow_without_length_is_refused() -> None:
    with pytest.raises(RegionError, match="some length"):
        Arrow((3, 3), (3, 3))


def test_regions_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Box(0, 0, 1, 1).x0 = 5  # type: ignore[misc]


def test_a_heatmap_knows_its_size() -> None:
    assert Heatmap(np.zeros((30, 40), np.float32), "rollout").size_wh == (40, 30)
