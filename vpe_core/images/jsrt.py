"""Raw images of the JSRT database: 2048 x 2048 big-endian 16-bit values without a header, 12 bits used, white at 0.

Source: Shiraishi et al., American Journal of Roentgenology 174 (2000), 71-74; http://db.jsrt.or.jp/eng.php.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from vpe_core.errors import ImageReadError
from vpe_core.images.film import PixelSpacing, levels_of
from vpe_core.images.pixels import XrayPixels
from vpe_core.images.windowing import window_of_range

SIDE_PX = 2048
N_BYTES = SIDE_PX * SIDE_PX * 2
_WINDOW_MAX = 4096
_SPACING = PixelSpacing(0.175, 0.175, "JSRT", "on the film")


def read_jsrt(data: bytes) -> XrayPixels:
    """Decode a .IMG file into the 8-bit picture of the official implementation: window 0..4096, turned over.

    Raises:
        ImageReadError: The values do not look like 12-bit densities.
    """
    raw = np.frombuffer(data, dtype=">i2").reshape(SIDE_PX, SIDE_PX)
    if np.mean((raw < 0) | (raw > _WINDOW_MAX)) > 0.01:
        raise ImageReadError("it has the size of a JSRT image, but its values are not 12-bit densities")
    windowed = (raw.clip(0, _WINDOW_MAX).astype(np.float64) / _WINDOW_MAX * 255).astype(np.uint8)
    native = raw.astype(np.int16)
    levels = partial(levels_of, native, native, window_of_range(0, _WINDOW_MAX), white_is_zero=True)
    return XrayPixels(255 - windowed, (0.0, 255.0), "JSRT", levels, _SPACING)
