"""Sweeps: one property of the marker changes, the rest stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.errors import LabError
from vpe_core.lab.asking import ask, prepared, shares_inside
from vpe_core.lab.axes import AXES
from vpe_core.lab.scene import Drawing, LabScene
from vpe_core.lab.study import Study, unreported
from vpe_core.markers import get

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.models import Model
    from vpe_core.types import Progress


@dataclass(frozen=True, slots=True, eq=False)
class SweepCurve:
    """What one model says along one axis; a value with several pictures has their mean, and the ends of their range.

    Attributes:
        axis: Its name.
        model: The model's name.
        values: (n,); the present one is among them.
        present: The present value; None for a marker that has none.
        probability: Of the class that is followed, (n,).
        low: The least of a value's pictures, (n,).
        high: The largest.
        attention: The share of the attention in the region as it is at present, (n,); nan where it cannot be told.
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
    groups = {value: drawn for value in wanted if (drawn := chosen.drawings(scene, value))}
    drawings: list[Drawing] = [one for drawn in groups.values() for one in drawn]

    found = ask(scene, model, prepared(scene, model, drawings), ["", *scene.suffixes(drawings)], report)
    shares = shares_inside(found.maps, len(drawings) + 1, scene.region.box, model, scene.size_wh)
    if get(scene.style.marker).crops:
        shares[1:] = np.nan
    counts = [len(drawn) for drawn in groups.values()]
    ends = np.cumsum(counts)[:-1]
    of_target = np.split(found.probabilities[1:, scene.column], ends)
    mean, low, high = (
        np.array([reduce(group) for group in of_target], np.float32) for reduce in (np.mean, np.min, np.max)
    )
    return SweepCurve(
        axis,
        model.name,
        tuple(groups),
        present,
        mean,
        low,
        high,
        np.array([np.mean(group) for group in np.split(shares[1:], ends)], np.float32),
        tuple(counts),
        float(found.probabilities[0, scene.column]),
    )


SWEEP = Study(
    title="Sweeps",
    question="What happens to the answer when one property of the marker changes?",
    run=sweep,
)
