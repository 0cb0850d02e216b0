"""The picture without any content on which a marker is drawn as a control."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vpe_core.images.sources import as_pixels

if TYPE_CHECKING:
    from vpe_core.images.pixels import XrayPixels

BLANK_GREY = 110


def blank_pixels(size_wh: tuple[int, int]) -> XrayPixels:
    """An even grey. Two corner pixels span the full range, because the paper's protocol stretches what it is given."""
    grey = np.full(size_wh[::-1], BLANK_GREY, np.uint8)
    grey[0, 0], grey[-1, -1] = 0, 255
    return as_pixels(grey)
