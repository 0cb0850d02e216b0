"""Sweeps: one property of the marker changes, the rest stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.errors import LabError, RegionError
from vpe_core.lab.asking import ask, prepared, shares_inside
from vpe_core.lab.axes import AXES, Axis
from vpe_core.lab.mapping import listed
from vpe_core.lab.scene import Drawing, LabScene
from vpe_core.lab.study import Study, unreported
from vpe_core.markers import get
from vpe_core.plots.percent import percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.models import Model
    from vpe_core.types import Floats, Progress


@dataclass(frozen=True, slots=True, eq=False)
class SweepCurve:
    """What one model says along one axis; a value with several pictures has their mean, and the ends of their range.

    Where nothing of the marker is to be seen on the picture, there is a gap: nan, and no picture.

    Attributes:
        axis: Its name.
        model: The model's name.
        values: (n,); the present one is among them.
        present: The present value; None for a marker that has none.
        probability: Of the class that is followed, (n,); nan in a gap.
        low: The least of a value's pictures, (n,).
        high: The largest.
        attention: The share of the attention where the present marker points, (n,); nan where it cannot be told.
        n_pictures: For each value, (n,).
        unmarked: Probability without a marker.
    """

    axis: str
    model: str
    values: tuple[float, ...]
    present: float | None
    probability: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    attention: NDArray[np.float32]
    n_pictures: tuple[int, ...]
    unmarked: float

    @property
    def gaps(self) -> tuple[float, ...]:
        """The values at which nothing of the marker is to be seen."""
        return tuple(value for value, n in zip(self.values, self.n_pictures, strict=True) if not n)

    def words(self) -> str:
        """How far the answer moves, and where there is a gap, in sentences that follow the numbers."""
        axis, known = AXES.get(self.axis), self.probability[np.isfinite(self.probability)]
        if not known.size:
            return "Nothing of the marker is to be seen on this picture, whatever its value."
        moves = f"{percent(float(known.min()))} to {percent(float(known.max()))}."
        if not self.gaps:
            return moves
        where = f"{listed([f'{value:g}' for value in self.gaps])} {axis.unit}"
        return f"{moves} Nothing of the marker is to be seen on the picture at {where}."


def sweep(
    scene: LabScene,
    model: Model,
    *,
    axis: str = "width",
    values: Sequence[float] | None = None,
    report: Progress = unreported,
) -> SweepCurve:
    """Ask along one axis.

    Args:
        scene: The X-ray, the region and the present marker.
        model: A loaded model.
        axis: A name out of `AXES`.
        values: In place of the axis' own; the present one is added.
        report: As in `ask`.

    Raises:
        LabError: There is no such axis, or it means nothing for this marker.
        VPEError: A marker cannot be drawn, or a prompt is not valid.
    """
    chosen = AXES.get(axis)
    if problem := chosen.problem(scene):
        raise LabError(problem)
    present = chosen.present(scene)
    wanted = sorted({*(chosen.values if values is None else values), *(() if present is None else (present,))})
    groups = [_to_be_seen(scene, chosen, value) for value in wanted]
    drawings = [drawing for drawn in groups for drawing in drawn]

    found = ask(scene, model, prepared(scene, model, drawings), ["", *scene.suffixes(drawings)], report)
    shares = shares_inside(found.maps, len(drawings) + 1, scene, model)
    if get(scene.style.marker).crops:
        shares[1:] = np.nan
    counts = [len(drawn) for drawn in groups]
    ends = np.cumsum(counts)[:-1]
    of_target = np.split(found.probabilities[1:, scene.column], ends)
    mean, low, high = (_of_each(of_target, reduce) for reduce in (np.mean, np.min, np.max))
    return SweepCurve(
        axis, model.name, tuple(wanted), present, mean, low, high, _of_each(np.split(shares[1:], ends), np.mean),
        tuple(counts), float(found.probabilities[0, scene.column]),
    )  # fmt: skip


def _to_be_seen(scene: LabScene, axis: Axis, value: float) -> list[Drawing]:
    """The drawings of a value of which something is to be seen."""
    try:
        return [drawing for drawing in axis.drawings(scene, value) if drawing.shows_on(scene.rgb)]
    except RegionError:  # so small or so far that there is no such region
        return []


def _of_each(groups: Sequence[Floats], reduce: Callable[[Floats], np.floating]) -> Floats:
    return np.array([reduce(group) if group.size else np.nan for group in groups], np.float32)


SWEEP = Study(
    title="Sweeps",
    question="What happens to the answer when one property of the marker changes?",
    run=sweep,
)
