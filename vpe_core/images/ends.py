"""Frames whose end is not marked: those that are all there are read, those that are cut are refused.

Decoders do not tell the two apart: they fill up what is missing with grey, or refuse both. JPEG 2000 declares the
length of its parts. Of JPEG and JPEG-LS, whatever follows the last coded pixel is skipped up to the next marker: a
whole frame gives the same pixels whatever stands behind it, and a cut one does not. It is decoded with several
continuations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.errors import ImageReadError
from vpe_core.images.codestreams import END, JPEG_2000, Codestream

if TYPE_CHECKING:
    from vpe_core.images.pixels import PixelArray

ENDS_EARLY = "its pixel data end early: a part of the file is missing. Copy it anew from where it comes"
_N_CONTINUATIONS = 3
_N_RESTARTS = 16
_RUN_BYTES = 200
_RESTART = 0xD0


def with_end(frame: bytes, header: Codestream, decode: Callable[[bytes], PixelArray]) -> bytes:
    """The frame with an end marker.

    Args:
        frame: JPEG, JPEG-LS or JPEG 2000.
        header: Its header.
        decode: The decoder that will be used. It is asked only where the end is not marked.

    Raises:
        ImageReadError: The frame is cut, so that a decoder would make up pixels.
    """
    if header.has_end:
        return frame
    if header.is_cut:
        raise ImageReadError(ENDS_EARLY)
    if header.process == JPEG_2000:
        return frame[: header.n_bytes] + END
    if frame.endswith(b"\xff"):  # half of the end marker, or data whose stuffed zero is missing
        frame += b"\0"
    try:
        values = decode(frame + END)
        continued = (decode(frame + _continuation(seed) + END) for seed in range(_N_CONTINUATIONS))
        is_whole = all(np.array_equal(values, other) for other in continued)
    except Exception:  # decoders raise nearly everything there is on what makes no pixels
        is_whole = False
    if not is_whole:
        raise ImageReadError(ENDS_EARLY)
    return frame + END


def _continuation(seed: int) -> bytes:
    """Coded pixels of any kind, also behind the restart markers at which a cut frame may go on."""
    generator = np.random.default_rng(seed)
    runs = (generator.integers(0, 0xFF, _RUN_BYTES, np.uint8).tobytes() for _ in range(_N_RESTARTS + 1))
    return next(runs) + b"".join(bytes((0xFF, _RESTART + i % 8)) + run for i, run in enumerate(runs))
