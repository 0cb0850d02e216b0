"""A marker's gain as one bar, from no marker to the marker, with what explains parts of it; its controls below."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vpe_core.metrics import Interval
from vpe_core.plots.html import render
from vpe_core.results.analysis.leak import Leak
from vpe_core.results.analysis.numerals import interval_text, number_text

_TITLES = {
    "at a random place": "same {}, at a random place",
    "at the mirrored place": "same {}, at the mirrored place",
    "on the finding-free image": "same {}, same X-ray without the finding",
    "on another patient's image": "same {}, another patient",
    "on a blank image": "same {}, blank picture",
}
_STEP = 0.05


def control_title(condition: str, noun: str) -> str:
    """What a control is called: "same circle, another patient"."""
    return _TITLES[condition].format(noun)


def leak_html(found: Leak, *, noun: str, metric: str, about: str, chance: float, boxes: Interval | None) -> Markup:
    """The bar.

    Args:
        found: From `leak`.
        noun: What the marker is called, such as "circle".
        metric: Its title.
        about: What the bar says, for those who cannot see it.
        chance: What guessing reaches.
        boxes: What a classifier of the box's four numbers reaches; None if unknown, or not computed yet.
    """
    ticks = _ticks(found, noun, boxes)
    values = [tick[1] for tick in ticks] + list(found.controls.values())
    lowest = min(chance, *(one.low if one.low == one.low else one.value for one in values))
    low = max(0.0, (lowest // _STEP) * _STEP)

    def place(value: float) -> float:
        return round(100 * (min(max(value, low), 1.0) - low) / (1 - low), 2)

    parts = [("unmarked", chance, found.unmarked.value)]
    reached = found.unmarked.value
    if found.with_marker_alone and found.with_marker_alone.value > reached:
        parts.append(("leak", reached, min(found.with_marker_alone.value, max(found.marked.value, reached))))
        reached = parts[-1][2]
    if found.marked.value > reached:
        parts.append(("marked", reached, found.marked.value))
    return render(
        "leak_bar",
        metric=metric,
        about=about,
        low=f"{low:.2f}",
        chance=place(chance),
        chance_text=f"{chance:g} = gives nothing away",
        parts=[
            {"kind": kind, "left": place(min(start, end)), "width": place(max(start, end)) - place(min(start, end))}
            for kind, start, end in parts
        ],
        ticks=[
            _Tick(letter, place(one.value), number % 2 == 1, name, number_text(one.value), _ends(one))
            for number, (letter, (name, one)) in enumerate(zip(string.ascii_uppercase, ticks, strict=False))
        ],
        controls=[
            _Control(
                control_title(condition, noun), place(min(chance, one.value)),
                place(max(chance, one.value)) - place(min(chance, one.value)), place(one.low), place(one.high),
                number_text(one.value), _ends(one), one.low > chance or one.high < chance,
            )
            for condition, one in found.controls.items()
        ],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Tick:
    letter: str
    left: float
    below: bool
    name: str
    value: str
    ends: str


@dataclass(frozen=True, slots=True)
class _Control:
    name: str
    left: float
    width: float
    low: float
    high: float
    value: str
    ends: str
    leaks: bool


def _ticks(found: Leak, noun: str, boxes: Interval | None) -> Sequence[tuple[str, Interval]]:
    """All that stands on the bar, from low to high."""
    alone = f"no marker, and what the {noun} tells by itself"
    if found.is_bound:
        alone += ", at least"
    all_known = "every finding known, but not which one is meant"
    if _overlap(found):
        all_known += " (inside the hatched part: what size and place tell and what pointing tells overlap)"
    known = (
        ("no marker", found.unmarked),
        (alone, found.with_marker_alone),
        (all_known, found.all_known),
        ("the box's four numbers alone, without any image", boxes),
        (f"the {noun} on the finding", found.marked),
    )
    return sorted(((name, one) for name, one in known if one is not None), key=lambda tick: tick[1].value)


def _overlap(found: Leak) -> bool:
    """Whether what the marker tells by itself reaches beyond knowing every finding."""
    if found.all_known is None or found.with_marker_alone is None:
        return False
    return found.unmarked.value < found.all_known.value < found.with_marker_alone.value


def _ends(one: Interval) -> str:
    return interval_text(one.low, one.high)
