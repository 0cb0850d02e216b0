"""The size that a compressed frame declares: JPEG and JPEG-LS (ISO 10918-1 B.2.2), JPEG 2000 (ISO 15444-1 A.5.1)."""

from __future__ import annotations

_JPEG_START = b"\xff\xd8"
_JPEG_2000_START = b"\xff\x4f\xff\x51"
# Start-of-frame markers 0xC0..0xCF without the tables DHT, JPG and DAC, and JPEG-LS.
_FRAME_HEADERS = (set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}) | {0xF7}


def declared_size_wh(frame: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels of a JPEG, JPEG-LS or JPEG 2000 frame; None for anything else, such as RLE."""
    if frame.startswith(_JPEG_START):
        return _jpeg_size_wh(frame)
    start = frame.find(_JPEG_2000_START, 0, 4096)  # a JP2 container may stand before it
    if start >= 0:
        x1, y1, x0, y0 = (int.from_bytes(frame[start + 8 + 4 * i : start + 12 + 4 * i], "big") for i in range(4))
        return x1 - x0, y1 - y0
    return None


def _jpeg_size_wh(frame: bytes) -> tuple[int, int] | None:
    position = len(_JPEG_START)
    while position + 9 <= len(frame):
        marker, length = frame[position + 1], int.from_bytes(frame[position + 2 : position + 4], "big")
        if marker in _FRAME_HEADERS:
            height, width = (int.from_bytes(frame[position + i : position + i + 2], "big") for i in (5, 7))
            return width, height
        position += 2 + length
    return None
