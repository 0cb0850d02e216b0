"""Frames that are all there are read, those that lack pixels are refused, whether their end is marked or not.

Decoders do not tell the two apart: they fill up what is missing with grey, or refuse both. JPEG 2000 declares the
length of its parts. Of JPEG and JPEG-LS, whatever follows the last coded pixel is skipped up to the next marker: a
whole frame gives the same pixels whatever stands there, and one that lacks some does not. It is decoded with
continuations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from vpe_core.errors import ImageReadError
from vpe_core.images import codestreams
from vpe_core.images.codestreams import END, Codestream

if TYPE_CHECKING:
    from vpe_core.images.pixels import PixelArray

T = TypeVar("T")
ENDS_EARLY = "its pixel data end early: a part of the file is missing. Copy it anew from where it comes"
_N_CONTINUATIONS = 3  # where the end is not marked; else one, because hardly a frame lacks anything
_N_RESTARTS = 16
_RUN_BYTES, _SHORT_RUN_BYTES = 200, 32
_RESTART, _BYTE = 0xD0, 8


def decode_whole(
    frame: bytes, header: Codestream, decode: Callable[[bytes], tuple[PixelArray, T]]
) -> tuple[PixelArray, T]:
    """What the decoder makes of a frame, if it makes it of the frame alone.

    Frames with an end marker are looked at if they are 8-bit JPEG, baseline or progressive; others are decoded as they
    are.

    Args:
        frame: JPEG, JPEG-LS or JPEG 2000.
        header: Its header.
        decode: Gives the pixels of a frame with an end marker, and something else.

    Raises:
        ImageReadError: The frame is cut, so that the decoder makes up pixels.
    """
    is_plain = header.process in codestreams.HUFFMAN and header.precision == _BYTE
    if header.has_end and not is_plain:
        return decode(frame)
    if header.is_cut:
        raise ImageReadError(ENDS_EARLY)
    if header.process == codestreams.JPEG_2000:
        return decode(frame[: header.n_bytes] + END)
    if not header.has_end:
        frame += b"\0" * frame.endswith(b"\xff") + END  # half of an end marker, or data whose stuffed zero is missing
    places = (is_plain and codestreams.coded_ends(frame)) or [frame.rindex(END)]
    try:
        found = decode(frame)
    except Exception:  # decoders raise nearly everything there is on what makes no pixels
        if header.has_end:
            raise
        raise ImageReadError(ENDS_EARLY) from None
    seeds = range(1 if header.has_end else _N_CONTINUATIONS)
    if not all(_gives(found[0], decode, _continued(frame, places, seed)) for seed in seeds):
        raise ImageReadError(ENDS_EARLY)
    return found


def _gives(values: PixelArray, decode: Callable[[bytes], tuple[PixelArray, object]], frame: bytes) -> bool:
    try:
        return np.array_equal(values, decode(frame)[0])
    except Exception:  # see above
        return False


def _continued(frame: bytes, places: Sequence[int], seed: int) -> bytes:
    """A frame with coded pixels of any kind at these places, at the last one also behind restart markers."""
    generator = np.random.default_rng(seed)

    def run(n_bytes: int) -> bytes:
        return generator.integers(0, 0xFF, n_bytes, np.uint8).tobytes()

    parts, start = [], 0
    for place in places:
        parts += [frame[start:place], run(_SHORT_RUN_BYTES)]
        start = place
    behind = (bytes((0xFF, _RESTART + i % 8)) + run(_RUN_BYTES) for i in range(_N_RESTARTS))
    return b"".join((*parts, run(_RUN_BYTES), *behind, frame[start:]))
