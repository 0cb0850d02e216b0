"""Marker colours: CSS names and #rrggbb, and the word for a colour in a text prompt."""

from __future__ import annotations

import difflib
import re
from typing import TypeAlias

from PIL import ImageColor

from vpe_core.errors import MarkerError

RGB: TypeAlias = tuple[int, int, int]
"""Red, green and blue, 0..255."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_BASIC = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "magenta", "white", "gray", "black")


def parse_color(color: str) -> RGB:
    """The RGB values of a colour name ("red") or of "#rrggbb".

    Raises:
        MarkerError: It is neither.
    """
    text = str(color).strip().lower()
    if _HEX.fullmatch(text) or text in ImageColor.colormap:
        red, green, blue = ImageColor.getrgb(text)[:3]
        return red, green, blue
    near = difflib.get_close_matches(text[:40], ImageColor.colormap, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise MarkerError(f"Expected a colour name such as 'red', or #rrggbb, but got {str(color)[:40]!r}.{hint}")


def color_word(color: str) -> str:
    """The word for a colour in a prompt: a name as it was given, "#rrggbb" as the nearest of eleven basic colours.

    Raises:
        MarkerError: It is not a colour.
    """
    rgb = parse_color(color)
    name = color.strip().lower()
    if not name.startswith("#"):
        return name
    return min(_BASIC, key=lambda basic: _squared_distance(rgb, parse_color(basic)))


def _squared_distance(first: RGB, second: RGB) -> int:
    return sum((a - b) ** 2 for a, b in zip(first, second, strict=True))
