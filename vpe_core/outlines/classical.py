"""Segmenters of scikit-image, on a small part of the image around the box: they go by grey levels alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vpe_core.errors import LabError
from vpe_core.extras import is_installed
from vpe_core.outlines.base import OutlineMethod
from vpe_core.outlines.window import Window, window_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from PIL import Image

    from vpe_core.outlines.base import Outliner
    from vpe_core.types import Box, Point, Polygon

    Mask = NDArray[np.bool_]

_CORE = 0.4
"""What lies within this share of the box's radii is part of the structure, whatever it looks like."""
_BETA = 400.0
"""How much a step of grey levels stops the random walker."""
_ROUNDS, _SMOOTHINGS, _BEGIN = 60, 2, 0.8


def _random_walker(window: Window) -> Mask:
    """Whether a random walker that avoids steps of grey comes to the middle before it comes to the box's rim."""
    from skimage.segmentation import random_walker

    seeds = np.zeros(window.grey.shape, np.int32)
    seeds[~window.inside | (window.radius >= 1.3)] = 2
    seeds[_core(window)] = 1
    if not (seeds == 0).any() or not (seeds == 2).any():
        return window.radius <= 1
    found: Mask = random_walker(window.grey, seeds, beta=_BETA, mode="bf") == 1
    return found


def _chan_vese(window: Window) -> Mask:
    """Two even greys, inside and outside, whose border begins as an ellipse in the box and moves."""
    from skimage.segmentation import morphological_chan_vese

    begin = window.radius <= _BEGIN
    found: Mask = morphological_chan_vese(window.grey, _ROUNDS, init_level_set=begin, smoothing=_SMOOTHINGS) > 0
    core = _core(window)
    return found if found[core].mean() >= 0.5 else ~found


def _watershed(window: Window) -> Mask:
    """Floods the steepness of the grey levels from the middle and from the rim of the box."""
    from skimage.filters import sobel
    from skimage.segmentation import watershed

    seeds = np.zeros(window.grey.shape, np.int32)
    seeds[~window.inside | (window.radius >= 1.3)] = 2
    seeds[_core(window)] = 1
    found: Mask = watershed(sobel(window.grey), seeds) == 1
    return found


def _core(window: Window) -> Mask:
    return window.radius <= max(_CORE, float(window.radius.min()))


def _outliner(mask_of: Callable[[Window], Mask]) -> Outliner:
    def outline(image: Image.Image, where: Box | Point, /) -> Polygon:
        if problem := _problem():
            raise LabError(problem)
        window = window_of(image, where)
        return window.polygon(mask_of(window))

    return outline


def _problem() -> str:
    if is_installed("skimage"):
        return ""
    return 'Outlines need scikit-image. Install it: pip install "visual-prompt-lab[outline]"'


RANDOM_WALKER = OutlineMethod(
    title="Random walker", outline=_outliner(_random_walker), problem=_problem,
    about="A random walker from each pixel: does it reach the middle or the rim first, if steps of grey hold it up?",
    source="Grady, Random walks for image segmentation, IEEE TPAMI 28 (2006); scikit-image",
)  # fmt: skip
CHAN_VESE = OutlineMethod(
    title="Chan-Vese", outline=_outliner(_chan_vese), problem=_problem,
    about="Two even greys, inside and outside, and a border that moves until both fit.",
    source="Márquez-Neila et al., A morphological approach to curvature-based evolution of curves and surfaces, IEEE "
    "TPAMI 36 (2014); scikit-image",
)  # fmt: skip
WATERSHED = OutlineMethod(
    title="Watershed", outline=_outliner(_watershed), problem=_problem,
    about="The line of the steepest step of grey between the middle and the rim of the box.",
    source="Beucher and Lantuéjoul, Use of watersheds in contour detection (1979); scikit-image",
)  # fmt: skip
