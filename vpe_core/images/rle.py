"""Run lengths in DICOM (PS3.5 annex G): two bytes may stand for 128, and a decoder goes on to the end of them."""

from __future__ import annotations

import struct

_HEADER_BYTES, _MOST_SEGMENTS = 64, 15


def without_excess(frame: bytes, n_pixels: int) -> bytes:
    """The frame without what comes after the last pixel of each segment, which decoders would only throw away.

    Args:
        frame: Encoded; one whose header cannot be read is given back as it is, for the decoder to say so.
        n_pixels: Of the picture; a segment holds a byte of each.
    """
    if len(frame) < _HEADER_BYTES:
        return frame
    n_segments, *starts = struct.unpack_from("<16I", frame)
    starts = starts[:n_segments]
    if not 1 <= n_segments <= _MOST_SEGMENTS or starts != sorted(starts) or starts[0] < _HEADER_BYTES:
        return frame
    bounds = zip(starts, [*starts[1:], len(frame)], strict=True)
    segments = [frame[start : _end_of_pixels(frame, start, min(end, len(frame)), n_pixels)] for start, end in bounds]
    places = [_HEADER_BYTES]
    for segment in segments[:-1]:
        places.append(places[-1] + len(segment))
    places += [0] * (_MOST_SEGMENTS - n_segments)
    return struct.pack("<16I", n_segments, *places) + b"".join(segments)


def _end_of_pixels(frame: bytes, position: int, end: int, n_pixels: int) -> int:
    n_decoded = 0
    while position < end and n_decoded < n_pixels:
        code = frame[position]
        if code < 128:  # so many bytes and one more, as they are
            position += code + 2
            n_decoded += code + 1
        elif code > 128:  # a byte, 257 - code times
            position += 2
            n_decoded += 257 - code
        else:
            position += 1
    return min(position, end)
