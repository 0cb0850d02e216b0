"""What a marker is said to tell of a box is what its picture shows: equal numbers, equal pictures, and no others."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from vpe_core import Box, draw_marker
from vpe_core.leaks import GROUPS, PLACE, LabelledBoxes
from vpe_core.markers import MARKERS, names

SIZE_WH = (400, 300)
BOXES = {
    "small": Box(100, 80, 140, 120),
    "small, wider": Box(90, 80, 150, 120),
    "small, elsewhere": Box(200, 160, 240, 200),
    "large, at the place of the small": Box(20, 20, 220, 180),
    "tall, at the same place": Box(100, 10, 140, 190),
}


@pytest.mark.parametrize("marker", names())
def test_pictures_are_equal_where_the_numbers_are(marker: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(256, size=SIZE_WH[::-1], dtype=np.uint8))
    told = {name: MARKERS.get(marker).tells(box, SIZE_WH) for name, box in BOXES.items()}
    drawn = {name: draw_marker(noise, box, marker) for name, box in BOXES.items()}
    for one, other in combinations(BOXES, 2):
        same = drawn[one].size == drawn[other].size and np.array_equal(drawn[one], drawn[other])
        assert same == (told[one] == pytest.approx(told[other])), (one, other)


def test_an_arrow_tells_the_place_and_a_crop_no_size_below_its_least() -> None:
    arrow, crop = MARKERS.get("arrow").tells, MARKERS.get("crop").tells
    assert arrow(BOXES["small"], SIZE_WH) == pytest.approx({"x": 0.3, "y": 1 / 3})
    assert crop(BOXES["small"], SIZE_WH) == crop(BOXES["small, wider"], SIZE_WH)
    assert crop(BOXES["small"], SIZE_WH)["width"] == pytest.approx(0.4)
    assert crop(BOXES["tall, at the same place"], SIZE_WH) != crop(BOXES["small"], SIZE_WH)


def test_the_numbers_of_boxes_are_shares_of_their_images() -> None:
    known = LabelledBoxes.of(
        [("mass", "a", Box(10, 20, 30, 60), (100, 200)), ("nodule", "b", Box(0, 0, 5, 5), (10, 10))]
    )
    np.testing.assert_allclose(known.numbers(), [[0.2, 0.2, 0.2, 0.2], [0.25, 0.25, 0.5, 0.5]])
    assert known.numbers_of_marker("none")[1].shape == (2, 0)
    features, numbers = known.numbers_of_marker("point")
    assert features == GROUPS[PLACE]
    np.testing.assert_array_equal(numbers, known.numbers(features))
