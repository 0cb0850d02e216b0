"""An answer as one figure for a slide: two pictures with their maps, the bars, and what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageOps

from vpe_core.plots.lettering import cut, font, printable, wrapped
from vpe_core.plots.percent import percent
from vpe_core.plots.theme import LIGHT

SLIDE_WH = (1920, 1080)
MOST_CLASSES = 6
"""So many bars can be read from the last row."""
_GROUND, _TRACK, _FILM = "#FFFFFF", "#EDF0F4", "#000000"
_MARGIN, _GAP = 60, 30
_TITLE_PX, _TEXT_PX, _SMALL_PX = 50, 34, 27
_TITLE_LINES = 2
_PICTURE_PX, _PICTURES_TOP = 570, 212
_BARS_LEFT = _MARGIN + 2 * _PICTURE_PX + _GAP + 50
_ROW_PX, _BAR_PX = 96, 18
_LINE = 1.3


@dataclass(frozen=True, slots=True)
class SlideClass:
    """A class on the slide: its name, and its probabilities without and with the marker, 0 to 1."""

    name: str
    without: float
    marked: float | None


def answer_slide(
    title: str,
    without: Image.Image,
    marked: Image.Image | None,
    classes: Sequence[SlideClass],
    *,
    marker: str,
    lines: Sequence[str],
    label: str = "",
    means_nothing: bool = False,
) -> Image.Image:
    """Before and after on 1920 x 1080 pixels, RGB, in letters that the last row can read.

    Args:
        title: The answer in a sentence.
        without: The unmarked X-ray with its map.
        marked: The marked one; None while nothing is drawn.
        classes: All classes; the likeliest are shown.
        marker: What the marker is called, such as "circle".
        lines: What was asked of which model, below the pictures.
        label: What must be known of the X-ray, such as that it is simulated.
        means_nothing: Whether the numbers mean nothing: their bars are then grey outlines.
    """
    slide = Image.new("RGB", SLIDE_WH, _GROUND)
    pen = ImageDraw.Draw(slide)
    width = SLIDE_WH[0] - 2 * _MARGIN
    y = float(_MARGIN)
    for line in wrapped(title, _TITLE_PX, width, bold=True)[:_TITLE_LINES]:
        pen.text((_MARGIN, y), line, LIGHT.text, font(_TITLE_PX, bold=True), anchor="la")
        y += _LINE * _TITLE_PX
    for number, (picture, words, color) in enumerate(
        ((without, "without a marker", LIGHT.unmarked), (marked, f"with the {marker}", LIGHT.marked))
    ):
        if picture is not None:
            _picture(slide, pen, picture, _MARGIN + number * (_PICTURE_PX + _GAP), words, color)
    _bars(pen, classes, means_nothing=means_nothing)
    _foot(pen, lines, label, width)
    return slide


def _picture(
    slide: Image.Image, pen: ImageDraw.ImageDraw, picture: Image.Image, left: int, words: str, color: str
) -> None:
    side = _PICTURE_PX
    film = ImageOps.pad(picture.convert("RGB"), (side, side), Image.Resampling.LANCZOS, color=_FILM)
    slide.paste(film, (left, _PICTURES_TOP))
    below = _PICTURES_TOP + side + 14
    pen.rectangle((left, below + 8, left + 26, below + 26), fill=color)
    pen.text((left + 40, below), printable(words), LIGHT.text, font(_TEXT_PX), anchor="la")


def _bars(pen: ImageDraw.ImageDraw, classes: Sequence[SlideClass], *, means_nothing: bool) -> None:
    right, top = SLIDE_WH[0] - _MARGIN, float(_PICTURES_TOP)
    likeliest = sorted(classes, key=lambda one: -max(one.without, one.marked or 0))[:MOST_CLASSES]
    for one in likeliest:
        numbers = percent(one.without) if one.marked is None else f"{percent(one.without)} → {percent(one.marked)}"
        pen.text((right, top), printable(numbers), LIGHT.text, font(_TEXT_PX, bold=True), anchor="ra")
        room = right - _BARS_LEFT - font(_TEXT_PX, bold=True).getlength(printable(numbers)) - 20
        pen.text((_BARS_LEFT, top), cut(one.name, _TEXT_PX, room), LIGHT.text, font(_TEXT_PX), anchor="la")
        bar = top + _LINE * _TEXT_PX
        pen.rectangle((_BARS_LEFT, bar, right, bar + 2 * _BAR_PX), fill=_TRACK)
        for number, (share, color) in enumerate(((one.without, LIGHT.unmarked), (one.marked, LIGHT.marked))):
            length = (share or 0) * (right - _BARS_LEFT)
            if length >= 1:
                upper = bar + number * _BAR_PX
                paint = {"outline": LIGHT.muted, "width": 2} if means_nothing else {"fill": color}
                pen.rectangle((_BARS_LEFT, upper, _BARS_LEFT + length, upper + _BAR_PX - 1), **paint)
        top += _ROW_PX
    if len(classes) > MOST_CLASSES:
        words = f"The likeliest {MOST_CLASSES} of {len(classes)} classes"
        pen.text((_BARS_LEFT, top), words, LIGHT.muted, font(_SMALL_PX), anchor="la")


def _foot(pen: ImageDraw.ImageDraw, lines: Sequence[str], label: str, width: int) -> None:
    y = float(_PICTURES_TOP + _PICTURE_PX + 14 + 2 * _TEXT_PX)
    for line in lines:
        for part in wrapped(line, _SMALL_PX, width):
            pen.text((_MARGIN, y), part, LIGHT.muted, font(_SMALL_PX), anchor="la")
            y += _LINE * _SMALL_PX
    if label:
        pen.text((_MARGIN, y + 6), printable(label), LIGHT.loss, font(_SMALL_PX, bold=True), anchor="la")
