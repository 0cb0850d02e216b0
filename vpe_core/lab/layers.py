"""Every head of every layer, without and with the marker: where in the tower the marker takes hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.attention import every_head
from vpe_core.lab.asking import probabilities_of
from vpe_core.lab.before_after import BeforeAfter, prepared_pair
from vpe_core.lab.marked_place import even_share, shares_in_place
from vpe_core.lab.study import Study, unreported
from vpe_core.plots.percent import percent
from vpe_core.types import Heatmap

if TYPE_CHECKING:
    from vpe_core.attention import Heads
    from vpe_core.lab.scene import LabScene
    from vpe_core.models import Model
    from vpe_core.types import Floats, Progress

GAINED = 0.05
"""A head that puts so much more of its attention on the region follows the marker."""


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """The class token's attention in all heads; without the marker (index 0) and with it (index 1).

    Attributes:
        target: The class.
        compared: The two pictures.
        heads: Of both.
        shares: Of each head's attention to patches the share where the marker points, (2, layers, heads); nan where
            it cannot be told, as with a crop.
        area: The share of even attention there.
        probabilities: Of the class, without and with the marker.
    """

    target: str
    compared: BeforeAfter
    heads: Heads
    shares: Floats
    area: float
    probabilities: tuple[float, float]

    @property
    def curves(self) -> Floats:
        """For each layer the mean of its heads' shares in the region, (2, layers)."""
        curves: Floats = self.shares.mean(axis=2)
        return curves

    @property
    def gains(self) -> Floats:
        """What the marker adds to each head's share, (layers, heads)."""
        gains: Floats = self.shares[1] - self.shares[0]
        return gains

    def grid(self, layer: int, head: int | None = None, *, marked: bool = False) -> Floats:
        """One head's map, or the mean over the heads of a layer, (rows, columns). Both count from 0."""
        of_layer: Floats = self.heads.attention[int(marked), layer]
        grid: Floats = of_layer.mean(axis=0) if head is None else of_layer[head]
        return grid

    def peak(self, layer: int, head: int | None = None) -> float:
        """What is shown at full strength, the same without and with the marker."""
        return max(float(self.grid(layer, head, marked=marked).max()) for marked in (False, True))

    def heatmap(self, layer: int, head: int | None = None, *, marked: bool = False) -> Heatmap:
        """The same in pixels of its picture, for `overlay(…, peak=layers.peak(layer, head))`."""
        return Heatmap(self.compared.in_pixels(self.grid(layer, head, marked=marked), marked=marked), "last-layer")

    def words(self) -> str:
        """Where the marker takes hold, in sentences that follow the numbers; layers and heads count from 1."""
        gains = self.gains
        if not np.isfinite(gains).any():
            return "What the heads put on the region cannot be compared: a crop shows other places."
        follow = gains >= GAINED
        layer, head = (int(place) for place in np.unravel_index(int(np.nanargmax(gains)), gains.shape))
        before, then = (percent(float(self.shares[which, layer, head])) for which in (0, 1))
        most = f"layer {layer + 1}, head {head + 1}: {before} → {then} (even attention: {percent(self.area)})"
        if not follow.any():
            return f"No head follows the {self.compared.marker}; the largest gain in the region is that of {most}."
        first = int(np.flatnonzero(follow.any(axis=1))[0]) + 1
        n = int(follow.sum())
        return (
            f"{n} of {gains.size} heads put at least {round(100 * GAINED)} points more on the region with the "
            f"{self.compared.marker}, from layer {first} on; most of all {most}."
        )


def layers(scene: LabScene, model: Model, *, report: Progress = unreported) -> Layers:
    """Read all heads for the X-ray without and with the marker, in one pass.

    Args:
        scene: The X-ray, the region and the marker.
        model: A loaded model.
        report: Pictures are what counts.

    Raises:
        AttentionError: The tower's attention cannot be read, or it has no class token.
        VPEError: The marker cannot be drawn, or a prompt is not valid.
    """
    compared, prepared = prepared_pair(scene, model)
    report(0, 2)
    heads = every_head(model, prepared)
    report(2, 2)
    shares = shares_in_place(heads.attention, scene, model)
    if compared.crops:
        shares[1] = np.nan
    area = even_share(heads.attention, scene, model)
    before, marked = probabilities_of(scene, model, heads.embeddings, compared.suffixes)[:, scene.column].tolist()
    return Layers(scene.target, compared, heads, shares, area, (before, marked))


LAYERS = Study(
    title="Layers and heads",
    question="In which layer and head does the marker take hold?",
    run=layers,
)
