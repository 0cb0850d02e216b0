"""From Pillow's picture modes to arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

    from vpe_core.images.pixels import PixelArray

_KEEP = {"L", "LA", "RGB", "RGBA", "I", "F"}  # further 16-bit modes begin with "I;16"


def to_values(picture: Image.Image) -> PixelArray:
    """The pixels of a Pillow picture of any mode, deep greys kept deep, palettes looked up."""
    if picture.mode not in _KEEP and not picture.mode.startswith("I;16"):
        keeps_alpha = picture.mode in ("PA", "La", "RGBa") or "transparency" in picture.info
        picture = picture.convert("L" if picture.mode == "1" else "RGBA" if keeps_alpha else "RGB")
    return np.array(picture)
