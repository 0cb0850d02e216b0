"""The scan map: a marker slid over a grid of places, and a class's probability at each; prompting as a localiser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.errors import LabError
from vpe_core.lab.asking import ask
from vpe_core.lab.places import Found, find, spread_grid, spread_patches
from vpe_core.lab.scene import LabScene, moved_to, resized
from vpe_core.lab.sliding import Slides
from vpe_core.lab.study import Study, unreported
from vpe_core.plots.percent import percent

if TYPE_CHECKING:
    from vpe_core.models import Model
    from vpe_core.types import Floats, Point, Progress, Region

LEAST, MOST = 8, 28
"""Places from side to side."""


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A class's probability with the marker at each place.

    Attributes:
        target: The class.
        maps: (sizes, rows, columns).
        sizes: How large the marker was, relative to the region.
        unmarked: The probability without a marker.
        image_wh: Size of the X-ray in pixels.
        found: How well the mean over the sizes finds the known box; None where none is known.
        attention_found: The same of the unmarked X-ray's last-layer attention; None where it cannot be read either.
        peak: The place of the largest value of the mean, in pixels of the X-ray.
        quick: Whether only what changes was drawn, see `Slides`.
    """

    target: str
    maps: Floats
    sizes: tuple[float, ...]
    unmarked: float
    image_wh: tuple[int, int]
    found: Found | None
    attention_found: Found | None
    peak: Point
    quick: bool

    @property
    def grid(self) -> Floats:
        """The mean over the sizes, (rows, columns)."""
        mean: Floats = self.maps.mean(axis=0)
        return mean

    def words(self) -> str:
        """What the map says, in sentences that follow the numbers."""
        grid = self.grid
        least, most = percent(float(grid.min())), percent(float(grid.max()))
        moves = (
            f"Over {grid.size} places, {self.target} gets {least} to {most}, without a marker {percent(self.unmarked)}."
        )
        if self.found is None:
            return f"{moves} Where the finding is, is not known here."
        found = self.found
        peak = "The peak lies in the finding's box" if found.hit else "The peak lies beside the finding's box"
        return (
            f"{moves} {peak}; a peak anywhere lies in it by a chance of {percent(found.chance_hit)}. The bright part "
            f"overlaps it with an IoU of {found.iou:.2f}, by chance {found.chance_iou:.2f}{self._against_attention()}."
        )

    def _against_attention(self) -> str:
        if self.attention_found is None:
            return ""
        return f", attention {self.attention_found.iou:.2f}"


def scan(
    scene: LabScene,
    model: Model,
    *,
    n: int = 14,
    sizes: Sequence[float] = (1.0,),
    report: Progress = unreported,
) -> Scan:
    """Slide the marker over n x n places.

    Args:
        scene: The X-ray, the marker, and the region, whose size and shape are slid.
        model: A loaded model.
        n: 8 to 28.
        sizes: How large the marker is, relative to the region; the map is their mean.
        report: As in `ask`.

    Raises:
        LabError: The grid or a size is out of range.
        VPEError: The marker cannot be drawn, or a prompt is not valid.
    """
    if not LEAST <= n <= MOST or not sizes or not all(0.1 <= size <= 5 for size in sizes):
        raise LabError(f"Expected {LEAST} to {MOST} places a side and sizes from 0.1 to 5, but got {n} and {[*sizes]}.")
    regions = [moved_to(resized(scene.region, size), point) for size in sizes for point in places(n, scene.size_wh)]
    slides = Slides(scene, model, tried_of(regions, n))
    before = ask(scene, model, [model.prepare(scene.rgb)], [""], unreported)
    found = ask(
        scene, model, slides.pictures(regions), [scene.suffix(scene.style)] * len(regions), report, attention=False
    )
    maps = found.probabilities[:, scene.column].reshape(len(sizes), n, n)
    frame = spread_grid(maps.mean(axis=0))
    row, column = np.unravel_index(int(maps.mean(axis=0).argmax()), (n, n))
    peak = places(n, scene.size_wh)[int(row) * n + int(column)]
    known = attention = None
    if scene.known is not None:
        known = replace(find(frame, scene.known, scene.size_wh), peak=peak)
        if before.maps is not None:
            spread = spread_patches(before.maps[0], model.view(scene.size_wh), scene.size_wh)
            attention = find(spread, scene.known, scene.size_wh)
    return Scan(
        scene.target, maps, tuple(sizes), float(before.probabilities[0, scene.column]), scene.size_wh, known,
        attention, peak, slides.is_quick,
    )  # fmt: skip


def places(n: int, size_wh: tuple[int, int]) -> list[Point]:
    """The middles of n x n equal parts of an image, row by row."""
    width, height = size_wh
    steps = (np.arange(n) + 0.5) / n
    return [(float(x * width), float(y * height)) for y in steps for x in steps]


def tried_of(regions: Sequence[Region], n: int) -> list[Region]:
    """A corner, the middle and one more place of each size."""
    starts = range(0, len(regions), n * n)
    return list(chain.from_iterable((regions[at], regions[at + n * n // 2], regions[at + n + 2]) for at in starts))


SCAN = Study(
    title="Scan map",
    question="Where on the X-ray must the marker stand for the model to say it?",
    run=scan,
)
