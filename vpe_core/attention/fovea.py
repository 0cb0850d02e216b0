"""A region as a bias on attention, without ink: foveal attention (FALIP). Plain arrays, no torch.

Jiedong Zhuang, Jiaqi Hu, Lianrui Mu, Rui Hu, Xiaoyu Liang, Jiangnan Ye, Haoji Hu: FALIP: Visual Prompt as Foveal
Attention Boosts CLIP Zero-Shot Performance. ECCV 2024, arXiv:2407.05578.

The values are those of the authors' code for ViT-B/16 (github.com/pumpkin805/FALIP): on the patches that the box
touches a Gaussian of 100 patches about their middle, scaled to 0 .. 0.2, is added to what the class token makes of
their keys before the softmax, in the last 4 of 12 blocks. All other scores stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vpe_core.attention.localization import coverage
from vpe_core.errors import AttentionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.geometry import View
    from vpe_core.types import Region

FIRST_SHARE = 2 / 3
"""The share of the blocks, from the first on, that FALIP leaves alone."""
STRENGTH = 0.2
"""The largest bias: how much is added to a score, before the softmax."""
SIGMA_PATCHES = 100.0
"""Standard deviation of the Gaussian, in patches: within a region little more than a parabola."""
NOWHERE_ELSE = -1e4
"""A bias that leaves nothing: exp of it is 0, in 16 bits, too."""


def patches_of(region: Region, view: View, grid_hw: tuple[int, int]) -> NDArray[np.float32]:
    """How much of each patch a region covers, (rows, columns), 0 to 1.

    Args:
        region: In pixels of the image.
        view: How the model sees the image.
        grid_hw: Rows and columns of patches.

    Raises:
        AttentionError: The model sees nothing of it.
    """
    rows, columns = grid_hw
    seen = region.scaled(view.scale_x, view.scale_y).shifted(view.offset_x, view.offset_y)
    place = seen.scaled(columns / view.size_wh[0], rows / view.size_wh[1])
    cover = coverage(place, (columns, rows))
    if not cover.any():  # a thin outline may miss the middle of every patch
        cover = coverage(place.box, (columns, rows))
    if not cover.any():
        raise AttentionError("The model sees nothing of this region. Mark a place inside what it sees.")
    return cover


def foveal_bias(cover: NDArray[np.float32], *, strength: float = STRENGTH, outside: float = 0.0) -> NDArray[np.float32]:
    """What FALIP adds to the class token's scores of the patches, (rows, columns).

    Args:
        cover: As `patches_of` gives it, with something in it.
        strength: In the middle of the patches that the region touches; towards their corners it falls to 0.
        outside: On all other patches; `NOWHERE_ELSE` leaves the class token nothing but the region.

    Example:
        >>> foveal_bias(np.eye(1, 3, dtype=np.float32)).round(2).tolist()
        [[0.2, 0.0, 0.0]]
    """
    touched = cover > 0
    rows, columns = np.nonzero(touched)
    middle = (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2
    squared = (np.arange(cover.shape[0])[:, None] - middle[0]) ** 2 + (np.arange(cover.shape[1]) - middle[1]) ** 2
    gauss = np.exp(-0.5 * squared / SIGMA_PATCHES**2)
    least, most = gauss[touched].min(), gauss[touched].max()
    shape = (gauss - least) / (most - least) if most > least else np.ones_like(gauss)
    return np.where(touched, strength * shape, outside).astype(np.float32)
