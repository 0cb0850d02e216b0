"""The region as a bias on attention in the tower; no pixel is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpe_core.attention.fovea import NOWHERE_ELSE, foveal_bias, patches_of
from vpe_core.lab.pointing.base import Asked, Pointing

if TYPE_CHECKING:
    from vpe_core.lab.scene import LabScene
    from vpe_core.models import Model

SOURCE = "Zhuang et al., FALIP: Visual prompt as foveal attention boosts CLIP zero-shot performance, ECCV 2024"


def falip(scene: LabScene, model: Model) -> Asked:
    """As published: at most 0.2 on the scores of the region's patches, in the last third of the blocks."""
    return foveal(scene, model)


def fovea_only(scene: LabScene, model: Model) -> Asked:
    """The end of the scale: in the last third of the blocks, the class token reads nothing but the region."""
    return foveal(scene, model, strength=0.0, outside=NOWHERE_ELSE)


def foveal(scene: LabScene, model: Model, **bias: float) -> Asked:
    """The unmarked X-ray with a bias as `foveal_bias` makes it.

    Raises:
        AttentionError: The tower's attention cannot be reached, or the model sees nothing of the region.
    """
    from vpe_core.attention.foveal_tower import FovealTower
    from vpe_core.attention.wants import FovealGaze

    grid_hw = FovealTower(model.visual).traced.grid_hw
    cover = patches_of(scene.region, model.view(scene.size_wh), grid_hw)
    return Asked(model.prepare(scene.rgb), FovealGaze(), foveal_bias(cover, **bias).ravel())


FALIP = Pointing(
    title="FALIP", ask=falip, source=SOURCE,
    about="Foveal attention: in the last third of the blocks, the class token is biased towards the region's patches.",
)  # fmt: skip
FOVEA_ONLY = Pointing(
    title="region's patches only", ask=fovea_only, source=f"FALIP with an unlimited bias, not published; {SOURCE}",
    about="The same bias without a limit: in the last third of the blocks, the class token reads the region's patches "
    "alone.",
)  # fmt: skip
