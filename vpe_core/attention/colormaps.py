"""Perceptually uniform colour maps as tables: lightness rises steadily from first to last entry.

Each is given by the ten anchors that Plotly publishes (they stem from matplotlib's maps) and is linear in sRGB between
them, exactly as Plotly draws it, so that an overlay and a chart's colour bar agree.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from vpe_core.errors import AttentionError
from vpe_core.registry import Registry

_ANCHORS: Registry[str] = Registry("colour map", AttentionError)
_ANCHORS.add("inferno", "000004 1b0c41 4a0c6b 781c6d a52c60 cf4446 ed6925 fb9b06 f7d13d fcffa4")
_ANCHORS.add("magma", "000004 180f3d 440f76 721f81 9e2f7f cd4071 f1605d fd9668 feca8d fcfdbf")
_ANCHORS.add("viridis", "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725")
_ANCHORS.add("cividis", "00224e 123570 3b496c 575d6d 707173 8a8678 a59c74 c3b369 e1cc55 fee838")

names = _ANCHORS.names


@cache
def table(name: str) -> NDArray[np.uint8]:
    """The colour map `name` as (256, 3) RGB.

    Raises:
        AttentionError: There is no such map.
    """
    anchors = np.array([list(bytes.fromhex(color)) for color in _ANCHORS.get(name).split()])
    positions = np.linspace(0, 1, len(anchors))
    channels = [np.interp(np.linspace(0, 1, 256), positions, channel) for channel in anchors.T]
    colors = np.stack(channels, axis=1).round().astype(np.uint8)
    colors.setflags(write=False)
    return colors
