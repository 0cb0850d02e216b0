"""An answer as one figure for a slide: two pictures with their maps, the bars, and what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageOps

from vpe_core.plots.lettering import cut, fitting_size, font, printable, wrapped
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
_KEY_TOP = _PICTURES_TOP + _PICTURE_PX + 22
_HATCHINGS = ((12, 4, 1), (7, 2, -1))
"""Without and with a marker: from line to line, width of a line, and its slope."""


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
        without: The unmarked X-ray, with its map where that means something.
        marked: The marked one; None while nothing is drawn.
        classes: All classes; the likeliest are shown.
        marker: What the marker is called, such as "circle".
        lines: What was asked of which model, below the pictures.
        label: What must be known of the X-ray, such as that it is simulated.
        means_nothing: Whether the numbers mean nothing: bars are then hatched grey, as on the page.
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
            left = _MARGIN + number * (_PICTURE_PX + _GAP)
            _picture(slide, pen, picture, left, words)
            box = (left, _KEY_TOP, left + 26, _KEY_TOP + 18)
            _fill(slide, box, color, number if means_nothing else None)
    _bars(slide, pen, classes, means_nothing=means_nothing)
    _foot(pen, lines, label, width)
    return slide


def _picture(slide: Image.Image, pen: ImageDraw.ImageDraw, picture: Image.Image, left: int, words: str) -> None:
    side = _PICTURE_PX
    film = ImageOps.pad(picture.convert("RGB"), (side, side), Image.Resampling.LANCZOS, color=_FILM)
    slide.paste(film, (left, _PICTURES_TOP))
    below = printable(words)
    size = fitting_size(below, _TEXT_PX, side - 40)
    pen.text((left + 40, _KEY_TOP + 9), below, LIGHT.text, font(size), anchor="lm")


def _fill(slide: Image.Image, box: tuple[int, int, int, int], color: str, hatched: int | None) -> None:
    """Fill a box, (left, top, right, bottom) with its ends: in a colour, or in one of two grey hatchings."""
    left, top, right, bottom = box
    if hatched is None:
        slide.paste(color, (left, top, right + 1, bottom + 1))
        return
    width, height = right + 1 - left, bottom + 1 - top
    step, line, slope = _HATCHINGS[hatched]
    mask = Image.new("L", (width, height))
    pen = ImageDraw.Draw(mask)
    for x in range(-height, width + height, step):
        pen.line((x, height, x + slope * height, 0), 255, line)
    pen.rectangle((0, 0, width - 1, height - 1), outline=255)
    slide.paste(LIGHT.muted, (left, top), mask)


def _bars(slide: Image.Image, pen: ImageDraw.ImageDraw, classes: Sequence[SlideClass], *, means_nothing: bool) -> None:
    right, top = SLIDE_WH[0] - _MARGIN, float(_PICTURES_TOP)
    likeliest = sorted(classes, key=lambda one: -max(one.without, one.marked or 0))[:MOST_CLASSES]
    for one in likeliest:
        numbers = percent(one.without) if one.marked is None else f"{percent(one.without)} → {percent(one.marked)}"
        ink = LIGHT.muted if means_nothing else LIGHT.text
        pen.text((right, top), printable(numbers), ink, font(_TEXT_PX, bold=True), anchor="ra")
        room = right - _BARS_LEFT - font(_TEXT_PX, bold=True).getlength(printable(numbers)) - 20
        pen.text((_BARS_LEFT, top), cut(one.name, _TEXT_PX, room), LIGHT.text, font(_TEXT_PX), anchor="la")
        bar = top + _LINE * _TEXT_PX
        pen.rectangle((_BARS_LEFT, bar, right, bar + 2 * _BAR_PX), fill=_TRACK)
        for number, (share, color) in enumerate(((one.without, LIGHT.unmarked), (one.marked, LIGHT.marked))):
            length = (share or 0) * (right - _BARS_LEFT)
            if length >= 1:
                upper = round(bar) + number * _BAR_PX
                box = (_BARS_LEFT, upper, _BARS_LEFT + round(length), upper + _BAR_PX - 1)
                _fill(slide, box, color, number if means_nothing else None)
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
