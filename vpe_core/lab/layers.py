"""Every head of every layer, without and with the marker: where in the tower the marker takes hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.attention import every_head
from vpe_core.attention.resample import grid_to_image
from vpe_core.lab.asking import probabilities_of
from vpe_core.lab.maps import shares_or_nan
from vpe_core.lab.study import Study, unreported
from vpe_core.markers import get
from vpe_core.plots.percent import percent
from vpe_core.types import Heatmap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.geometry import SizeWH, View
    from vpe_core.lab.scene import Scene
    from vpe_core.models import Model
    from vpe_core.types import Progress

    Floats = NDArray[np.float32]

GAINED = 0.05
"""A head that puts so much more of its attention on the region follows the marker."""


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """The class token's attention in all heads; without the marker (index 0) and with it (index 1).

    Attributes:
        target: The class.
        marker: What the marker is called.
        attention: To each patch, (2, layers, heads, rows, columns).
        shares: Of each head's attention to patches the share in the region's box, (2, layers, heads); nan where it
            cannot be told, as with a crop.
        area: The share of the patches that the box covers: the share of even attention.
        probabilities: Of the class, without and with the marker.
        sizes_wh: Of both pictures in pixels; only a crop is of another size.
        views: How the model sees each.
    """

    target: str
    marker: str
    attention: Floats
    shares: Floats
    area: float
    probabilities: tuple[float, float]
    sizes_wh: tuple[SizeWH, SizeWH]
    views: tuple[View, View]

    @property
    def n_layers(self) -> int:
        """Number of layers."""
        return int(self.attention.shape[1])

    @property
    def n_heads(self) -> int:
        """Heads in each layer."""
        return int(self.attention.shape[2])

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
        of_layer: Floats = self.attention[int(marked), layer]
        grid: Floats = of_layer.mean(axis=0) if head is None else of_layer[head]
        return grid

    def peak(self, layer: int, head: int | None = None) -> float:
        """What is shown at full strength, the same without and with the marker."""
        return max(float(self.grid(layer, head, marked=marked).max()) for marked in (False, True))

    def heatmap(self, layer: int, head: int | None = None, *, marked: bool = False) -> Heatmap:
        """The same in pixels of its picture, for `overlay(…, peak=layers.peak(layer, head))`."""
        grid = self.grid(layer, head, marked=marked)
        return Heatmap(grid_to_image(grid, self.views[int(marked)], self.sizes_wh[int(marked)]), "last-layer")

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
            return f"No head follows the {self.marker}; the largest gain in the region is that of {most}."
        first = int(np.flatnonzero(follow.any(axis=1))[0]) + 1
        n = int(follow.sum())
        return (
            f"{n} of {gains.size} heads put at least {round(100 * GAINED)} points more on the region with the "
            f"{self.marker}, from layer {first} on; most of all {most}."
        )


def layers(scene: Scene, model: Model, *, report: Progress = unreported) -> Layers:
    """Read all heads for the X-ray without and with the marker, in one pass.

    Args:
        scene: The X-ray, the region and the marker.
        model: A loaded model.
        report: Pictures are what counts.

    Raises:
        AttentionError: The tower's attention cannot be read, or it has no class token.
        VPEError: The marker cannot be drawn, or a prompt is not valid.
    """
    drawn = scene.present.on(scene.rgb)
    sizes = (scene.size_wh, drawn.size)
    report(0, 2)
    found = every_head(model, np.stack([model.prepare(scene.rgb), model.prepare(drawn)]))
    report(2, 2)
    even = np.ones(found.attention.shape[-2:], np.float32)
    shares, area = (shares_or_nan(values, scene.region.box, model, scene.size_wh) for values in (found.attention, even))
    if get(scene.style.marker).crops:
        shares[1] = np.nan
    chances = probabilities_of(scene, model, found.embeddings, ["", scene.suffix(scene.style)])[:, scene.column]
    return Layers(
        scene.target, scene.style.title.partition(",")[0], found.attention, shares, float(area),
        (float(chances[0]), float(chances[1])), sizes, (model.view(sizes[0]), model.view(sizes[1])),
    )  # fmt: skip


LAYERS = Study(
    title="Layers and heads",
    question="In which layer and head does the marker take hold?",
    run=layers,
)
