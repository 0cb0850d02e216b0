"""What a compressed frame declares: JPEG and JPEG-LS (ISO 10918-1 B.2.2), JPEG 2000 (ISO 15444-1 A.5.1), WebP."""

from __future__ import annotations

from dataclasses import dataclass

_JPEG_START = b"\xff\xd8"
_JPEG_END = b"\xff\xd9"  # nowhere else within the coded pixels
_JPEG_2000_START = b"\xff\x4f\xff\x51"
# Start-of-frame markers 0xC0..0xCF without the tables DHT, JPG and DAC, and JPEG-LS.
_FRAME_HEADERS = (set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}) | {0xF7}
JPEG_LS, JPEG_LOSSLESS, JPEG_2000 = 0xF7, 0xC3, 0x51


@dataclass(frozen=True, slots=True)
class Codestream:
    """The header of a frame.

    Attributes:
        size_wh: (width, height) in pixels.
        precision: Bits a sample.
        components: Samples a pixel.
        process: Number of the start-of-frame marker, or `JPEG_2000`.
        is_whole: Whether a JPEG frame has its end; some decoders fill up with grey what is missing before it.
    """

    size_wh: tuple[int, int]
    precision: int
    components: int
    process: int
    is_whole: bool = True


def begins_frame(data: bytes) -> bool:
    """Whether a JPEG, JPEG-LS or JPEG 2000 frame begins here."""
    return data.startswith((_JPEG_START, _JPEG_2000_START)) or data[4:8] == b"jP  "


def codestream(frame: bytes) -> Codestream | None:
    """The header of a JPEG, JPEG-LS or JPEG 2000 frame; None for anything else, such as RLE."""
    if frame.startswith(_JPEG_START):
        return _jpeg(frame)
    start = frame.find(_JPEG_2000_START, 0, 4096)  # a JP2 container may stand before it
    if start >= 0 and start + 44 <= len(frame):
        x1, y1, x0, y0 = (int.from_bytes(frame[start + 8 + 4 * i : start + 12 + 4 * i], "big") for i in range(4))
        components = int.from_bytes(frame[start + 40 : start + 42], "big")
        return Codestream((x1 - x0, y1 - y0), (frame[start + 42] & 0x7F) + 1, components, JPEG_2000)
    return None


def _jpeg(frame: bytes) -> Codestream | None:
    position = len(_JPEG_START)
    while position + 10 <= len(frame):
        marker, length = frame[position + 1], int.from_bytes(frame[position + 2 : position + 4], "big")
        if frame[position] != 0xFF or marker == 0xFF:  # fill bytes before a marker
            position += 1
            continue
        if marker in _FRAME_HEADERS:
            height, width = (int.from_bytes(frame[position + i : position + i + 2], "big") for i in (5, 7))
            is_whole = _JPEG_END in frame[position:]
            return Codestream((width, height), frame[position + 4], frame[position + 9], marker, is_whole)
        position += 2 + length
    return None


def webp_size_wh(data: bytes) -> tuple[int, int] | None:
    """(width, height) that a WebP file declares (RFC 9649); Pillow would allocate it before telling."""
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        return None
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    return None
