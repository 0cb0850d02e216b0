"""The leak card: what a marker gives away, beside what it reaches; and its gain where size and place tell nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vpe_core.metrics import Interval
from vpe_core.plots.html import render
from vpe_core.plots.lanes import UNIT, Cell, LaneMark, Row, lane_mark, scale, value_and_ends
from vpe_core.results.analysis.leak_card import InAll, LeakCard, Reached
from vpe_core.results.analysis.matched import MatchedClass, MatchedGain
from vpe_core.results.analysis.numerals import number_text, signed_text
from vpe_core.results.exchange.leak_words import CHANCE, CardWords, plain, row_title, shown_words, signed

_STEP = 0.1
HOW_MATCHED = (
    "Propensity: the chance, from size and place alone, that a box has the class (cross-validated by patient). Each "
    "sample of a class weighs 1 minus that, each other one as much as that: what counts are boxes that could be either "
    "(overlap weights; Li, Morgan and Zaslavsky 2018). Effective sample size: how many samples of equal weight are as "
    "sure (Kish). After weighting, a forest that learned from other patients should no longer tell the class; classes "
    "in which it lies further than 0.1 from 0.5 are left out, so the mean after weighting is near 0.5 also by that "
    "choice. Weighting asks about other samples, so the gain may be smaller or larger than the plain one. A marker "
    "whose answer leans on size and place loses by that here, where they are mere noise; the weights are taken as "
    "known when patients are resampled. They balance the whole box, whatever of it the marker shows (an arrow its "
    "place, a crop the rectangle that is cut out): where the box tells nothing, nothing that follows from it does."
)


def leak_card_html(card: LeakCard, words: CardWords, *, noun: str, simulated: bool, label: str | None = None) -> Markup:
    """The card.

    Args:
        card: From `leak_card`.
        words: From `card_words`.
        noun: What the marker is called, such as "circle".
        simulated: Whether the X-rays are.
        label: The one class that is asked for; None for all.
    """
    lanes = _lanes(card, noun)
    panels = _panels(card, label)
    others = [
        (row_title(condition, noun), plain(one))
        for condition, one in card.leak.controls.items()
        if condition != card.control
    ]
    by = card.by_itself or card.geometry
    order = _highest_first(by) if by else list(card.marked.classes)
    sorted_by = lanes[1 if card.by_itself else 0][1] if by else ""
    return render(
        "leak_card",
        words=words,
        noun=noun,
        simulated=simulated,
        panels=panels,
        rows=[
            Row(title, kind, [panel.cell([(kind, title, measured.overall)], panel.chance) for panel in panels])
            for kind, title, measured in lanes
            if measured
        ],
        classes=[
            Row(
                one,
                "",
                [
                    panel.cell(
                        [(kind, title, m.classes.get(one)) for kind, title, m in lanes if m and kind != "known"],
                        panel.class_chance,
                    )
                    for panel in panels
                ],
            )
            for one in order
        ],
        sorted_by=sorted_by,
        others=others,
    )


def matched_html(found: MatchedGain, words: CardWords, *, simulated: bool, label: str | None = None) -> Markup:
    """A gain beside what is left of it where size and place tell nothing.

    Args:
        found: From `matched`.
        words: From `matched_words`.
        simulated: Whether the X-rays are.
        label: The one class that is asked for; None for all.
    """
    classes = {one: about for one, about in found.classes.items() if about.samples and label in (None, one)}
    gains = [found.gain.interval, found.plain_gain.interval]
    gains += [gain.interval for about in classes.values() for gain in (about.gain, about.plain_gain)]
    known = [end for one in gains for end in (one.low, one.high, one.value) if not math.isnan(end)]
    low = _STEP * (min([-_STEP, *known]) // _STEP)
    high = -_STEP * (min([-_STEP, *(-end for end in known)]) // _STEP)
    place = scale(low, high)

    def row(title: str, of: MatchedClass | MatchedGain, reason: str = "", samples: int = 0) -> _MatchedRow:
        plain_gain, gain = of.plain_gain.interval, of.gain.interval
        about = f"{title}: {signed(plain_gain)} as it is, {signed(gain)} where size and place tell nothing"
        clear = "gain" if gain.low > 0 else "loss" if gain.high < 0 else "even"
        marks = [lane_mark("plain", plain_gain, place), lane_mark(f"matched vpl-is-{clear}", gain, place)]
        return _MatchedRow(
            title,
            [] if reason else marks,
            reason or about,
            f"{of.effective:,.0f}",
            f"{samples or of.samples:,}",
            samples > 0,
        )

    rows = [row(one, about, _short(about)) for one, about in classes.items()]
    if not found.too_little and label is None:
        rows.insert(
            0,
            row(
                "mean of those that can be told",
                found,
                samples=sum(found.classes[one].samples for one in found.assessable),
            ),
        )
    return render(
        "leak_matched",
        words=words,
        simulated=simulated,
        rows=rows,
        zero=place(0.0),
        ticks=[(place(value), signed_text(value)[:-2] if value else "0") for value in (low, 0.0, high)],
        how=HOW_MATCHED,
    )


@dataclass(frozen=True, slots=True)
class _MatchedRow:
    title: str
    marks: Sequence[LaneMark]
    about: str
    left: str
    samples: str
    strong: bool


@dataclass(frozen=True, slots=True)
class _Panel:
    """A column of the card: one way to measure."""

    title: str
    chance_text: str
    field: str
    chance: float | None
    class_chance: float | None

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """What stands below the lines."""
        return [(0.0, "0"), (50.0, "0.5"), (100.0, "1")]

    def cell(self, lanes: Sequence[tuple[str, str, Reached | None]], chance: float | None) -> Cell:
        values = [(kind, title, getattr(one, self.field) if one else None) for kind, title, one in lanes]
        value, ends = value_and_ends(values[0][2])
        about = "; ".join(f"{title} {plain(one)}" for _, title, one in values if isinstance(one, Interval))
        return Cell([lane_mark(kind, one) for kind, _, one in values], chance, value, ends, about)


def _panels(card: LeakCard, label: str | None) -> list[_Panel]:
    panels = [_Panel("AUROC", f"chance {CHANCE:g}", "auroc", UNIT(CHANCE), UNIT(CHANCE))]
    if card.marked.overall.probability is None:
        return panels
    guess, frequent = UNIT(card.probability_chance), UNIT(card.accuracy_chance)
    panels.append(
        _Panel(
            "Probability of the true class", f"guessing {number_text(card.probability_chance)}", "probability", guess,
            guess,
        )
    )  # fmt: skip
    accuracy = "how often it is named" if label else f"most frequent class {number_text(card.accuracy_chance)}"
    panels.append(_Panel("Accuracy", accuracy, "accuracy", None if label else frequent, None))
    return panels


def _lanes(card: LeakCard, noun: str) -> list[tuple[str, str, InAll | None]]:
    """All that is compared, each with its kind and title, from what tells least to the marker and to no marker."""
    told, known = shown_words(card.features), card.leak.all_known
    return [
        ("geometry", f"{told} alone, without any X-ray", card.geometry),
        ("control", row_title(card.control, noun) if card.control else "", card.by_itself),
        ("marked", f"{noun} on the finding", card.marked),
        ("known", "every finding known, no marker", InAll(Reached(known), {}) if known else None),
        ("unmarked", "no marker", card.unmarked),
    ]


def _highest_first(measured: InAll) -> list[str]:
    """The classes by their AUROC; last those without one."""
    known = {label: one.auroc.value for label, one in measured.classes.items()}
    return sorted(known, key=lambda label: (math.isnan(known[label]), -known[label]))


def _short(about: MatchedClass) -> str:
    """Why nothing can be told of a class, in its place on the line."""
    return "not told: size and place cannot be balanced" if about.too_little else ""
