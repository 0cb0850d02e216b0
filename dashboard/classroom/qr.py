"""A QR code as a path of SVG. No streamlit here."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import segno

QUIET_ZONE = 4
"""Light modules around the code, as ISO/IEC 18004 asks."""


@dataclass(frozen=True, slots=True)
class QrCode:
    """The side of the square in modules, quiet zone included, and the dark modules as the `d` of a path."""

    side: int
    path: str


def qr_code(text: str) -> QrCode:
    """The code of a text, such as a link, with 15% of it to spare for dirt and glare."""
    rows = list(segno.make_qr(text, error="m").matrix_iter(border=QUIET_ZONE))
    parts = []
    for y, row in enumerate(rows):
        x = 0
        for dark, run in groupby(row):
            length = len(list(run))
            if dark:
                parts.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length
    return QrCode(len(rows), "".join(parts))
