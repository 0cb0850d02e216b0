"""Text on pictures: a font that this machine has, sizes that fit, lines that break between words."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

from PIL import ImageFont

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FAMILIES = (
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("Arial.ttf", "Arial Bold.ttf"),
    ("arial.ttf", "arialbd.ttf"),
)
"""Fonts of Linux, macOS and Windows with arrows and accents, which Pillow's own one lacks."""
_PLAIN = str.maketrans({"→": "to", "\N{MINUS SIGN}": "-", "–": "-"})
_SMALLEST_PX = 1.0


@lru_cache(maxsize=256)
def font(size_px: float, *, bold: bool = False) -> Font:
    """A font of this machine of that size; Pillow's own where there is none."""
    for family in _FAMILIES:
        try:
            return ImageFont.truetype(family[bold], size_px)
        except OSError:
            continue
    return ImageFont.load_default(size_px)


def printable(text: str) -> str:
    """The text without the few signs of our own sentences that Pillow's font would show as boxes."""
    name = getattr(font(12), "getname", lambda: ("", ""))()[0]
    return text.translate(_PLAIN) if name in ("", "Aileron") else text


def wrapped(text: str, size_px: float, width_px: float, *, bold: bool = False) -> list[str]:
    """The text in lines that are at most so wide; a word that is wider stands alone and is cut."""
    lettering, lines = font(size_px, bold=bold), [""]
    for word in printable(text).split():
        longer = f"{lines[-1]} {word}".strip()
        if lettering.getlength(longer) <= width_px:
            lines[-1] = longer
        else:
            lines += [cut(word, size_px, width_px, bold=bold)]
    return [line for line in lines if line]


def cut(text: str, size_px: float, width_px: float, *, bold: bool = False) -> str:
    """The text, with an ellipsis in place of what is too much for the width."""
    lettering, text = font(size_px, bold=bold), printable(text)
    if lettering.getlength(text) <= width_px:
        return text
    while text and lettering.getlength(f"{text}…") > width_px:
        text = text[:-1]
    return f"{text}…"


def fitting_size(text: str, size_px: float, width_px: float) -> float:
    """The size at which the text fits into the width, at most `size_px`."""
    length = font(size_px).getlength(printable(text))
    return size_px if length <= width_px else max(_SMALLEST_PX, size_px * width_px / length)
