"""The figure of docs/leak.md: each red circle's gain as it is, and where size and place tell nothing."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from vpe_core.metrics import Interval
from vpe_core.plots.lettering import font, printable
from vpe_core.plots.theme import LIGHT
from vpe_core.results.analysis.numerals import signed_text

_WIDTH, _ROW, _TOP, _LEFT, _RIGHT, _TEXT_PX = 1200, 78, 84, 430, 40, 24
_STEP = 0.1
_PLAIN, _MATCHED = LIGHT.unmarked, LIGHT.gain
"""Told apart by their shape, too: a ring and a disc."""


def matched_gain_figure(rows: Sequence[tuple[str, Interval, Interval]]) -> Image.Image:
    """Two dots with their 95% intervals a row, RGB.

    Args:
        rows: What is measured, its gain in AUROC as it is, and the gain where size and place tell nothing.
    """
    ends = [end for _, *gains in rows for gain in gains for end in (gain.low, gain.high)]
    low, high = _STEP * (min([0.0, *ends]) // _STEP), -_STEP * (-max([0.0, *ends]) // _STEP)
    picture = Image.new("RGB", (_WIDTH, _TOP + _ROW * len(rows) + 60), "#ffffff")
    pen, letters, bottom = ImageDraw.Draw(picture), font(_TEXT_PX), _TOP + _ROW * len(rows)

    def place(gain: float) -> float:
        return _LEFT + (gain - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    for tick in range(round(low / _STEP), round(high / _STEP) + 1):
        x, is_zero = place(tick * _STEP), tick == 0
        pen.line((x, _TOP - 10, x, bottom), LIGHT.text if is_zero else LIGHT.line, 3 if is_zero else 1)
        words = "0" if is_zero else signed_text(tick * _STEP)[:-2]
        pen.text((x, bottom + 12), printable(words), LIGHT.text, letters, anchor="ma")
    for x, color, filled, words in ((_LEFT, _PLAIN, False, "gain in AUROC as it is"),
                                    (_LEFT + 330, _MATCHED, True, "where size and place tell nothing")):  # fmt: skip
        _dot(pen, x + 12, 30, color, filled=filled)
        pen.text((x + 34, 30), words, LIGHT.text, letters, anchor="lm")
    for number, (title, plain, matched) in enumerate(rows):
        middle = _TOP + _ROW * (number + 0.5)
        pen.text((20, middle), title, LIGHT.text, letters, anchor="lm")
        for gain, y, color, filled in ((plain, middle - 15, _PLAIN, False), (matched, middle + 15, _MATCHED, True)):
            pen.line((place(gain.low), y, place(gain.high), y), color, 4)
            _dot(pen, place(gain.value), y, color, filled=filled)
    return picture


def _dot(pen: ImageDraw.ImageDraw, x: float, y: float, color: str, *, filled: bool) -> None:
    pen.ellipse((x - 10, y - 10, x + 10, y + 10), color if filled else "#ffffff", color, 4)
