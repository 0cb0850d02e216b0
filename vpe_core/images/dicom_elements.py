"""Values of DICOM elements that may be missing, empty or malformed: what cannot be used counts as absent."""

from __future__ import annotations

import math
import re
from collections.abc import MutableSequence
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
_TEXT_VRS = (None, "DS", "IS", "LO", "SH", "ST", "LT", "UT", "CS", "UN")


def text(dataset: Dataset, keyword: str) -> str:
    """The first value in capitals without spaces around it; empty if there is none."""
    values = _converted(dataset, keyword)
    return str(values[0]).strip().upper() if values else ""


def integer(dataset: Dataset, keyword: str) -> int | None:
    """The first value as an integer, or None."""
    for value in _converted(dataset, keyword)[:1]:
        if isinstance(value, bytes):
            return int.from_bytes(value[:2], _byte_order(dataset)) if len(value) >= 2 else None
        try:
            return int(value)  # type: ignore[call-overload, no-any-return]
        except (TypeError, ValueError, OverflowError):
            return None
    return None


def decimals(dataset: Dataset, keyword: str, *, groups_thousands: bool = False) -> list[float | None]:
    """All values as finite numbers, None for those that are none.

    Args:
        dataset: Where to look.
        keyword: Of the element.
        groups_thousands: What a comma means where both is possible: "1,024" is 1024 then, else 1.024.
    """
    element = dataset.get_item(keyword) if keyword in dataset else None
    raw = getattr(element, "value", None)
    if isinstance(raw, bytes) and getattr(element, "VR", None) in _TEXT_VRS:
        values: list[object] = list(raw.decode("ascii", "replace").rstrip("\0").split("\\"))
    else:
        values = _converted(dataset, keyword)
    return [_decimal(value, groups_thousands) for value in values]


def words(dataset: Dataset, keyword: str) -> list[int]:
    """Unsigned 16-bit values, however they are encoded (US, SS, OW); empty if there are none."""
    values = _converted(dataset, keyword)
    if len(values) == 1 and isinstance(values[0], bytes):
        order = "<" if _byte_order(dataset) == "little" else ">"
        whole = values[0][: len(values[0]) // 2 * 2]
        return [int(value) for value in np.frombuffer(whole, f"{order}u2")]
    try:
        return [int(value) & 0xFFFF for value in values]  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return []


def items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; empty if it is none."""
    from pydicom.dataset import Dataset as Item

    return [value for value in _converted(dataset, keyword) if isinstance(value, Item)]


def _decimal(value: object, groups_thousands: bool) -> float | None:
    written = str(value).strip().strip("\0")
    is_grouped = _GROUPED.fullmatch(written) is not None
    if is_grouped and (groups_thousands or written.count(",") > 1 or "." in written):
        written = written.replace(",", "")
    elif written.count(",") == 1 and "." not in written:
        written = written.replace(",", ".")
    try:
        number = float(written)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _byte_order(dataset: Dataset) -> Literal["little", "big"]:
    return "big" if dataset.original_encoding[1] is False else "little"


def _converted(dataset: Dataset, keyword: str) -> list[object]:
    try:
        value = dataset.get(keyword)
    except Exception:  # pydicom raises nearly everything there is on a malformed value
        return []
    if value is None:
        return []
    return list(value) if isinstance(value, MutableSequence | list | tuple) else [value]
