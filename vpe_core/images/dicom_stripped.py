"""DICOM files without a preamble whose first groups were stripped, as anonymisers do: they may begin with any element.

Few bytes tell such a file, so all elements of its head have to be what PS3.6 says of them: of a known tag, with its VR
and with values that this VR allows. Texts, tables and raw images are none of that.
"""

from __future__ import annotations

import struct

from vpe_core.images.dicom_file import LONG_VRS, SHORT_VRS, UNDEFINED

_FIRST_GROUP, _LAST_GROUP = 0x0004, 0x0028
"""Between which a file may begin: group 0028 has the size of the image, without which nothing can be shown."""

_LEAST_ELEMENTS = 3
_FIXED_BYTES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "AT": 4, "OW": 2}
_MOST_CHARACTERS = {"AE": 16, "AS": 4, "CS": 16, "DA": 8, "DS": 16, "DT": 26, "IS": 12, "LO": 64, "SH": 16, "TM": 16}
_TEXTS = {*_MOST_CHARACTERS, "LT", "PN", "ST", "UC", "UI", "UR", "UT"}
_CONTROLS = {0x00, 0x09, 0x0A, 0x0C, 0x0D, 0x1B}  # padding, layout and changes of the character set
_ITEMS = {"<": (b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"), ">": (b"\xff\xfe\xe0\x00", b"\xff\xfe\xe0\xdd")}


def begins_with_later_group(head: bytes) -> bool:
    """Whether DICOM elements begin here, the first of them in group 0004 to 0028."""
    orders = [
        order
        for order in "<>"
        if len(head) > 1 and _FIRST_GROUP <= struct.unpack_from(f"{order}H", head)[0] <= _LAST_GROUP
    ]
    return any(_are_elements(head, order, is_implicit=is_implicit) for order in orders for is_implicit in (False, True))


def _are_elements(head: bytes, order: str, *, is_implicit: bool) -> bool:
    position, previous, n_elements = 0, -1, 0
    while position + 12 <= len(head):
        group, element = struct.unpack_from(f"{order}HH", head, position)
        tag, value_at, written = group << 16 | element, position + 8, head[position + 4 : position + 6]
        if is_implicit:
            (length,) = struct.unpack_from(f"{order}I", head, position + 4)
        elif written in LONG_VRS:
            (length,), value_at = struct.unpack_from(f"{order}I", head, position + 8), position + 12
        elif written in SHORT_VRS:
            (length,) = struct.unpack_from(f"{order}H", head, position + 6)
        else:
            return False
        vrs = _vrs(group, element)
        if tag <= previous or not vrs or not (is_implicit or "UN" in vrs or written.decode() in (*vrs, "UN")):
            return False
        if "SQ" in vrs and length:
            return head[value_at : value_at + 4] in _ITEMS[order]
        if length == UNDEFINED:
            return n_elements + 1 >= _LEAST_ELEMENTS
        if (
            length % 2
            or (element == 0 and length != 4)
            or not any(_allows(vr, head[value_at : value_at + length], length) for vr in vrs)
        ):
            return False
        n_elements += int(length > 0 and not (is_implicit and group % 2))  # those tell too little
        previous, position = tag, value_at + length
    return n_elements >= _LEAST_ELEMENTS


def _vrs(group: int, element: int) -> list[str]:
    """The VRs that an element may have; none if there is no such element."""
    from pydicom.datadict import dictionary_VR

    if element == 0:  # the length of the group
        return ["UL"]
    if group % 2:  # private: who has reserved which elements, and these
        return ["LO"] if 0x10 <= element <= 0xFF else ["UN"] if element >= 0x1000 else []
    try:
        return dictionary_VR(group << 16 | element).split(" or ")
    except KeyError:
        return []


def _allows(vr: str, value: bytes, length: int) -> bool:
    if vr in _FIXED_BYTES:
        return length % _FIXED_BYTES[vr] == 0
    if vr not in _TEXTS:
        return True
    if any(byte < 0x20 and byte not in _CONTROLS for byte in value):
        return False
    longest = max(map(len, value.split(b"\\")))
    return longest <= 4 * _MOST_CHARACTERS.get(vr, length)  # some programs write more than is allowed
