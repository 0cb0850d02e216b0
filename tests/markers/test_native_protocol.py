"""Markers as people see them: golden pictures, probed pixels, and what is promised about every one of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from vpe_core import Box, draw_marker, render_variant
from vpe_core.errors import ImageReadError, MarkerError, RegionError
from vpe_core.markers import get, names
from vpe_core.types import Arrow, Polygon, Region

REGIONS: dict[str, Region] = {
    "box": Box(70, 60, 130, 140),
    "polygon": Polygon(((70, 80), (110, 55), (140, 100), (115, 150), (80, 130))),
    "arrow": Arrow((40, 190), (105, 105)),
}
BLACK = Image.new("L", (512, 512))


def painted(marker: str, region: Region, **style: object) -> np.ndarray:
    """How much of each pixel the marker covers, 0..1, on a black image of 512 x 512 pixels."""
    return np.asarray(draw_marker(BLACK, region, marker, color="white", **style), float)[..., 0] / 255  # type: ignore[arg-type]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("marker", names())
def test_golden_pictures(marker: str, region: str, xray: Image.Image, golden: Callable[..., None]) -> None:
    golden(draw_marker(xray, REGIONS[region], marker), f"native/{marker}_{region}", tolerance=2)


@pytest.mark.parametrize("marker", names())
def test_golden_pictures_of_the_paper(marker: str, xray: Image.Image, golden: Callable[..., None]) -> None:
    golden(render_variant(xray, REGIONS["box"], marker), f"paper/{marker}", tolerance=2 if marker == "blur" else 0)


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16", "F"])
@pytest.mark.parametrize("marker", names())
def test_a_new_rgb_picture_and_the_old_one_unchanged(marker: str, mode: str, xray: Image.Image) -> None:
    image = Image.fromarray(np.asarray(xray).astype(np.uint16) * 16) if mode == "I;16" else xray.convert(mode)
    before = image.tobytes()
    marked = draw_marker(image, REGIONS["box"], marker)
    assert marked is not image
    assert marked.mode == "RGB"
    assert image.tobytes() == before
    assert get(marker).crops or marked.size == image.size


@pytest.mark.parametrize("marker", [name for name in names() if not get(name).crops and name not in ("none", "arrow")])
def test_far_from_the_region_only_the_surroundings_change(marker: str, xray: Image.Image) -> None:
    marked = np.asarray(draw_marker(xray, REGIONS["box"], marker))
    changed = (marked != np.asarray(xray.convert("RGB"))).any(axis=2)
    if marker in ("spotlight", "blur"):
        assert not changed[60:140, 70:130].any(), "the region itself must stay as it is"
        assert changed.mean() > 0.5
    else:
        assert changed.any()
        assert not changed[:, :60].any()
        assert not changed[155:].any()


def test_the_line_of_a_box_is_centred_on_its_edge() -> None:
    row = painted("bbox", Box(100, 100, 300, 300), width=4)[200]
    np.testing.assert_allclose(row[96:104], [0, 0, 1, 1, 1, 1, 0, 0])
    np.testing.assert_allclose(row[296:304], [0, 0, 1, 1, 1, 1, 0, 0])


def test_boxes_between_pixels_are_anti_aliased() -> None:
    row = painted("bbox", Box(100.5, 100, 300, 300), width=4)[200]
    np.testing.assert_allclose(row[97:104], [0, 0.5, 1, 1, 1, 0.5, 0], atol=0.01)


def test_a_circle_is_the_ellipse_in_the_box() -> None:
    box, width = Box(100, 150, 400, 350), 6
    y, x = np.mgrid[0:512, 0:512] + 0.5

    def inside(grow: float) -> np.ndarray:
        radius_x, radius_y = box.width / 2 + grow, box.height / 2 + grow
        return ((x - 250) / radius_x) ** 2 + ((y - 250) / radius_y) ** 2 <= 1

    expected = inside(width / 2) & ~inside(-width / 2)
    ours = painted("circle", box, width=width)
    assert np.abs(ours - expected).mean() < 0.002
    assert ours.sum() == pytest.approx(expected.sum(), rel=0.02)


def test_a_contour_follows_its_points() -> None:
    points = REGIONS["polygon"].points  # type: ignore[union-attr]
    ours = painted("contour", REGIONS["polygon"], width=3)
    for start, end in pairwise([*points, points[0]]):
        for share in np.linspace(0, 1, 9):
            x, y = np.array(start) * (1 - share) + np.array(end) * share
            assert ours[int(y), int(x)] > 0.4, (start, end, share)
    assert ours[100, 105] == 0


def test_an_arrow_has_its_tip_and_tail_where_they_were_drawn() -> None:
    ours = painted("arrow", Arrow((50, 100), (350, 100)), width=4)
    columns = np.nonzero(ours.max(axis=0))[0]
    assert (columns.min(), columns.max()) == (50, 349)
    assert ours[100, 200] == 1
    assert ours[:, 200].sum() == pytest.approx(4, abs=0.3)  # the shaft is 4 pixels wide
    assert (np.arange(512) + 0.5) @ ours[:, 200] / ours[:, 200].sum() == pytest.approx(100, abs=0.2)
    assert ours[:, 331].sum() == pytest.approx(512 * 10 / 256, abs=1.5)  # the head is as wide as in the paper


def test_an_automatic_arrow_comes_from_the_middle() -> None:
    ours = painted("arrow", Box(380, 246, 400, 266), width=2)
    columns, rows = np.nonzero(ours.max(axis=0))[0], np.nonzero(ours.max(axis=1))[0]
    assert (columns.min(), columns.max()) == (390 - 128, 389)
    assert abs(rows.mean() - 255.5) < 1


def test_an_automatic_arrow_to_the_middle_comes_from_below() -> None:
    rows = np.nonzero(painted("arrow", Box(246, 246, 266, 266)).max(axis=1))[0]
    assert (rows.min(), rows.max()) == (256, 256 + 127)


@pytest.mark.parametrize("side", [128, 224, 512, 1024, 2048])
def test_width_follows_the_image(side: int) -> None:
    box = Box(side * 0.25, side * 0.25, side * 0.75, side * 0.75)
    marked = draw_marker(Image.new("L", (side, side)), box, "bbox", color="white", width=3)
    across = np.asarray(marked, float)[side // 2, : side // 2, 0].sum() / 255
    assert across == pytest.approx(max(1, 3 * side / 512), abs=0.26)


def test_pixels_outside_are_dimmed_blurred_and_tinted_as_said() -> None:
    white, box = Image.new("L", (100, 100), 200), Box(20, 20, 60, 60)
    assert draw_marker(white, box, "spotlight", opacity=0.25).getpixel((5, 5)) == (150, 150, 150)
    assert draw_marker(white, box, "grayscale-tint", color="blue", opacity=0.5).getpixel((40, 40)) == (100, 100, 228)
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (100, 100)).astype(np.uint8))
    blurred = np.asarray(draw_marker(noise, box, "blur"), float)[..., 0]
    assert blurred[70:].std() < 0.3 * np.asarray(noise, float)[70:].std()


def test_several_markers_add_up() -> None:
    first = draw_marker(BLACK, Box(10, 10, 50, 50), "bbox", color="red")
    both = draw_marker(first, Box(100, 100, 150, 150), "bbox", color="lime")
    assert both.getpixel((30, 10)) == (255, 0, 0)
    assert both.getpixel((125, 100)) == (0, 255, 0)


def test_a_region_may_reach_beyond_the_image_but_not_lie_outside() -> None:
    for marker in names():
        draw_marker(BLACK, Box(-50, -50, 60, 60), marker)
        if marker != "none":
            with pytest.raises(RegionError, match="outside the image"):
                draw_marker(BLACK, Box(600, 10, 700, 50), marker)


def test_a_tiny_region_leaves_a_mark() -> None:
    for marker in names():
        if marker != "none" and not get(marker).crops:
            marked = draw_marker(Image.new("L", (64, 64), 128), Box(30.2, 30.2, 30.4, 30.4), marker, opacity=1)
            assert len(np.unique(np.asarray(marked))) > 1 or marker in ("blur", "grayscale-tint"), marker


def test_markers_need_a_region() -> None:
    assert draw_marker(BLACK, None, None).tobytes() == BLACK.convert("RGB").tobytes()
    with pytest.raises(RegionError, match="needs a region"):
        draw_marker(BLACK, None, "bbox")


def test_unknown_markers_name_the_choices() -> None:
    with pytest.raises(
        MarkerError, match=r"no marker called 'circel'. Did you mean 'circle'\? Choose one of: none, bbox"
    ):
        draw_marker(BLACK, Box(1, 1, 9, 9), "circel")


@pytest.mark.parametrize("opacity", [0, -0.5, 1.2, float("nan")])
def test_opacity_is_checked(opacity: float) -> None:
    with pytest.raises(MarkerError, match="opacity"):
        draw_marker(BLACK, Box(1, 1, 9, 9), "bbox", opacity=opacity)


def test_pictures_with_broken_values_are_refused() -> None:
    with pytest.raises(ImageReadError, match="finite"):
        draw_marker(Image.fromarray(np.full((9, 9), np.nan, np.float32)), Box(1, 1, 5, 5), "bbox")


def test_the_list_of_markers() -> None:
    assert names() == (
        "none", "bbox", "circle", "arrow", "crop", "contour", "spotlight", "blur", "grayscale-tint", "point",
        "crop_as_published",
    )  # fmt: skip
