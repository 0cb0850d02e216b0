"""Finding the elements of a DICOM file, with or without the file meta information that PS3.10 7.1 asks for.

Only the elements that are asked for are parsed; names, dates and numbers of the patient are skipped unread, so nothing
about the person can be shown, logged or stored.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from vpe_core.errors import ImageReadError
from vpe_core.extras import require

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

HEAD_BYTES = 2048
PREAMBLE_BYTES = 128
MAGIC = b"DICM"
_FILE_META_GROUP = 0x0002
_FIRST_GROUPS = (_FILE_META_GROUP, 0x0008)
_PIXEL_DATA = 0x7FE00010
UNDEFINED = 0xFFFFFFFF
_SEQUENCE_END = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
SHORT_VRS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split(),
)
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_DEFLATED = "1.2.840.10008.1.2.1.99"
_IMPLICIT, _EXPLICIT, _BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"


def has_prefix(head: bytes) -> bool:
    """Whether the file says that it is DICOM: after its preamble, or without one."""
    return head[PREAMBLE_BYTES : PREAMBLE_BYTES + len(MAGIC)] == MAGIC or head.startswith(MAGIC)


def looks_like_elements(head: bytes) -> bool:
    """Whether a file without the prefix begins with DICOM elements, as files of before 1995 and of some programs do."""
    return _encoding(head, _FIRST_GROUPS) is not None


def read_elements(stream: BinaryIO, keywords: Sequence[str], *, with_pixels: bool) -> tuple[Dataset, str]:
    """The elements that are asked for, and the transfer syntax that the file declares, or else that its bytes show.

    How the elements are encoded is told by the first of them rather than by what is declared: it is missing or wrong
    in many a file (PS3.5 10.1 makes implicit VR, little endian the default).

    Args:
        stream: The file, at its beginning.
        keywords: Of the elements.
        with_pixels: Read as far as the pixel data; what follows them is never parsed.

    Raises:
        ImageReadError: It is deflated, or the package that reads DICOM is not installed.
    """
    require("pydicom", "dicom", "it is a DICOM file, and reading it needs", ImageReadError)
    from pydicom.filereader import read_dataset
    from pydicom.tag import Tag

    _skip_prefix(stream)
    meta = read_dataset(stream, False, True, stop_when=lambda tag, *_: tag.group != _FILE_META_GROUP)
    syntax = _text(meta, "TransferSyntaxUID")
    if syntax == _DEFLATED:  # pydicom would inflate without a limit: 30 MB may become 30 GB
        raise ImageReadError("it is a deflated DICOM file. Save it with another transfer syntax")
    start = stream.tell()
    shown = _encoding(stream.read(HEAD_BYTES))
    is_implicit, is_little = shown or (syntax in ("", _IMPLICIT), syntax != _BIG_ENDIAN)
    if syntax in ("", _IMPLICIT, _EXPLICIT, _BIG_ENDIAN):
        syntax = (_IMPLICIT if is_implicit else _EXPLICIT) if is_little else _BIG_ENDIAN
    last = _PIXEL_DATA if with_pixels else _PIXEL_DATA - 0x10
    tags = [Tag(keyword) for keyword in keywords]

    def read(source: BinaryIO) -> Dataset:
        return read_dataset(
            source, is_implicit, is_little, stop_when=lambda tag, *_: tag > last, specific_tags=list(tags)
        )

    stream.seek(start)
    dataset = read(stream)
    if with_pixels and _PIXEL_DATA not in dataset:
        # Compressed pixels whose end is not marked are lost to pydicom; all their frames may be there.
        stream.seek(start)
        dataset = read(BytesIO(stream.read() + _SEQUENCE_END))
    return dataset, syntax


def _text(dataset: Dataset, keyword: str) -> str:
    try:
        return str(dataset.get(keyword) or "").strip()
    except Exception:  # pydicom raises nearly everything there is on a malformed value
        return ""


def _skip_prefix(stream: BinaryIO) -> None:
    head = stream.read(PREAMBLE_BYTES + len(MAGIC))
    if head.startswith(MAGIC):
        stream.seek(len(MAGIC))
    elif head[PREAMBLE_BYTES:] != MAGIC:
        stream.seek(0)


def _encoding(head: bytes, first_groups: Sequence[int] = ()) -> tuple[bool, bool] | None:
    """(is implicit VR, is little endian) of the elements that begin here; None if they can be no elements."""
    for is_little in (True, False):
        for is_implicit in (False, True):
            if _fits(head, is_implicit, is_little, first_groups):
                return is_implicit, is_little
    return None


def _fits(head: bytes, is_implicit: bool, is_little: bool, first_groups: Sequence[int]) -> bool:
    """Whether the first three elements follow each other in the order of their tags, each within a sane length."""
    order = "<" if is_little else ">"
    position, previous, n_elements = 0, -1, 0
    while n_elements < 3 and position + 12 <= len(head):
        group, element = struct.unpack_from(f"{order}HH", head, position)
        tag, value_at, vr = group << 16 | element, 8, head[position + 4 : position + 6]
        if is_implicit:
            (length,) = struct.unpack_from(f"{order}I", head, position + 4)
        elif vr in LONG_VRS:
            (length,), value_at = struct.unpack_from(f"{order}I", head, position + 8), 12
        elif vr in SHORT_VRS:
            (length,) = struct.unpack_from(f"{order}H", head, position + 6)
        else:
            return False
        is_first_allowed = n_elements > 0 or not first_groups or group in first_groups
        if tag <= previous or group > _PIXEL_DATA >> 16 or not is_first_allowed:
            return False
        n_elements += 1
        if length == UNDEFINED or (n_elements == 1 and group == _FILE_META_GROUP):
            return True  # what follows may be encoded otherwise
        if is_implicit and length > HEAD_BYTES and group < _PIXEL_DATA >> 16:
            return False
        previous, position = tag, position + value_at + length
    return n_elements >= 2
