"""Dots with intervals on a line: what templates need to place them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vpe_core.metrics import Interval
from vpe_core.results.analysis.numerals import interval_text, number_text


@dataclass(frozen=True, slots=True)
class LaneMark:
    """A dot with its interval, in percent of the line's length.

    Attributes:
        kind: What it stands for, which chooses colour and shape.
        left: Of the dot; None if there is none.
        low: Left end of the interval.
        width: Of the interval.
    """

    kind: str
    left: float | None = None
    low: float = 0.0
    width: float = 0.0


@dataclass(frozen=True, slots=True)
class Cell:
    """A line with some dots, and what stands beside it.

    Attributes:
        marks: The dots.
        chance: Where guessing lies; None where that is not known.
        value: Of a single dot.
        ends: Its interval.
        about: All of it in words.
    """

    marks: Sequence[LaneMark]
    chance: float | None = None
    value: str = ""
    ends: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Cells and their title."""

    title: str
    kind: str = ""
    cells: Sequence[Cell] = field(default_factory=tuple)


Place = Callable[[float], float]


def scale(low: float, high: float) -> Place:
    """Percent of the way from one value to another; what lies beyond stays at the end."""

    def place(value: float) -> float:
        return round(100 * (min(max(value, low), high) - low) / (high - low), 2)

    return place


UNIT = scale(0.0, 1.0)


def lane_mark(kind: str, one: Interval | None, place: Place = UNIT) -> LaneMark:
    """The dot of a value; an empty place without one."""
    if one is None or one.value != one.value:
        return LaneMark(kind)
    low, high = (one.low, one.high) if one.low == one.low else (one.value, one.value)
    return LaneMark(kind, place(one.value), place(low), round(place(high) - place(low), 2))


def value_and_ends(one: Interval | None) -> tuple[str, str]:
    """As they are printed; a dash for what is not known."""
    return ("–", "") if one is None else (number_text(one.value), interval_text(one.low, one.high))
