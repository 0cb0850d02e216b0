"""Any marker at any place: every study gives numbers, or a gap that it speaks of, and never fails."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vpe_core import lab
from vpe_core.errors import RegionError
from vpe_core.lab import Drawing, LabScene, MarkerStyle
from vpe_core.lab.axes import AXES
from vpe_core.lab.compare import lab_markers
from vpe_core.markers import draw_marker
from vpe_core.models import VisionLanguageModel
from vpe_core.types import Arrow, Box, Polygon, Region

WIDTH, HEIGHT = 220, 180
REGIONS: dict[str, Region] = {
    "arrow from the left": Arrow((21, 176), (86, 81)),
    "flat arrow": Arrow((64, 105), (86, 81)),
    "arrow from beyond to the edge": Arrow((-60, 90), (1, 90)),
    "arrow from inside to beyond": Arrow((200, 20), (230, 5)),
    "short arrow in the corner": Arrow((2, 2), (1, 1)),
    "long arrow": Arrow((219, 179), (0, 0)),
    "tiny box": Box(100, 100, 100.01, 100.01),
    "tiny box in the far corner": Box(219.999, 179.999, 220, 180),
    "box over the corner": Box(-50, -40, 10, 12),
    "box of which little is seen": Box(215, 60, 300, 120),
    "all of it": Box(0, 0, 220, 180),
    "more than all": Box(-300, -300, 500, 500),
    "line of a contour": Polygon(((10, 10), (200, 10.5), (10, 11))),
    "contour over the edge": Polygon(((190, 100), (260, 110), (230, 190))),
}
NAMES = ("arrow", "bbox", "circle", "contour", "point", "spotlight", "blur", "crop", "grayscale-tint")


@pytest.fixture
def native(models: dict[str, VisionLanguageModel]) -> VisionLanguageModel:
    return models["native"]


def marked(scene: LabScene, name: str, region: Region) -> LabScene:
    return replace(scene, region=region, style=replace(scene.style, marker=name), known=None, avoid=())


@pytest.mark.parametrize("place", REGIONS)
@pytest.mark.parametrize("name", NAMES)
def test_every_sweep_gives_a_curve(native: VisionLanguageModel, scene: LabScene, name: str, place: str) -> None:
    here = marked(scene, name, REGIONS[place])
    for axis, about in AXES.items():
        if about.problem(here):
            continue
        curve = lab.get("sweep").run(here, native, axis=axis, values=(about.values[0], about.values[-1]))
        seen = np.array(curve.n_pictures) > 0
        assert np.isfinite(curve.probability).tolist() == seen.tolist()
        assert (curve.low[seen] <= curve.high[seen]).all()
        said = curve.words()
        assert ("is to be seen on" in said) == bool(curve.gaps)
        assert all(f"{value:g}" in said for value in curve.gaps) or not seen.any()


@pytest.mark.parametrize("place", REGIONS)
@pytest.mark.parametrize("name", ["arrow", "circle", "crop"])
def test_other_studies_of_a_marker_give_numbers(
    native: VisionLanguageModel, scene: LabScene, name: str, place: str
) -> None:
    here = marked(scene, name, REGIONS[place])
    if not here.present.shows_on(here.rgb):
        pytest.skip("Nothing of it is to be seen, which the page says before any study.")
    compared = lab.get("compare").run(here, native, widths=(3,))
    assert np.isfinite(compared.probabilities).all()
    assert compared.words()
    assert lab.get("counter").run(here, native).words()
    assert lab.get("scan").run(here, native, n=8).words()
    assert lab.get("ink").run(here, native).words()
    assert lab.get("layers").run(here, native).words()
    if compared.area < 1:
        assert lab.get("text").run(here, native).words()


def test_a_marker_that_lies_outside_is_refused_with_a_reason(scene: LabScene) -> None:
    outside = Arrow((-64, 108), (0, 50))
    assert outside.box.clipped(*scene.size_wh)  # the square around its tip is not outside
    drawing = Drawing(MarkerStyle("arrow"), outside.shifted(-2, 0))
    assert not drawing.shows_on(scene.image)
    with pytest.raises(RegionError, match="Nothing of the marker would lie in the image of 220 x 180"):
        draw_marker(scene.image, Arrow((-64, 90), (-10, 90)), "arrow")


def test_a_contour_is_compared_only_where_it_is_no_box(scene: LabScene) -> None:
    assert "contour" not in lab_markers(scene)
    assert "contour" in lab_markers(replace(scene, region=Polygon(((60, 50), (120, 55), (90, 100)))))
