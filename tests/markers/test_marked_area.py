"""What marks point at, in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from vpe_core.markers.marks import Mark, marked_area
from vpe_core.types import Arrow, Box, Polygon, Region

BOX = Box(20, 30, 100, 90)
TRIANGLE = Polygon(((20, 30), (100, 30), (20, 90)))
ARROW = Arrow((20, 60), (70, 60))
SIZE_WH = (160, 120)


@pytest.mark.parametrize(
    ("marker", "region", "treatment", "expected"),
    [
        ("bbox", BOX, None, 80 * 60),
        ("circle", BOX, None, np.pi * 40 * 30),
        ("point", BOX, None, np.pi * 40 * 30),
        ("contour", TRIANGLE, None, 80 * 60 / 2),
        ("arrow", ARROW, None, np.pi * 25**2),
        ("circle", BOX, "bbox", 80 * 60),
        ("contour", TRIANGLE, "circle", np.pi * 40 * 30),
        ("circle", BOX, "spotlight", 80 * 60),
        ("circle", Box(-80, -60, 80, 60), None, np.pi * 80 * 60 / 4),
    ],
)
def test_a_marker_points_at_what_it_encloses(
    marker: str, region: Region, treatment: str | None, expected: float
) -> None:
    area = marked_area([Mark(marker, region)], SIZE_WH, treatment=treatment)
    assert area.shape == SIZE_WH[::-1]
    assert area.sum() == pytest.approx(expected, rel=0.02)
    assert 0 <= area.min() <= area.max() <= 1


def test_what_two_marks_share_counts_once() -> None:
    marks = [Mark("bbox", BOX), Mark("bbox", Box(60, 30, 140, 90))]
    assert marked_area(marks, SIZE_WH).sum() == pytest.approx(120 * 60)
    assert marked_area([*marks, Mark("bbox", BOX)], SIZE_WH).sum() == pytest.approx(120 * 60)


def test_beside_the_image_there_is_nothing() -> None:
    assert not marked_area([Mark("circle", Box(200, 10, 300, 60))], SIZE_WH).any()
