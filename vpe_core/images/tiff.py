"""What a TIFF file declares (TIFF 6.0), read before Pillow sees it: Pillow folds or refuses some kinds of samples.

A kind that Pillow does not know is declared anew, in a directory of our own behind the file, as one that it does know
and that has the same bytes; the values are then read as what they are.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from vpe_core.errors import ImageReadError

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_BYTES, PLANAR = 273, 274, 277, 278, 279, 284
PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES = 317, 322, 323, 324, 325
EXTRA_SAMPLES, SAMPLE_FORMAT = 338, 339
JPEG_TABLES = 347
NO_DATA = 42113  # a number in ASCII, of GDAL
UNSIGNED, SIGNED, FLOATING = 1, 2, 3
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2
REVERSED = 2

_LAYOUT = (
    WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP,
    STRIP_BYTES, PLANAR, PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES, EXTRA_SAMPLES, SAMPLE_FORMAT,
)  # fmt: skip
_COLOURS_TO_PHOTOMETRIC = {1: BLACK_IS_ZERO, 3: RGB}
_FAX = (2, 3, 4, 32771)
_ASCII, _BYTES = 2, 7
_INTEGER_CODES = {1: "B", 3: "H", 4: "I", 16: "Q"}
_DEFAULTS = {BITS: 1, COMPRESSION: 1, FILL_ORDER: 1, SAMPLES: 1, PLANAR: 1, PREDICTOR: 1, ORIENTATION: 1}
_BITS_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_MOST_VALUES = 2_000_000
_MISPLACED = (struct.error, OverflowError, ValueError, OSError)  # of an offset that no file can have, or beyond its end
_NAMES = {UNSIGNED: "unsigned", SIGNED: "signed", FLOATING: "floating-point"}


@dataclass(frozen=True, slots=True)
class TiffHeader:
    """The first directory of a file.

    Attributes:
        order: "<" or ">".
        tags: Integer tags that tell how the pixels are laid out.
        has_more: Whether a second directory follows that can be read.
        no_data: What stands for pixels without a value, if the file names it.
        jpeg_tables: What all JPEG strips or tiles share, as a JPEG stream of its own; empty if there is none.
    """

    order: str
    tags: dict[int, tuple[int, ...]]
    has_more: bool
    no_data: float | None = None
    jpeg_tables: bytes = b""

    def one(self, tag: int) -> int:
        """The first value of a tag, or its default."""
        values = self.tags.get(tag, ())
        return values[0] if values else _DEFAULTS.get(tag, 0)

    @property
    def size_wh(self) -> tuple[int, int]:
        """(width, height) in pixels as stored, not yet upright."""
        return self.one(WIDTH), self.one(HEIGHT)

    @property
    def parts(self) -> tuple[slice, ...]:
        """Where in the file its strips or tiles lie."""
        offsets, lengths = (
            self.tags.get(tile, ()) or self.tags.get(strip, ())
            for tile, strip in ((TILE_OFFSETS, STRIP_OFFSETS), (TILE_BYTES, STRIP_BYTES))
        )
        return tuple(slice(start, start + length) for start, length in zip(offsets, lengths, strict=False))

    @property
    def samples(self) -> int:
        """Samples a pixel."""
        return self.one(SAMPLES)

    @property
    def photometric(self) -> int | None:
        """How its samples are meant. Where it is not told, what libtiff guesses; None if there is no guess."""
        if self.tags.get(PHOTOMETRIC):
            return self.one(PHOTOMETRIC)
        if self.samples == 1 and self.one(COMPRESSION) in _FAX:
            return WHITE_IS_ZERO
        n_extra = len(self.tags.get(EXTRA_SAMPLES, ())) or int(self.samples in (2, 4))
        return _COLOURS_TO_PHOTOMETRIC.get(self.samples - n_extra)

    @property
    def bits(self) -> int:
        """Bits a sample; 0 if the samples differ."""
        values = set(self.tags.get(BITS, (1,)))
        return values.pop() if len(values) == 1 else 0

    @property
    def sample_format(self) -> int:
        """`UNSIGNED`, `SIGNED`, `FLOATING` or another number of the standard; "undefined" counts as unsigned."""
        values = set(self.tags.get(SAMPLE_FORMAT, (UNSIGNED,))) or {UNSIGNED}
        value = values.pop() if len(values) == 1 else 0
        return UNSIGNED if value == 4 else value

    @property
    def described(self) -> str:
        """The kind of its samples in words."""
        kind = _NAMES.get(self.sample_format, "complex or mixed")
        what = "grey" if self.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO) else "colour"
        planes = " in separate planes" if self.samples > 1 and self.one(PLANAR) == 2 else ""
        alpha = f" with {self.samples} samples" if what == "grey" and self.samples > 1 else ""
        reverse = " whose bits are in reverse order (FillOrder 2)" if self.one(FILL_ORDER) == REVERSED else ""
        return f"a TIFF file of {kind} {self.bits or 'mixed'}-bit {what}{alpha}{planes}{reverse}"


def read_header(stream: BinaryIO) -> TiffHeader:
    """The first directory of a classic or big TIFF file.

    Raises:
        ImageReadError: There is none.
    """
    head = stream.read(16)
    order = "<" if head[:2] == b"II" else ">"
    try:
        is_big = struct.unpack_from(f"{order}H", head, 2)[0] == 43
        (offset,) = struct.unpack_from(f"{order}Q" if is_big else f"{order}I", head, 8 if is_big else 4)
        tags, following = _directory(stream, order, offset, is_big)
        has_more = False
        if following:
            try:
                has_more = WIDTH in _directory(stream, order, following, is_big)[0]
            except _MISPLACED:
                has_more = False  # a damaged link behind a sound picture
    except _MISPLACED:
        raise ImageReadError("its TIFF directory is damaged") from None
    no_data = _number(bytes(tags.pop(NO_DATA, ())))
    jpeg_tables = bytes(tags.pop(JPEG_TABLES, ()))
    if WIDTH not in tags or HEIGHT not in tags:
        raise ImageReadError("its TIFF directory is damaged")
    return TiffHeader(order, tags, has_more, no_data, jpeg_tables)


def _number(written: bytes) -> float | None:
    try:
        return float(written.rstrip(b"\0"))
    except ValueError:
        return None


def _directory(stream: BinaryIO, order: str, offset: int, is_big: bool) -> tuple[dict[int, tuple[int, ...]], int]:
    """The layout tags at an offset, and where the next directory is (0: nowhere)."""
    stream.seek(offset)
    n_entries = _one(stream, f"{order}Q" if is_big else f"{order}H")
    entry_bytes, inline_bytes = (20, 8) if is_big else (12, 4)
    entries = stream.read(min(n_entries, 4096) * entry_bytes)
    try:
        following = _one(stream, f"{order}Q" if is_big else f"{order}I")
    except struct.error:
        following = 0
    tags = {}
    for start in range(0, len(entries) - entry_bytes + 1, entry_bytes):
        tag, kind = struct.unpack_from(f"{order}HH", entries, start)
        (count,) = struct.unpack_from(f"{order}Q" if is_big else f"{order}I", entries, start + 4)
        code = _INTEGER_CODES.get(kind)
        if (tag, kind) in ((NO_DATA, _ASCII), (JPEG_TABLES, _BYTES)):
            code = "B"
        elif tag not in _LAYOUT:
            continue
        if code is None or count > _MOST_VALUES:
            continue
        n_bytes = count * struct.calcsize(code)
        raw = entries[start + entry_bytes - inline_bytes : start + entry_bytes]
        if n_bytes > inline_bytes:
            (place,) = struct.unpack(f"{order}Q" if is_big else f"{order}I", raw)
            stream.seek(place)
            raw = stream.read(n_bytes)
        tags[tag] = struct.unpack(f"{order}{count}{code}", raw[:n_bytes])
    return tags, following


def _one(stream: BinaryIO, form: str) -> int:
    return int(struct.unpack(form, stream.read(struct.calcsize(form)))[0])


def is_cut(data: bytes) -> bool:
    """Whether strips or tiles of a TIFF file are declared to reach beyond its end."""
    return any(part.stop > len(data) for part in read_header(BytesIO(data)).parts)


def lacks_rows(header: TiffHeader, n_bytes: int) -> bool:
    """Whether rows of plain strips lie behind the end of the file, whatever lengths are declared."""
    if header.one(COMPRESSION) != 1 or STRIP_OFFSETS not in header.tags:
        return False
    width, height = header.size_wh
    rows = min(header.one(ROWS_PER_STRIP) or height, height)
    row_bytes = -(-width * header.bits * (header.samples if header.one(PLANAR) == 1 else 1) // 8)
    n_strips = -(-height // rows)  # of each plane
    return any(
        offset + min(rows, height - index % n_strips * rows) * row_bytes > n_bytes
        for index, offset in enumerate(header.tags[STRIP_OFFSETS])
    )


def declared_anew(data: bytes, header: TiffHeader, changes: Mapping[int, tuple[int, ...]]) -> bytes:
    """The file with a directory of our own, which has the layout tags with some of them changed, and no others.

    Bits in reverse order (FillOrder 2) are put into the usual one.

    Args:
        data: The file.
        header: Its first directory.
        changes: New values of tags; an empty tuple leaves the tag out.
    """
    tags = {tag: values for tag, values in {**header.tags, **changes}.items() if values}
    tags.pop(ORIENTATION, None)
    if tags.pop(FILL_ORDER, (1,))[0] == REVERSED:  # the bits of all strips; of compressed ones too, as libtiff does
        data = data.translate(_BITS_REVERSED)
    order = _order_to_declare(header, changes)
    start = len(data) + len(data) % 2
    entries, values_at = b"", start + 2 + 12 * len(tags) + 4
    values = b""
    for tag in sorted(tags):
        raw = struct.pack(f"{order}{len(tags[tag])}I", *tags[tag])
        if len(raw) > 4:
            entries += struct.pack(f"{order}HHII", tag, 4, len(tags[tag]), values_at + len(values))
            values += raw
        else:
            entries += struct.pack(f"{order}HHI", tag, 4, 1) + raw
    magic = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, start)
    directory = struct.pack(f"{order}H", len(tags)) + entries + bytes(4) + values
    # A big TIFF has its directory's place in the bytes behind these; its pixels stand further back.
    return magic + data[8:].ljust(start - 8, b"\0") + directory


def _order_to_declare(header: TiffHeader, changes: Mapping[int, tuple[int, ...]]) -> str:
    # Packed samples have no byte order, and Pillow knows them as little-endian only.
    return "<" if changes.get(BITS, header.tags.get(BITS)) == (12,) else header.order
