"""Sanity check: a map that stays the same when the model's weights become noise does not tell about the model.

Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018, arXiv 1810.03292: cascading randomisation.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vpe_core.lab.mapping import (
    after,
    checked_maps,
    listed,
    maps_of,
    missing_words,
    require_some,
    title_of,
)
from vpe_core.lab.study import Study, unreported
from vpe_core.metrics import rank_correlation
from vpe_core.plots.decimals import decimal

if TYPE_CHECKING:
    from vpe_core.lab.scene import LabScene
    from vpe_core.models import Model
    from vpe_core.types import Floats, Progress

ALIKE = 0.5
"""A map whose rank correlation with the model's own is at least this with random weights draws the picture."""
_AFTER_BLOCKS = ("ln_post", "proj", "trunk.norm", "trunk.fc_norm", "trunk.head", "trunk.attn_pool", "head")
"""What an image tower has behind its blocks, as open_clip and timm name it."""


@dataclass(frozen=True, slots=True, eq=False)
class Sanity:
    """How like its own a map remains while weights become random, from the top down.

    Attributes:
        target: The class.
        stages: What was randomised last: "head", "block 6", …, "block 1", "patches".
        similarity: For each map Spearman's rank correlation with the map of the model as it is, after each stage,
            (stages); nan where a map is the same everywhere.
        missing: Maps that this model cannot have, and why.
    """

    target: str
    stages: tuple[str, ...]
    similarity: Mapping[str, Floats]
    missing: Mapping[str, str]

    @property
    def last(self) -> dict[str, float]:
        """The similarity once all weights are random; nan counts as none."""
        return {name: float(np.nan_to_num(curve[-1])) for name, curve in self.similarity.items()}

    @property
    def insensitive(self) -> tuple[str, ...]:
        """The maps that a random model draws, too."""
        return tuple(name for name, value in self.last.items() if abs(value) >= ALIKE)

    def words(self) -> str:
        """Which maps fail, in sentences that follow the numbers."""
        return " ".join(part for part in (self._verdict(), missing_words(self.missing)) if part)

    def _verdict(self) -> str:
        last, failed = self.last, self.insensitive
        most = max(last, key=lambda name: abs(last[name]))
        if not failed:
            return (
                f"All {len(last)} maps change when the weights become random: none keeps a rank correlation of {ALIKE} "
                f"with its own; the furthest from 0 is {title_of(most)}'s, {decimal(last[most])}."
            )
        kept = listed([f"{title_of(name)} ({decimal(last[name])})" for name in failed])
        return (
            f"{len(failed)} of {len(last)} maps look much the same with random weights, {kept}: "
            f"{'it shows' if len(failed) == 1 else 'they show'} the picture more than the model."
        )


def stages_of(visual: Any) -> list[tuple[str, list[str]]]:
    """What is randomised at each stage, from the top down: its name, and its parameters' names.

    Raises:
        AttentionError: The tower is of a kind that cannot be read.
    """
    from vpe_core.attention.tracing import TracedTower

    path = TracedTower(visual).blocks
    names = [name for name, _ in visual.named_parameters()]
    keys = [key for key, _ in visual.get_submodule(path).named_children()]
    blocks = [[name for name in names if name.startswith(f"{path}.{key}.")] for key in keys]
    in_blocks = {name for block in blocks for name in block}
    rest = [name for name in names if name not in in_blocks]
    top = [name for name in rest if any(name == one or name.startswith(f"{one}.") for one in _AFTER_BLOCKS)]
    stages = [("head", top)]
    stages += [(f"block {number + 1}", blocks[number]) for number in range(len(blocks) - 1, -1, -1)]
    return [*stages, ("patches", [name for name in rest if name not in top])]


def randomised(visual: Any, seed: int) -> Iterator[tuple[str, Any]]:
    """A copy of an image tower, stage by stage more random; the tower itself is not touched.

    The values of each parameter are put in a random order: what a layer computes is lost, its scale is not.

    Returns:
        The name of each stage with the copy, which the next stage changes.
    """
    import torch

    twin = copy.deepcopy(visual)
    generator = torch.Generator().manual_seed(seed)
    parameters = dict(twin.named_parameters())
    for stage, names in stages_of(twin):
        with torch.no_grad():
            for name in names:
                values = parameters[name]
                places = torch.randperm(values.numel(), generator=generator).to(values.device)
                values.copy_(values.flatten()[places].view_as(values))
        yield stage, twin


def sanity(
    scene: LabScene,
    model: Model,
    *,
    methods: Sequence[str] | None = None,
    seed: int = 0,
    report: Progress = unreported,
) -> Sanity:
    """Compare each map with that of a model whose weights are random, from the top down.

    The copy computes beside the model, so that nobody waits for it; texts are read by the model as it is.

    Args:
        scene: The X-ray, unmarked, and the class.
        model: A loaded model; its weights are copied.
        methods: Out of `map_names()`; None for all.
        seed: Of the random orders.
        report: Maps are what counts; where it raises, the study ends.

    Raises:
        AttentionError: There is no such method, or the tower cannot be read.
        VPEError: A prompt is not valid.
    """
    from vpe_core.models.towers import DirectPredictor

    chosen = checked_maps(methods)
    stages = tuple(name for name, _ in stages_of(model.visual))
    total = len(chosen) * (len(stages) + 1)
    picture = model.prepare(scene.rgb)[None]
    own = maps_of(scene, model, picture, [""], names=chosen, report=after(report, 0, total))
    require_some(own.grids, own.missing)
    similarity: dict[str, list[float]] = {name: [] for name in own.grids}
    for number, (_, twin) in enumerate(randomised(model.visual, seed)):
        random = model.asking(DirectPredictor(model.towers.with_image_tower(twin)))
        told = after(report, (number + 1) * len(chosen), total)
        made = maps_of(scene, random, picture, [""], names=chosen, report=told)
        for name, values in similarity.items():
            values.append(rank_correlation(own.grids[name][0].ravel(), made.grids[name][0].ravel()))
    curves = {name: np.array(values, np.float32) for name, values in similarity.items()}
    return Sanity(scene.target, stages, curves, own.missing)


SANITY = Study(
    title="Random weights",
    question="Does a map change when the model's weights become noise?",
    run=sanity,
)
