"""Drawings recorded from the canvas in a real browser, read back as regions; `recorded_drawings.json` has for each the
pointer's path in canvas pixels."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.demo.film.fabric import count_objects, read_marks, simplified, write_drawing
from vpe_core.markers.marks import MAX_CONTOUR_POINTS, MAX_MARKS, Mark
from vpe_core.types import Arrow, Box, Polygon

RECORDED = {
    entry["name"]: entry for entry in json.loads(Path(__file__).with_name("recorded_drawings.json").read_text())
}
WIDE = (1024, 1024)


def read(name: str, scale: float = 1.0) -> Mark:
    (mark,) = read_marks(RECORDED[name], scale, WIDE)
    return mark


def path(name: str) -> np.ndarray:
    return np.array(RECORDED[name]["path"])


def moved(name: str) -> np.ndarray:
    return np.array(RECORDED[name]["moved"])


@pytest.mark.parametrize("name", ["box", "box drawn backwards"])
def test_a_dragged_box_is_the_drag_in_either_direction(name: str) -> None:
    mark = read(name)
    assert mark.marker == "bbox"
    expected = np.concatenate([path(name).min(axis=0), path(name).max(axis=0)])
    np.testing.assert_allclose(mark.region.box.xyxy, expected, atol=0.1)


def test_a_dragged_circle_has_the_drag_as_its_diameter() -> None:
    mark = read("circle")
    start, end = path("circle")
    center, radius = (start + end) / 2, math.dist(start, end) / 2
    assert mark.marker == "circle"
    np.testing.assert_allclose(mark.region.box.xyxy, [*(center - radius), *(center + radius)], atol=0.1)


def test_an_ellipse_that_follows_the_drag_is_read_as_its_box_however_small() -> None:
    placed = {"type": "Circle", "originX": "center", "originY": "center", "left": 300.0, "top": 200.0, "strokeWidth": 6}
    shape = {"radius": 12.0, "scaleX": 1, "scaleY": 0.5, "fill": "rgba(0, 0, 0, 0)"}  # a click leaves such a radius
    (mark,) = read_marks({"objects": [placed | shape]}, 1.0, WIDE)
    assert mark == Mark("circle", Box(288, 194, 312, 206))


def test_an_arrow_points_where_the_drag_ended() -> None:
    mark = read("arrow")
    assert mark.marker == "arrow"
    assert isinstance(mark.region, Arrow)
    np.testing.assert_allclose([mark.region.tail, mark.region.tip], path("arrow"), atol=0.1)


def test_a_point_lies_where_it_was_clicked() -> None:
    mark = read("point")
    assert mark.marker == "point"
    np.testing.assert_allclose(mark.region.box.center, path("point")[0], atol=0.1)


def test_a_polygon_has_the_clicked_corners() -> None:
    mark = read("polygon")
    assert mark.marker == "contour"
    assert isinstance(mark.region, Polygon)
    np.testing.assert_allclose(mark.region.points, path("polygon")[:-1], atol=0.1)


def test_a_freehand_contour_follows_the_pointer() -> None:
    mark = read("freehand")
    assert isinstance(mark.region, Polygon)
    drawn = np.array(mark.region.points)
    center = path("freehand")[:-1].mean(axis=0)
    radii = np.hypot(*(path("freehand") - center).T)
    assert np.hypot(*(drawn - center).T) == pytest.approx(radii.mean(), abs=3)
    np.testing.assert_allclose(mark.region.box.xyxy, [*path("freehand").min(0), *path("freehand").max(0)], atol=2)


@pytest.mark.parametrize("kind", ["box", "circle", "arrow", "freehand", "polygon", "point"])
def test_moving_a_shape_moves_its_region_by_the_same(kind: str) -> None:
    fresh, later = read(kind).region, read(f"moved {kind}").region
    shift = np.array(later.box.center) - np.array(fresh.box.center)
    np.testing.assert_allclose(shift, moved(f"moved {kind}"), atol=0.2)
    assert later.box.width == pytest.approx(fresh.box.width, abs=0.2)
    assert later.box.height == pytest.approx(fresh.box.height, abs=0.2)


def test_resizing_a_box_moves_the_dragged_corner_only() -> None:
    before, after = read("box").region.box.shifted(*moved("resized box")), read("resized box").region.box
    assert after.xyxy[:2] == pytest.approx(before.xyxy[:2], abs=0.2)
    grabbed, released = RECORDED["resized box"]["handle"]
    drag = np.array(released) - np.array(grabbed)
    growth = (after.width - before.width, after.height - before.height)
    assert growth == pytest.approx(drag, abs=8)  # the handle lies outside the outline and the stroke keeps its width


@pytest.mark.parametrize("tool", ["box", "circle", "contour"])
def test_what_a_mere_click_leaves_behind_is_no_mark(tool: str) -> None:
    drawing = RECORDED[f"click with {tool}"]
    assert count_objects(drawing) == 1
    assert read_marks(drawing, 1.0, WIDE) == ()


def test_regions_are_image_pixels_and_stay_inside_the_image() -> None:
    mark = read("box", scale=2.0)
    np.testing.assert_allclose(mark.region.box.xyxy, np.array(read("box").region.box.xyxy) / 2, atol=0.11)
    (clipped,) = read_marks(RECORDED["box"], 1.0, (300, 200))
    assert clipped.region.box.xyxy[2:] == (300, 200)


MARKS = (
    Mark("bbox", Box(10, 20, 110.5, 90)),
    Mark("circle", Box(200, 100, 320, 180)),
    Mark("arrow", Arrow((40, 300), (120, 260.5))),
    Mark("contour", Polygon(((300, 300), (380, 310), (360, 390), (310, 370)))),
    Mark("point", Box(430.9, 330.9, 471.9, 371.9)),
)


@pytest.mark.parametrize("scale", [1.0, 2.0, 0.37])
@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.marker)
def test_a_drawing_made_from_marks_reads_as_the_same_marks(mark: Mark, scale: float) -> None:
    drawing = json.loads(json.dumps(write_drawing((mark,), scale, "#ff0000", 6.0)))
    (read_back,) = read_marks(drawing, scale, (512, 512))
    assert read_back.marker == mark.marker
    np.testing.assert_allclose(read_back.region.box.xyxy, mark.region.box.xyxy, atol=0.1)
    assert read_marks(write_drawing((read_back,), scale, "#ffff00", 6.0), scale, (512, 512)) == (read_back,)


def _circle_of(n_points: int) -> Polygon:
    turn = np.linspace(0, 2 * math.pi, n_points, endpoint=False)
    return Polygon(tuple((round(200 + 150 * math.cos(a), 1), round(200 + 149 * math.sin(a), 1)) for a in turn))


LINKED = (
    *MARKS,
    Mark("contour", _circle_of(MAX_CONTOUR_POINTS)),
    Mark("contour", Polygon(((10, 10), (20, 10.1), (30, 10), (40, 10.1), (25, 60)))),  # nearly straight
    Mark("contour", Polygon(((-30, -20), (700, 5.125), (100, 600)))),  # beyond the picture
    Mark("bbox", Box(-10.5, 5, 900, 90)),
    Mark("circle", Box(5, 5, 8, 8)),  # as small as what a click leaves behind
    Mark("bbox", Box(5, 5, 5 + 6 / 2.0, 5 + 6 / 2.0)),
    Mark("arrow", Arrow((40, 40), (43, 42))),
    Mark("point", Box(100, 100, 300, 320)),  # of another size than a click makes
    Mark("circle", Box(100.123, 100.456, 180.789, 190)),
    Mark("circle", Box(100.127, 100.456, 180.789, 190)),  # nearly the one before
)


@pytest.mark.parametrize("scale", [1.0, 2.0, 0.05])
def test_what_a_link_shows_is_read_back_to_the_last_digit(scale: float) -> None:
    drawing = json.loads(json.dumps(write_drawing(LINKED, scale, "#ff0000", 6.0)))
    for item in drawing["objects"]:  # the browser rounds so
        item.update({name: round(item[name], 4) for name in ("left", "top") if name in item})
    size_wh = (round(1024 / scale), round(1024 / scale))
    assert read_marks(drawing, scale, size_wh, LINKED) == LINKED
    drawing["objects"] += RECORDED["freehand"]["objects"]
    *same, drawn = read_marks(drawing, scale, size_wh, LINKED)
    assert tuple(same) == LINKED
    drawn_again = json.loads(json.dumps(write_drawing((drawn,), scale, "#ff0000", 6.0)))
    assert read_marks(drawn_again, scale, size_wh) == (drawn,), "a stroke is thinned once"


def test_a_shape_that_was_moved_is_not_where_it_was_shown() -> None:
    drawing = write_drawing(LINKED[:1], 2.0, "#ff0000", 6.0)
    drawing["objects"][0]["left"] += 1
    (moved_box,) = read_marks(drawing, 2.0, (512, 512), LINKED[:1])
    assert moved_box.region.box.x0 == LINKED[0].region.box.x0 + 0.5


HOSTILE: list[Any] = [
    {},
    {"objects": None},
    {"objects": "Rect"},
    {"objects": [None, 3, "x", [], {"type": "Rect"}, {"type": ["Rect"]}, {"type": "Script"}]},
    {"objects": [{"type": "Rect", "left": "a", "top": 1, "width": 30, "height": 30, "strokeWidth": 1}]},
    {"objects": [{"type": "Rect", "left": 1e400, "top": 1, "width": 30, "height": 30, "strokeWidth": 1}]},
    {"objects": [{"type": "Polygon", "left": 0, "top": 0, "points": []}]},
    {"objects": [{"type": "Path", "left": 0, "top": 0, "path": [["Q", 1, 2]]}]},
    {"objects": [{"type": "Rect", "left": 2000, "top": 2000, "width": 30, "height": 30, "strokeWidth": 1}]},
]


@pytest.mark.parametrize("drawing", HOSTILE)
def test_what_cannot_be_read_is_left_out(drawing: Any) -> None:
    assert read_marks(drawing, 1.0, WIDE) == ()


def test_no_more_marks_than_allowed() -> None:
    many = {"objects": RECORDED["box"]["objects"] * (MAX_MARKS + 5)}
    assert len(read_marks(many, 1.0, WIDE)) == MAX_MARKS


def test_simplified_outlines_stay_within_the_tolerance_and_keep_few_points() -> None:
    t = np.linspace(0, 2 * math.pi, 500)
    circle = np.stack([200 + 100 * np.cos(t), 200 + 100 * np.sin(t)], axis=1)
    outline = simplified(circle, tolerance_px=1.0, max_points=MAX_CONTOUR_POINTS)
    assert len(outline) < 40
    assert np.hypot(*(outline - 200).T) == pytest.approx(100)
    inner = min(
        np.hypot(*((outline[i] + outline[i + 1]) / 2 - 200)) for i in range(len(outline) - 1)
    )  # the chords' middles are where the outline is furthest from the circle
    assert inner >= 99
    assert len(simplified(circle, tolerance_px=1e-6, max_points=12)) <= 12
