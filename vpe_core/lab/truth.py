"""Maps against what really changed: on simulated X-rays, the same chest without the finding tells.

No annotation is needed and no model is asked for the truth: it is the difference between two pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from vpe_core.attention.fixed_scale import SHOWN
from vpe_core.attention.localization import coverage
from vpe_core.errors import LabError
from vpe_core.lab.counter_tests import MISSING, NO_FINDING
from vpe_core.lab.mapping import FIXED, PictureMaps, listed, maps_of, missing_words, require_some, title_of
from vpe_core.lab.places import spread_patches
from vpe_core.lab.scene import FRAME_PX
from vpe_core.lab.study import Study, unreported
from vpe_core.plots.percent import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from vpe_core.lab.scene import LabScene
    from vpe_core.models import Model
    from vpe_core.types import Floats, Progress

    Mask = NDArray[np.bool_]

LEAST = 6.0
"""A pixel has changed if its grey value differs by more, of 255."""
SMOOTH_PX = 1.5
"""Standard deviation of the Gaussian over the difference before that, in pixels of `FRAME_PX`: compression is none."""
QUIET = 0.25
"""A map with no scale of its own is called empty on the twin if its peak there is below this share of that here."""
_FITS, _KEPT = 5, 0.7


@dataclass(frozen=True, slots=True)
class MapTruth:
    """How well one map shows what really changed.

    Attributes:
        auc: How often a changed pixel has a larger value than an unchanged one, ties counting half: 0.5 is chance.
        hit: Whether its peak is a changed pixel (the pointing game).
        left: Its peak on the twin relative to its peak here: 0, nothing is left; 1, it is as strong there.
        empty: Whether it is empty on the twin: no patch reaches `SHOWN` on the fixed scale, or `left` is below
            `QUIET` on any other.
    """

    auc: float
    hit: bool
    left: float
    empty: bool


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Each map against the difference between X-ray and twin.

    Attributes:
        target: The class.
        difference: Grey values by which the X-ray differs from its twin, of either sign, smoothed, (256, 256).
        changed: Which pixels really changed, (256, 256).
        counted: Which count: those that the model sees and that no other finding changed.
        scores: For each map.
        maps: On the X-ray (index 0) and on the twin (index 1).
    """

    target: str
    difference: Floats
    changed: Mask
    counted: Mask
    scores: Mapping[str, MapTruth]
    maps: PictureMaps

    @property
    def chance_hit(self) -> float:
        """How often a peak anywhere would hit."""
        return float(self.changed[self.counted].mean())

    @property
    def order(self) -> list[str]:
        """The maps, the largest AUC first."""
        return sorted(self.scores, key=lambda name: -self.scores[name].auc)

    def words(self) -> str:
        """Which map shows what changed, in sentences that follow the numbers."""
        return " ".join(part for part in (self._verdict(), missing_words(self.maps.missing)) if part)

    def _verdict(self) -> str:
        scores, n = self.scores, len(self.scores)
        best, worst = self.order[0], self.order[-1]
        hits = sum(one.hit for one in scores.values())
        first = (
            f"{percent(self.chance_hit)} of the pixels changed with {self.target}. {title_of(best)} ranks them best "
            f"(AUC {scores[best].auc:.2f}"
        )
        first += f"), {title_of(worst)} worst ({scores[worst].auc:.2f})" if n > 1 else ")"
        first += f"; in {hits} of {n} maps the peak is one of these pixels."
        empty = [title_of(name) for name in self.scores if scores[name].empty]
        full = [name for name in self.scores if not scores[name].empty]
        if not empty:
            return f"{first} On the same X-ray without the finding no map is empty."
        if not full:
            return f"{first} On the same X-ray without the finding all maps are empty."
        most = max(full, key=lambda name: scores[name].left)
        return (
            f"{first} On the same X-ray without the finding {listed(empty)} {'is' if len(empty) == 1 else 'are'} "
            "empty; "
            f"{title_of(most)} peaks there at {scores[most].left:.1f} times what it does here."
        )


def difference_of(image: Image.Image, twin: Image.Image) -> Floats:
    """By how many grey values of 255 an X-ray differs from its twin, smoothed, (256, 256).

    Both are averaged down to 256 x 256. A finding may change the exposure of the whole picture, so the straight line
    from the twin's grey values to the X-ray's is fitted to the 70% of the pixels that fit it best, and taken away.
    """
    from scipy.ndimage import gaussian_filter

    frame = (FRAME_PX, FRAME_PX)
    here, there = (
        np.asarray(one.convert("L").resize(frame, Image.Resampling.BOX), np.float64) for one in (image, twin)
    )
    kept, rest = np.ones(here.shape, bool), here - there
    for _ in range(_FITS):
        x, y = there[kept], here[kept]
        if x.std() == 0:
            break
        slope = float(np.cov(x, y, bias=True)[0, 1] / x.var())
        rest = here - (y.mean() + slope * (there - x.mean()))
        kept = np.abs(rest) <= np.quantile(np.abs(rest), _KEPT)
    return np.asarray(gaussian_filter(rest, SMOOTH_PX), np.float32)


def pixel_auc(values: Floats, changed: Mask, counted: Mask) -> float:
    """How often a changed pixel has a larger value than an unchanged one; nan where all changed, or none."""
    from vpe_core.metrics.ranking import Ranking

    positive, scores = changed[counted], values[counted].astype(np.float64)
    return float(Ranking.of(positive, scores).auroc(np.ones((len(scores), 1)))[0])


def truth(
    scene: LabScene,
    model: Model,
    *,
    methods: Sequence[str] | None = None,
    marked: bool = False,
    report: Progress = unreported,
) -> Truth:
    """Score each map against what the finding changed, and see what it shows where the finding is not.

    With several findings, pixels that changed outside the known box of the class count for neither side.

    Args:
        scene: With a picture "twin" in `others`; `avoid` has the boxes of all findings, `known` that of the class.
        model: A loaded model.
        methods: Out of `map_names()`; None for all.
        marked: Whether the marker is on both pictures.
        report: Maps are what counts; where it raises, the study ends.

    Raises:
        LabError: There is no twin, or it does not differ from the X-ray.
        AttentionError: There is no such method, or the model can have no map at all.
        VPEError: The marker cannot be drawn, or a prompt is not valid.
    """
    if "twin" not in scene.others:
        raise LabError(NO_FINDING if scene.healthy else MISSING["twin"])
    twin = scene.others["twin"].convert("RGB")
    difference = difference_of(scene.image, twin)
    view = model.view(scene.size_wh)
    counted = spread_patches(np.ones((1, 1), np.float32), view, scene.size_wh) > 0
    changed = np.abs(difference) > LEAST
    if scene.known is not None and len(scene.avoid) > 1:
        sx, sy = FRAME_PX / scene.size_wh[0], FRAME_PX / scene.size_wh[1]
        inside = coverage(scene.known.scaled(sx, sy), (FRAME_PX, FRAME_PX)) > 0
        counted, changed = counted & (inside | ~changed), changed & inside
    changed &= counted
    if not changed.any() or changed[counted].all():
        raise LabError(
            f"The X-ray does not differ from its twin where {scene.target} is, so there is nothing to score."
        )
    there = scene.present.on(twin.resize(scene.size_wh)) if marked else twin
    pictures = np.stack([model.prepare(scene.present.on(scene.rgb) if marked else scene.rgb), model.prepare(there)])
    suffix = scene.suffix(scene.style) if marked else ""
    made = maps_of(scene, model, pictures, [suffix] * 2, names=methods, report=report)
    require_some(made.grids, made.missing)
    scores = {}
    for name, (here, without) in made.grids.items():
        values = spread_patches(here, view, scene.size_wh)
        peak = np.unravel_index(int(np.where(counted, values, -1).argmax()), values.shape)
        left = float(without.max()) / float(here.max()) if here.max() > 0 else float("nan")
        empty = bool(without.max() < SHOWN) if name == FIXED else left < QUIET
        scores[name] = MapTruth(pixel_auc(values, changed, counted), bool(changed[peak]), left, empty)
    return Truth(scene.target, difference, changed, counted, scores, made)


TRUTH = Study(
    title="What really changed",
    question="Does a map show the pixels that the finding changed, and nothing where it is not?",
    run=truth,
)
