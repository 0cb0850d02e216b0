"""What a compressed frame declares: JPEG and JPEG-LS (ISO 10918-1 B.2.2), JPEG 2000 (ISO 15444-1 A.5.1), WebP."""

from __future__ import annotations

import re
from dataclasses import dataclass

END = b"\xff\xd9"
"""The end of a frame: EOI of JPEG and JPEG-LS, EOC of JPEG 2000. It stands nowhere else within the coded pixels."""

JPEG_START = b"\xff\xd8"
_JPEG_2000_START = b"\xff\x4f\xff\x51"
# Start-of-frame markers 0xC0..0xCF without the tables DHT, JPG and DAC, and JPEG-LS.
_FRAME_HEADERS = (set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}) | {0xF7}
JPEG_LS, JPEG_LOSSLESS, JPEG_2000 = 0xF7, 0xC3, 0x51
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_N_COEFFICIENTS = 64
_START_OF_SCAN, _START_OF_TILE_PART = 0xDA, b"\xff\x90"
HUFFMAN = {0xC0, 0xC1, 0xC2}  # baseline, extended and progressive
_RESTARTS = range(0xD0, 0xD8)
_CODED_END = re.compile(rb"\xff[\x01-\xff]")  # whatever marker, or fill bytes before it
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")  # neither stuffed bytes nor restart markers


@dataclass(frozen=True, slots=True)
class Codestream:
    """The header of a frame.

    Attributes:
        size_wh: (width, height) in pixels.
        precision: Bits a sample.
        components: Samples a pixel.
        process: Number of the start-of-frame marker, or `JPEG_2000`.
        has_end: Whether its end is marked. What is missing before it, some decoders fill up with grey.
        is_cut: Whether its own structure tells that pixels are missing. Looked for only where the end is not marked.
        n_bytes: Its length without an end marker and what stands behind it.
    """

    size_wh: tuple[int, int]
    precision: int
    components: int
    process: int
    has_end: bool = True
    is_cut: bool = False
    n_bytes: int = 0


def begins_frame(data: bytes) -> bool:
    """Whether a JPEG, JPEG-LS or JPEG 2000 frame begins here."""
    return data.startswith((JPEG_START, _JPEG_2000_START)) or data[4:8] == b"jP  "


def codestream(frame: bytes) -> Codestream | None:
    """The header of a JPEG, JPEG-LS or JPEG 2000 frame; None for anything else, such as RLE."""
    if frame.startswith(JPEG_START):
        return _jpeg(frame)
    start = frame.find(_JPEG_2000_START, 0, 4096)  # a JP2 container may stand before it
    if start >= 0 and start + 44 <= len(frame):
        x1, y1, x0, y0 = (int.from_bytes(frame[start + 8 + 4 * i : start + 12 + 4 * i], "big") for i in range(4))
        components = int.from_bytes(frame[start + 40 : start + 42], "big")
        size_wh, precision = (x1 - x0, y1 - y0), (frame[start + 42] & 0x7F) + 1
        if frame.rstrip(b"\0").endswith(END):
            return Codestream(size_wh, precision, components, JPEG_2000)
        return Codestream(size_wh, precision, components, JPEG_2000, *_tile_parts(frame, start))
    return None


def _jpeg(frame: bytes) -> Codestream | None:
    position = len(JPEG_START)
    while position + 10 <= len(frame):
        marker, length = frame[position + 1], int.from_bytes(frame[position + 2 : position + 4], "big")
        if frame[position] != 0xFF or marker == 0xFF:  # fill bytes before a marker
            position += 1
            continue
        if marker in _FRAME_HEADERS:
            height, width = (int.from_bytes(frame[position + i : position + i + 2], "big") for i in (5, 7))
            precision, components = frame[position + 4], frame[position + 9]
            has_end = frame.find(END, position + 2 + length) >= 0
            is_cut = not has_end and not _has_all_scans(frame, position + 2 + length, marker, components)
            return Codestream((width, height), precision, components, marker, has_end, is_cut, len(frame))
        position += 2 + length
    return None


def _has_all_scans(frame: bytes, position: int, process: int, n_components: int) -> bool:
    """Whether the scans behind a frame header hold all components and, of a progressive JPEG, all their bits."""
    found: set[tuple[int, int]] = set()
    n_parts = _N_COEFFICIENTS if process in _PROGRESSIVE else 1
    while marker := _MARKER.search(frame, position):
        position = marker.start() + 2
        length, body = int.from_bytes(frame[position : position + 2], "big"), frame[position + 2 : position + 257]
        position += length
        n_in_scan = body[0] if body else 0
        if frame[marker.start() + 1] != _START_OF_SCAN or len(body) < 4 + 2 * n_in_scan:
            continue
        first, last, bits = body[1 + 2 * n_in_scan : 4 + 2 * n_in_scan]
        parts = range(first, last + 1) if process in _PROGRESSIVE else range(1)
        if process not in _PROGRESSIVE or bits & 0x0F == 0:  # else the lowest bits follow in a later scan
            found |= {(component, part) for component in body[1 : 1 + 2 * n_in_scan : 2] for part in parts}
    return len(found) >= n_components * n_parts


def coded_ends(frame: bytes) -> list[int]:
    """Where the coded pixels of a JPEG frame end: before restart markers, and where a scan ends."""
    ends, position = [], len(JPEG_START)
    while position + 4 <= len(frame):
        marker = frame[position + 1]
        if frame[position] != 0xFF or marker == 0xFF:  # fill bytes before a marker
            position += 1
            continue
        if marker == END[1]:
            break
        position += 2
        if marker not in _RESTARTS:
            position += int.from_bytes(frame[position : position + 2], "big")
        if marker in _RESTARTS or marker == _START_OF_SCAN:
            found = _CODED_END.search(frame, position)
            if not found:
                break
            position = found.start()
            ends.append(position)
    return ends


def _tile_parts(frame: bytes, start: int) -> tuple[bool, bool, int]:
    """`has_end`, `is_cut` and `n_bytes` of a JPEG 2000 frame, from the lengths of its tile-parts (A.4.2)."""
    x1, y1, _, _, width, height, x0, y0 = (
        int.from_bytes(frame[start + 8 + 4 * i : start + 12 + 4 * i], "big") for i in range(8)
    )
    n_tiles = -(-(x1 - x0) // width) * -(-(y1 - y0) // height) if width and height else 0
    tiles: dict[int, int] = {}  # number of tile-parts still to come; 0 where nobody says how many
    position = start + 2
    while position + 12 <= len(frame) and frame[position : position + 2] != _START_OF_TILE_PART:
        position += 2 + int.from_bytes(frame[position + 2 : position + 4], "big")
    while position + 12 <= len(frame) and frame[position : position + 2] == _START_OF_TILE_PART:
        length, index, n_parts = (
            int.from_bytes(frame[position + 6 : position + 10], "big"),
            *frame[position + 10 : position + 12],
        )
        tiles[int.from_bytes(frame[position + 4 : position + 6], "big")] = max(0, n_parts - index - 1)
        if length == 0:  # up to the end, which is not marked
            return False, True, len(frame)
        position += length
    if END in frame[position : position + 2]:
        return True, False, position
    return False, position > len(frame) or len(tiles) < n_tiles or any(tiles.values()), position


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


def webp_is_cut(data: bytes) -> bool:
    """Whether a WebP file is shorter than it declares."""
    return int.from_bytes(data[4:8], "little") + 8 > len(data)
