"""Thresholds, overlaps and quick pictures, against the plain ways."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vpe_core.geometry import View
from vpe_core.lab import Drawing, LabScene, MarkerStyle
from vpe_core.lab.places import _mean_over_shifts, find, otsu, spread_grid, spread_patches
from vpe_core.lab.scan import places, tried_of
from vpe_core.lab.scene import moved_to
from vpe_core.lab.sliding import TOLERANCE, Slides
from vpe_core.markers import MARKERS
from vpe_core.models import VisionLanguageModel
from vpe_core.types import Box


def test_otsus_threshold_maximises_the_variance_between_both_classes() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0.2, 0.05, 500), rng.normal(0.7, 0.1, 300)])

    def between(threshold: float) -> float:
        low, high = values[values <= threshold], values[values > threshold]
        return float(low.size * high.size * (low.mean() - high.mean()) ** 2)

    best = max(between(edge) for edge in np.linspace(values.min(), values.max(), 257)[1:-1])
    assert between(otsu(values)) == pytest.approx(best, rel=0.002)
    assert 0 < otsu(np.array([0.0, 0.0, 1.0])) < 1
    assert otsu(np.full(4, 0.3)) == 0.3


def test_a_bright_part_against_a_box_in_closed_form() -> None:
    values = np.zeros((256, 256), np.float32)
    values[64:128, 64:128] = 1
    values[100, 100] = 2
    found = find(values, Box(96, 64, 160, 128).scaled(2, 3), (512, 768))
    assert found.hit
    assert found.peak == pytest.approx((201, 301.5))
    assert found.iou == pytest.approx(32 * 64 / (64 * 96))
    assert found.chance_hit == found.area == pytest.approx(64 * 64 / 256**2)
    assert 0 < found.chance_iou < found.iou
    assert find(np.ones_like(values), Box(0, 0, 9, 9), (256, 256)).iou == 0


def test_chance_is_the_mean_over_all_shifts() -> None:
    rng = np.random.default_rng(1)
    above, inside = rng.random((8, 10)) > 0.6, rng.random((8, 10)) > 0.7
    plain = [
        (shifted & inside).sum() / (shifted | inside).sum()
        for dy in range(8) for dx in range(10)
        if (shifted := np.roll(above, (dy, dx), (0, 1))) is not None
    ]  # fmt: skip
    assert _mean_over_shifts(above, inside) == pytest.approx(np.mean(plain))


def test_grids_lie_where_their_places_are() -> None:
    grid = np.zeros((8, 8), np.float32)
    grid[2, 5] = 1
    row, column = np.unravel_index(int(spread_grid(grid).argmax()), (256, 256))
    assert (row // 32, column // 32) == (2, 5)
    cropped = spread_patches(grid, View.center_crop((512, 256), 64), (512, 256))
    assert cropped[:, :60].max() == cropped[:, -60:].max() == 0
    assert cropped.max() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("marker", [name for name, one in MARKERS.items() if one.treatment or one.drawn_as])
def test_quick_pictures_are_those_of_the_plain_way(model: VisionLanguageModel, scene: LabScene, marker: str) -> None:
    """Up to a rounding, at every place; what cannot be drawn quickly is drawn plainly."""
    drawn = replace(scene, style=MarkerStyle(marker, "#1e90ff", 6))
    regions = [moved_to(scene.region, point) for point in places(8, scene.size_wh)]
    slides = Slides(drawn, model, tried_of(regions, 8))
    for region, picture in zip(regions, slides.pictures(regions), strict=True):
        plain = model.prepare(Drawing(drawn.style, region).on(scene.image))
        assert np.abs(picture.astype(int) - plain).max() <= TOLERANCE
    assert slides.is_quick is (marker != "crop")
