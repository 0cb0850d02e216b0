"""PNG and TIFF files of kinds that Pillow does not write."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from benchmarks.sound_files import png_chunk


def tiff_by_hand(
    values: np.ndarray, photometric: int, *, order: str = "<", big: bool = False, tiles: int = 0, predictor: int = 1,
    deflated: bool = False, planar: int = 1, extra: int | None = None, bits: int = 0, packed: bytes = b"",
    orientation: int = 1, link: int = 0, others: bytes = b"",
) -> bytes:  # fmt: skip
    """A TIFF (TIFF 6.0; BigTIFF): strips of 7 rows or square tiles, plain or deflated."""
    sample_format = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    height, width = values.shape[:2]
    samples = 1 if values.ndim == 2 else values.shape[2]
    planes = [values] if planar == 1 else [values[:, :, index] for index in range(samples)]
    parts = [part for plane in planes for part in _parts(plane, tiles, order, predictor)]
    if packed:
        parts = [packed]
    parts = [zlib.compress(part) for part in parts] if deflated else parts
    tags: dict[int, list[int]] = {
        256: [width], 257: [height], 258: [bits or values.dtype.itemsize * 8] * samples, 259: [8 if deflated else 1],
        262: [photometric], 274: [orientation], 277: [samples], 284: [planar], 317: [predictor],
        339: [sample_format] * samples,
    }  # fmt: skip
    if extra is not None:
        tags[338] = [extra]
    start, offsets = 16 if big else 8, []
    for part in parts:
        offsets.append(start)
        start += len(part)
    tags |= {322: [tiles], 323: [tiles], 324: offsets} if tiles else {273: offsets, 278: [height if packed else 7]}
    tags[325 if tiles else 279] = [len(part) for part in parts]
    entry, inline = ("HHQ", 8) if big else ("HHI", 4)
    directory, values_at, behind = b"", start + (8 if big else 2) + (inline + 4 + inline) * len(tags) + inline, b""
    for tag in sorted(tags):
        raw = struct.pack(f"{order}{len(tags[tag])}I", *tags[tag])
        if len(raw) > inline:
            place = struct.pack(f"{order}{'Q' if big else 'I'}", values_at + len(behind))
            behind += raw
            raw = place
        directory += struct.pack(order + entry, tag, 4, len(tags[tag])) + raw.ljust(inline, b"\0")
    mark = b"II" if order == "<" else b"MM"
    header = mark + (struct.pack(f"{order}HHHQ", 43, 8, 0, start) if big else struct.pack(f"{order}HI", 42, start))
    count = struct.pack(f"{order}{'Q' if big else 'H'}", len(tags))
    ending = struct.pack(f"{order}{'Q' if big else 'I'}", link)
    return header + b"".join(parts) + count + directory + ending + behind + others


def _parts(plane: np.ndarray, tiles: int, order: str, predictor: int) -> list[bytes]:
    height, width = plane.shape[:2]
    if tiles:
        room = [(0, -height % tiles), (0, -width % tiles), (0, 0)][: plane.ndim]
        padded = np.pad(plane, room)
        blocks = [padded[y : y + tiles, x : x + tiles] for y in range(0, height, tiles) for x in range(0, width, tiles)]
    else:
        blocks = [plane[y : y + 7] for y in range(0, height, 7)]
    if predictor == 2:
        blocks = [np.concatenate([block[:, :1], np.diff(block, axis=1)], axis=1) for block in blocks]
    return [block.astype(block.dtype.newbyteorder(order)).tobytes() for block in blocks]


def png_by_hand(values: np.ndarray, *, adam7: bool = False, chunks: tuple[tuple[bytes, bytes], ...] = ()) -> bytes:
    """A PNG of 16 bits; `chunks` stand before the pixels."""
    height, width = values.shape[:2]
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[1 if values.ndim == 2 else values.shape[2]]
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    parts = [values[y::dy, x::dx] for y, x, dy, dx in passes] if adam7 else [values]
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for part in parts for line in part)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, int(adam7))
    every = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, body) for kind, body in every)
