"""PNG files: only the chunks that make the picture, so that a defect in the others cannot hide it."""

from __future__ import annotations

import os
import zlib
from typing import BinaryIO

HEADER_BYTES = 33
_SIGNATURE_BYTES = 8
_PALETTE = b"\x03"
_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
# Transparency, orientation, and what tells an animation.
_OPTIONAL = (b"tRNS", b"eXIf", b"acTL", b"fcTL", b"fdAT")
_EMPTY_PIXELS = bytes(4) + b"IDAT" + zlib.crc32(b"IDAT").to_bytes(4, "big")


def essential(file: BinaryIO, *, with_pixels: bool = True) -> bytes:
    """The file without comments, profiles and other chunks beside the picture, and without damaged optional ones.

    Args:
        file: At its beginning.
        with_pixels: Else one empty chunk stands for the pixels and all that follows.
    """
    kept, exif = [file.read(_SIGNATURE_BYTES)], b""
    while len(head := file.read(8)) == 8:
        n_bytes, kind = int.from_bytes(head[:4], "big") + 4, head[4:]
        is_ancillary = kind[:1].islower()
        if kind == b"IDAT" and not with_pixels and kept[-1] != _EMPTY_PIXELS:
            kept.append(_EMPTY_PIXELS)
        behind_pixels = kept[-1] == _EMPTY_PIXELS and kind not in (b"eXIf", b"IEND")
        if (is_ancillary and kind not in _OPTIONAL) or behind_pixels:
            file.seek(n_bytes, os.SEEK_CUR)
            continue
        chunk = head + file.read(n_bytes)
        is_sound = not is_ancillary or zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")
        if kind == b"tRNS" and kept[1:] and kept[1][17:18] != _PALETTE:
            continue  # one grey or colour that a page may leave out: no part of an X-ray
        if kind == b"acTL" and n_bytes != 12:
            continue
        if kind == b"eXIf" and is_sound:
            exif = chunk  # behind the pixels, Pillow finds it only once it has decoded them
        elif is_sound or kind in _CRITICAL:
            kept.append(chunk)
        if kind == b"IEND":
            break
    return b"".join([*kept[:2], exif, *kept[2:]])


def depth_and_colour(data: bytes) -> tuple[int, int]:
    """Bit depth and colour type (0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA) of the header."""
    return data[24], data[25]


def size_wh(data: bytes) -> tuple[int, int]:
    """(width, height) in pixels of the header."""
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
