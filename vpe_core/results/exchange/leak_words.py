"""What follows from the leak card's numbers, in words: one sentence for all, then short lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from vpe_core.datasets.simulated import HEALTHY
from vpe_core.leaks import BoxLeak
from vpe_core.metrics import Interval
from vpe_core.results.analysis.leak import BY_ITSELF, ON_ANOTHER, Leak
from vpe_core.results.analysis.leak_card import LeakCard, features_of
from vpe_core.results.analysis.matched import MatchedGain
from vpe_core.results.analysis.numerals import interval_text, number_text, signed_text

CHANCE = 0.5
BALANCED = 0.1
"""So many standard deviations of difference in means are the usual limit of balance."""
_WHERE = {
    "on the X-ray without the finding": "the same X-rays without the findings",
    "on a blank image": "a blank picture",
    ON_ANOTHER: "another patient's X-rays, whose findings it may touch",
}
_ROWS = {
    "on the X-ray without the finding": "same {}, X-ray without the finding",
    "on a blank image": "same {}, blank picture",
    ON_ANOTHER: "same {}, another patient's X-ray",
    "at a random place": "same {}, at a random place",
    "at the mirrored place": "same {}, at the mirrored place",
}
_INDEPENDENT = "if marker and finding count as independent evidence"
NOT_MEASURED = (
    "Whether size and place lead the model was not measured here: it takes the same marker on the same X-rays without "
    "the findings, on another patient's X-ray or on a blank picture."
)


Line: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class CardWords:
    """What is said of a gain.

    Attributes:
        headline: One sentence.
        lines: What belongs to it: numbers, and what each of them is.
        caution: That box numbers alone reach as much as the marked X-rays, and that classes cancel in a mean, where
            they do.
    """

    headline: str
    lines: tuple[Line, ...] = ()
    caution: str = ""


def card_words(card: LeakCard, *, look: str, noun: str) -> CardWords:
    """What follows from the numbers.

    Args:
        card: From `leak_card`.
        look: The marker as it is drawn, such as "a red circle".
        noun: What it is called, such as "circle".
    """
    found = card.leak
    if found.too_few:
        return CardWords(f"{found.too_few} how much of a gain is only what the {noun} gives away.")
    told = shown_words(card.features)
    lines = (
        *_gain_lines(found, told),
        *_samples(found),
        *_control_lines(card, noun),
        *_geometry_lines(card, told),
        *_pointing(found),
    )
    cautions = (_caution(card, told), _cancelling(card, noun))
    return CardWords(_sentence(card, look, told), lines, " ".join(one for one in cautions if one))


def matched_words(found: MatchedGain, noun: str, label: str | None = None) -> CardWords:
    """The same of a gain where size and place tell nothing.

    Args:
        found: From `matched`.
        noun: What the marker is called.
        label: The one class that is asked for; None for all.
    """
    if found.too_little:
        return CardWords(found.too_little)
    gain, plain_gain = found.gain.interval, found.plain_gain.interval
    of_all = f", the mean of the {len(found.assessable)} of {len(found.classes)} classes that can be told"
    size = signed(gain) + (of_all if label is None and len(found.assessable) < len(found.classes) else "")
    if gain.low > 0:
        headline = f"There is a gain also where size and place tell nothing: {size}."
    elif gain.high < 0:
        headline = f"Where size and place tell nothing, the {noun} lowers the AUROC: {size}."
    else:
        headline = f"There is no clear gain where size and place tell nothing: {size}."
    asked = [label] if label else list(found.assessable)
    parts = [found.classes[one] for one in asked]
    balance, before = (
        max(values) for values in zip(*((p.difference, p.difference_before) for p in parts), strict=True)
    )
    return CardWords(
        headline,
        (
            (left_of(found, label), "effective sample size"),
            (signed(plain_gain), f"the gain {'of these classes ' if not label else ''}without weights"),
            (
                f"{number_text(found.geometry_before.value)} \N{RIGHTWARDS ARROW} {number_text(found.geometry.value)}",
                f"AUROC of the whole box's size and place alone, before and after weighting; {CHANCE:g} tells nothing",
            ),
            (
                f"{before:.2f} \N{RIGHTWARDS ARROW} {balance:.2f}",
                "largest difference between means of the box numbers, in standard deviations; below "
                f"{BALANCED:g} counts as balanced",
            ),
        ),
    )


def left_of(found: MatchedGain, label: str | None = None) -> str:
    """How many samples are left out of how many, of one class or of those that can be told: "598 of 1,202"."""
    parts = [found.classes[one] for one in ([label] if label else found.assessable)]
    return f"{sum(one.effective for one in parts):,.0f} of {sum(one.samples for one in parts):,}"


def boxes_sentence(leaks: Sequence[BoxLeak], *, marker: str, look: str) -> str:
    """What a marker's size and place give away in whole data sets of real X-rays; empty if nothing of it is known.

    Args:
        leaks: From `read_leak`.
        marker: Of the registry.
        look: The marker as it is drawn, such as "a red circle".
    """
    found = [
        f"{number_text(leak.groups[leak.markers[marker]].auroc.value)} on {leak.source.title}"
        for leak in leaks
        if leak.markers.get(marker) and not leak.source.simulated
    ]
    if not found:
        return ""
    told = shown_words(features_of(marker))
    listed = " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
    tell = f"{_by_itself(told)} findings apart"
    return f"In real data, the {told} that {look} shows {tell}: AUROC {listed}, with no X-ray."


def shown_words(features: Sequence[str]) -> str:
    """What a marker shows of a box: "size and place", "place"."""
    has = {"width", "height"} & set(features), {"x", "y"} & set(features)
    return " and ".join(name for name, some in zip(("size", "place"), has, strict=True) if some) or "size and place"


def row_title(condition: str, noun: str) -> str:
    """What a control is called beside its value: "same circle, another patient's X-ray"."""
    return _ROWS[condition].format(noun)


def plain(one: Interval) -> str:
    """A value with its interval."""
    return f"{number_text(one.value)} {interval_text(one.low, one.high)}".strip()


def signed(one: Interval) -> str:
    """A difference with its interval."""
    return f"{signed_text(one.value)} {interval_text(one.low, one.high, signed=True)}".strip()


def _sentence(card: LeakCard, look: str, told: str) -> str:
    found, gain = card.leak, card.leak.gain.interval
    if math.isnan(gain.low):
        what = f"{signed_text(gain.value)}, of too few patients for an interval"
        return f"Whether {look} brings a gain cannot be told: {what}."
    if not gain.low > 0:
        does = "lowers the AUROC" if gain.high < 0 else "brings no clear gain"
        return f"{look[0].upper()}{look[1:]} {does} here ({signed_text(gain.value)}), so there is no gain to explain."
    adds = f"the {signed_text(gain.value)} in AUROC that {look} adds"
    if found.explained is None:
        lacks = "it takes probabilities of the same samples" if card.control else "that was not measured here"
        return f"How much of {adds} is only its {told} is not known: {lacks}."
    if found.hedge and not found.explained.interval.low > 0:
        return f"How much of {adds} is only its {told} is not known: {_why_no_twin(found)}."
    return f"Of {adds}, {_explained(card, found.explained.interval, told)}."


def _explained(card: LeakCard, own: Interval, told: str) -> str:
    """Which part of a gain its size and place explain."""
    found, tell = card.leak, f"what its {told} {_by_itself(told)} this model"
    share = f"{signed_text(own.value)} ({min(own.value / found.gain.interval.value, 1.0):.0%})"
    if found.hedge == "may be":
        return f"about {share} may be {tell}, or findings of the other patient that it touches, {_INDEPENDENT}"
    if found.hedge:
        return f"{found.hedge} {share} is {tell}, {_INDEPENDENT}"
    if own.low > 0:
        return f"about {share} is {tell}, {_INDEPENDENT}"
    if not own.high < 0:
        return f"nothing that can be told from chance is {tell}"
    is_astray = card.by_itself is not None and card.by_itself.overall.auroc.high < CHANCE
    leads = "they lead" if " and " in told else "it leads"
    return f"none is {tell}" + (f": {leads} the model astray" if is_astray else "")


def _by_itself(told: str) -> str:
    return "by themselves tell" if " and " in told else "by itself tells"


def _caution(card: LeakCard, told: str) -> str:
    """Where a high value of the marked X-rays alone proves nothing."""
    if card.geometry is None or card.beyond_geometry is None:
        return ""
    alone, marked, beyond = card.geometry.overall.auroc, card.leak.marked, card.beyond_geometry.interval
    unknown = beyond.low != beyond.low
    if beyond.low > 0 or (unknown and beyond.value > 0) or not (alone.low > CHANCE or alone.low != alone.low):
        return ""
    reach = f"A classifier told only its {told}, without any X-ray, reaches {number_text(alone.value)}"
    if beyond.high < 0 or alone.value >= marked.value:
        return f"{reach}: no less than the marked X-rays ({number_text(marked.value)})."
    return f"{reach}: not clearly less than the marked X-rays ({number_text(marked.value)})."


def _cancelling(card: LeakCard, noun: str) -> str:
    """That some classes gain from the marker by itself and others lose, where the mean hides it."""
    known = _by_class(card)
    least, most = min(known.values(), default=CHANCE), max(known.values(), default=CHANCE)
    if len(known) < 3 or not least < CHANCE < most:  # of two, one tells both
        return ""
    lowest, highest = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    return (
        f"By class, the same {noun} on {_WHERE[card.control].partition(',')[0]} reaches {least:.2f} ({lowest}) to "
        f"{most:.2f} ({highest}): above and below {CHANCE:g} cancel in the mean."
    )


def _by_class(card: LeakCard) -> dict[str, float]:
    """AUROC of the marker by itself, of each class of which it is known."""
    classes = card.by_itself.classes if card.by_itself else {}
    values = {label: reached.auroc.value for label, reached in classes.items()}
    return {label: value for label, value in values.items() if not math.isnan(value)}


def _gain_lines(found: Leak, told: str) -> list[Line]:
    gain, marked = (
        found.gain.interval,
        f"AUROC {number_text(found.unmarked.value)} to {number_text(found.marked.value)}",
    )
    if not gain.low > 0 or found.explained is None:
        return [(signed(gain), f"{marked}, without and with the marker")]
    own, where = found.explained.interval, _WHERE[found.by_itself].partition(",")[0]
    if not found.hedge:
        return [(signed(own), f"from {told} alone, of {signed(gain)}; measured on {where}")]
    bound = "it may touch findings there" if found.hedge == "may be" else "no more than a lower bound"
    return [
        (
            signed(own),
            f"from {told} alone, of {signed(gain)}; {bound}: measured on {where}, because {_why_no_twin(found)}",
        )
    ]


def _samples(found: Leak) -> list[Line]:
    """On which samples all of the card is measured, if not on all; then the gain is not the one of the table."""
    if not measured_in_part(found):
        return []
    return [
        (measured_in_part(found), f"samples, of which all of this card is measured: {_no_twin(found.without_twin)}")
    ]


def measured_in_part(found: Leak) -> str:
    """Of how many samples a card is where some can have no twin: "1,500 of 1,576"; empty if it is of all."""
    return f"{found.samples:,} of {found.of_samples:,}" if found.samples < found.of_samples else ""


def _why_no_twin(found: Leak) -> str:
    """Why another control stands in for the same X-rays without the findings."""
    if found.without_twin:
        return _no_twin(found.without_twin)
    if found.with_twin:
        return (
            f"the same X-rays without the findings were measured for {found.with_twin:,} of {found.of_samples:,} "
            "samples only"
        )
    return "the same X-rays without the findings were not measured"


def _no_twin(classes: Sequence[str]) -> str:
    """That some X-rays cannot be shown without their finding."""
    if set(classes) == {HEALTHY}:
        return "an X-ray without a finding has no twin"
    return f"no X-ray with {' or '.join(classes)} has a twin without it"


def _control_lines(card: LeakCard, noun: str) -> list[Line]:
    if card.by_itself is None:
        return []
    one = card.by_itself.overall
    astray = "; below chance, it points away from the right answer" if one.auroc.high < CHANCE else ""
    others = [(where, card.leak.controls[where].value) for where in BY_ITSELF if where in card.leak.controls]
    elsewhere = "".join(
        f"; on {_WHERE[where]}, {number_text(value)}" for where, value in others if where != card.control
    )
    lines = [
        (
            plain(one.auroc),
            f"the same {noun} on {_WHERE[card.control]}{elsewhere}; {CHANCE:g} gives nothing away{astray}",
        ),
    ]
    if len(_by_class(card)) > 2:
        away = f"how far that lies from {CHANCE:g} on average over the classes, whichever way"
        lines.append((f"{card.by_itself.distance:.2f}", away))
    with_finding = card.marked.overall.probability
    if one.probability and with_finding:
        lines.append(
            (
                number_text(one.probability.value),
                f"probability of the true class there; with the finding {number_text(with_finding.value)}, guessing "
                f"{number_text(card.probability_chance)}",
            )
        )
    return lines


def _geometry_lines(card: LeakCard, told: str) -> list[Line]:
    if card.geometry is None or card.beyond_geometry is None:
        return []
    beyond = card.beyond_geometry.interval
    more = f"; the marked X-rays reach {signed(beyond)} more" if beyond.low > 0 else ""
    alone = card.geometry.overall.auroc
    below = (
        "; below 0.5 it tells nothing: cross-validation of few boxes comes out there" if alone.value < CHANCE else ""
    )
    part = measured_in_part(card.leak)
    on = f", on the samples of this card ({part})" if part else ""
    return [(plain(alone), f"{told} alone, without any X-ray{on}{more}{below}")]


def _pointing(found: Leak) -> list[Line]:
    if not (found.gain.interval.low > 0 and found.pointing and found.all_known and found.pointing.interval.low > 0):
        return []
    overlaps = "; this overlaps with size and place" if found.explained and found.explained.interval.low > 0 else ""
    return [
        (
            f"at least {signed(found.pointing.interval)}",
            "of the gain because the marker says which of several findings is meant: a reader who knows all findings "
            f"of an X-ray, but not which one is asked for, reaches {number_text(found.all_known.value)}{overlaps}",
        )
    ]
