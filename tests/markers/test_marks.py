from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from vpe_core import draw_marker
from vpe_core.errors import RegionError
from vpe_core.markers.marks import (
    MAX_CONTOUR_POINTS,
    MAX_MARKS,
    Mark,
    draw_marks,
    marks_from_text,
    marks_to_text,
    point_region,
    rounded,
)
from vpe_core.types import Arrow, Box, Polygon

MARKS = (
    Mark("circle", Box(310, 220.5, 420, 330)),
    Mark("arrow", Arrow((40, 60), (120, 160))),
    Mark("contour", Polygon(((1, 2), (30, 4), (15.1, 60)))),
)


def test_marks_survive_a_link() -> None:
    text = marks_to_text(MARKS)
    assert text == "circle:310,220.5,420,330;arrow:40,60,120,160;contour:1,2,30,4,15.1,60"
    assert marks_from_text(text) == MARKS
    assert marks_from_text("") == ()


@pytest.mark.parametrize(
    "text",
    [
        "circle",
        "circle:",
        "circle:1,2,3",
        "circle:1,2,3,x",
        "circle:1,2,3,nan",
        "circle:1e9,2,3,4",
        "circle:10,10,5,5",
        "circle:1,2,3,4,5,6",
        "star:1,2,3,4",
        "<script>:1,2,3,4",
        "contour:1,1,2,2",
        "arrow:5,5,5,5",
        ";",
        "contour:" + ",".join(["1"] * (2 * MAX_CONTOUR_POINTS + 2)),
        ";".join(["circle:1,2,3,4"] * (MAX_MARKS + 1)),
        "circle:" + "1" * 10_000,
    ],
)
def test_a_text_that_is_no_mark_is_refused_in_few_words(text: str) -> None:
    with pytest.raises(RegionError) as caught:
        marks_from_text(text)
    assert len(str(caught.value)) < 300


def test_a_link_says_every_digit_that_it_can_read() -> None:
    mark = Mark("bbox", Box(12345.125, 20000, 19999.875, 20000.001))
    assert marks_from_text(marks_to_text((mark,))) == (mark,)


def test_marks_are_rounded_to_a_tenth_of_a_pixel() -> None:
    assert rounded(Mark("bbox", Box(1.04, 2.06, 10.96, 20))) == Mark("bbox", Box(1.0, 2.1, 11.0, 20))


def test_a_point_stands_for_a_small_square_around_it() -> None:
    region = point_region(100, 50, (1000, 500))
    assert region.center == (100, 50)
    assert region.width == region.height == 40


def test_marks_are_drawn_one_upon_the_other_or_treated_as_one_region(xray: Image.Image) -> None:
    marks = (Mark("circle", Box(60, 80, 160, 170)), Mark("arrow", Arrow((300, 20), (240, 90))))
    one_by_one = draw_marker(draw_marker(xray, marks[0].region, "circle"), marks[1].region, "arrow")
    pointed_at = marks[1].region.box
    together = draw_marker(xray, Box(60, min(80, pointed_at.y0), pointed_at.x1, 170), "spotlight")
    for drawn, expected in (
        (draw_marks(xray, marks), one_by_one),
        (draw_marks(xray, marks, treatment="spotlight"), together),
        (draw_marks(xray, marks[:1], treatment="bbox"), draw_marker(xray, marks[0].region, "bbox")),
        (draw_marks(xray, (), treatment="crop"), xray.convert("RGB")),
    ):
        assert ImageChops.difference(drawn, expected).getbbox() is None
