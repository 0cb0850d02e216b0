"""The grey levels of an X-ray, packed for the browser, which windows them itself: at once, and in full depth."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

from vpe_core.images import GreyLevels

FILM_PX = 2048
"""Longer side of what the browser gets; a reader who zooms in sees more than the canvas' own pixels."""
_MOST_STEPS = 2**16 - 1


@dataclass(frozen=True, slots=True, eq=False)
class BrowserFilm:
    """Steps of grey; the value of a step is `first + size * step`.

    Attributes:
        steps: (height, width) of uint16.
        first: The smallest value.
        size: Of a step: 1 wherever all values are whole numbers of fewer than 65,536 levels.
    """

    steps: np.ndarray[tuple[int, int], np.dtype[np.uint16]]
    first: float
    size: float

    def packed(self, canvas: str) -> bytes:
        """The length of a header (4 bytes, little-endian), the header as JSON, and the steps.

        Of the steps, each row holds differences from left to right (modulo 65,536): half the data once deflated.
        """
        height, width = self.steps.shape
        header = {"canvas": canvas, "width": width, "height": height, "first": self.first, "size": self.size}
        text = json.dumps(header).encode()
        differences = np.diff(self.steps, axis=1, prepend=np.uint16(0))
        return len(text).to_bytes(4, "little") + text + zlib.compress(differences.astype("<u2").tobytes(), 1)


def browser_film(grey: GreyLevels) -> BrowserFilm:
    """The film of these grey levels, at most `FILM_PX` wide or high."""
    first, last = grey.value_range
    is_whole = bool((grey.values == np.rint(grey.values)).all()) and last - first <= _MOST_STEPS
    size = 1.0 if is_whole else (last - first) / _MOST_STEPS or 1.0
    table = (grey.values - first) / size
    height, width = grey.levels.shape
    factor = min(1.0, FILM_PX / max(height, width))
    if factor == 1:
        return BrowserFilm(np.rint(table).astype(np.uint16)[grey.levels], first, size)
    shrunk = Image.fromarray(table.astype(np.float32)[grey.levels]).resize(
        (max(1, round(width * factor)), max(1, round(height * factor))), Image.Resampling.BOX
    )
    return BrowserFilm(np.rint(np.asarray(shrunk)).clip(0, _MOST_STEPS).astype(np.uint16), first, size)
