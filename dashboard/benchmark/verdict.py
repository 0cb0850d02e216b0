"""Is it the finding, or only the marker's size and place? One bar, its controls, and what follows in plain words."""

from __future__ import annotations

import streamlit as st
from pydantic import TypeAdapter

from dashboard.benchmark.filters import Choice
from dashboard.benchmark.first_answers import answer, is_known
from dashboard.benchmark.results import Column, OwnRun, evaluation
from dashboard.benchmark.table import look_of
from dashboard.benchmark.words import WHERE
from dashboard.frame.html import render
from dashboard.frame.words import as_text
from vpe_core import metrics
from vpe_core.errors import VPEError
from vpe_core.metrics import Interval
from vpe_core.plots.leak_html import leak_html
from vpe_core.plots.percent import percent
from vpe_core.results.analysis.geometry import geometry_only
from vpe_core.results.analysis.leak import BY_ITSELF, Leak, leak, most_telling
from vpe_core.results.analysis.numerals import interval_text, number_text, signed_text
from vpe_core.results.analysis.rows import TableRow, marker_title

_LEAK = TypeAdapter(Leak)
_BOXES: TypeAdapter[Interval | None] = TypeAdapter(Interval | None)
_HOW = (
    "What the marker tells by itself: the answer to the unmarked X-ray and the answer to the same marker where there "
    "is no finding of this sample are multiplied, class by class, as independent evidence; what that adds is what the "
    "marker's size and place add. Only the same X-rays without the findings tell all of it: on a blank picture or on "
    "another patient's X-ray a model may not act on what the marker tells, so these give no more than a lower bound. "
    "Every finding known: somebody who knew all findings of each X-ray, but not which one is meant, could not do "
    "better without a marker. What is beyond that and what size and place add overlap: a marker whose size gives its "
    "finding away also says which one is meant. The box's four numbers: a classifier that sees only x, y, width and "
    "height, cross-validated by patient; it has learned this data set's boxes, which the model has not. A random or "
    "mirrored place and another patient's X-ray may have a finding under the marker. A mean over classes can hide "
    "that small and large markers lead opposite ways: choose one class to see it."
)


def show_leak(choice: Choice) -> None:
    """Show the bar of the leading marker on the leading results, first without what takes longest."""
    first, noun = choice.first, marker_title(choice.look.marker)
    st.subheader(as_text(f"Is it the finding, or the {noun}'s size and place?"), anchor=False)
    st.caption(as_text(f"{first.who} on {first.dataset}"))
    try:
        found = leak_of(first, choice)
    except VPEError as error:
        st.info(as_text(str(error)), icon=":material/rule:")
        return
    place = st.empty()
    geometry = ("geometry shown", first.run.fingerprint, choice.question)
    if not is_known(geometry):
        place.html(_html(choice, found, None))
    place.html(_html(choice, found, answer(_BOXES, geometry, lambda: _box_numbers(choice))))
    if not found.controls:
        where = "Your data" if isinstance(first.run, OwnRun) else "Run a benchmark"
        st.info(
            "Whether the marker's size and place lead the model was not measured here: it takes the same marker on "
            "another patient's X-ray, on a blank picture and at other places. “The paper's rows and their controls” "
            f"under {where} measures that.",
            icon=":material/rule:",
        )
    with st.popover("How to read this", icon=":material/help:"):
        st.caption(as_text(_HOW))


def leak_of(column: Column, choice: Choice) -> Leak:
    """The leading marker's gain taken apart, computed once.

    Raises:
        VPEError: It cannot be: see `vpe_core.results.analysis.leak.leak`.
    """
    shared = evaluation()
    known = choice.lead if choice.lead in choice.rows else TableRow(choice.look)
    key = ("leak", column.run.fingerprint, known, choice.question)
    return answer(_LEAK, key, lambda: leak(column.run, known, choice.question, shared))


def _box_numbers(choice: Choice) -> Interval | None:
    line = geometry_only(choice.first.run, choice.question, evaluation())
    if not line or line["value"] != line["value"]:
        return None
    return Interval(line["value"], line["low"], line["high"], 0, 0)


def _html(choice: Choice, found: Leak, boxes: Interval | None) -> str:
    noun, metric = marker_title(choice.look.marker), metrics.get(choice.question.metric)
    words = leak_words(found, look=look_of(choice.look), noun=noun, boxes=boxes, chance=metric.chance or 0.5)
    simulated = choice.first.run.manifest.dataset.simulated
    bar = leak_html(
        found, noun=noun, metric=choice.metric_title, about=words, chance=metric.chance or 0.0, boxes=boxes
    )  # fmt: skip
    return render("verdict", sentence=words, simulated=simulated) + bar


def leak_words(found: Leak, *, look: str, noun: str, boxes: Interval | None, chance: float = 0.5) -> str:
    """What follows from the numbers.

    Args:
        found: From `leak`.
        look: The marker as it is drawn, such as "a red circle".
        noun: What it is called, such as "circle".
        boxes: What the box's four numbers alone reach; None if unknown.
        chance: What guessing reaches.
    """
    if found.too_few:
        return f"{found.too_few} how much of a gain is only the {noun}'s size and place."
    gain = found.gain.interval
    if not gain.low > 0:
        what = "lowers the value" if gain.high < 0 else "brings no clear gain"
        said = f"{look[0].upper()}{look[1:]} {what} here ({_signed(gain)}), so there is no gain to explain."
        return said + _boxes(found, boxes, chance)
    parts = [_by_itself(found, gain, look, noun), _control(found, noun, chance)]
    if found.pointing and found.all_known and found.pointing.interval.low > 0:
        parts.append(
            f"At least {_signed(found.pointing.interval)} of the gain is that the {noun} says which of several "
            f"findings is meant: whoever knew them all would reach {number_text(found.all_known.value)} without a "
            "marker, and no more."
        )
        if found.explained and found.explained.interval.low > 0:
            parts.append("The two overlap, so they do not add up to the whole.")
    return " ".join(filter(None, parts)) + _boxes(found, boxes, chance)


def _by_itself(found: Leak, gain: Interval, look: str, noun: str) -> str:
    if found.explained is None:
        return (
            f"How much of the {_signed(gain)} that {look} adds is only the {noun}'s size and place is not known: "
            "that was not measured here."
        )
    own, where = found.explained.interval, WHERE[found.by_itself]
    adds = f"Of the {_signed(gain)} that {look} adds, "
    tells = f"what the {noun}'s size and place tell this model by themselves"
    share = f"{_signed(own)} ({percent(min(own.value / gain.value, 1.0))})"
    if found.is_bound:
        unknown = "the same X-rays without the findings, which would tell all of it, were not measured"
        if own.low > 0:
            return f"{adds}at least {share} is {tells}, measured {where}; {unknown}."
        unclear = " (not clearly above 0)" if own.high >= 0 else ""
        return (
            f"How much of the {_signed(gain)} that {look} adds is {tells} is not known: {unknown}. "
            f"At least {_signed(own)} is{unclear}, measured {where}, which can hide it."
        )
    if own.low > 0:
        return f"{adds}{share} is {tells}, measured {where}."
    if own.high < 0:
        return f"{adds}none is {tells}: they work against it ({_signed(own)}), measured {where}."
    return f"{adds}nothing that can be told from chance ({_signed(own)}) is {tells}, measured {where}."


def _control(found: Leak, noun: str, chance: float) -> str:
    """The control that gives most away, with its value."""
    values = {condition: found.controls[condition].value for condition in BY_ITSELF if condition in found.controls}
    if not (furthest := most_telling(values, chance)):
        return ""
    one = found.controls[furthest]
    where = "There" if furthest == found.by_itself else f"As a control, {WHERE[furthest]},"
    of_all = (
        f", further from chance ({chance:g}) than in any other control" if len(values) > 1 else f" (chance: {chance:g})"
    )
    wrong_way = "; below chance, it points away from the right answer" if one.high < chance else ""
    return f"{where} the same {noun} reaches {_plain(one)}{of_all}{wrong_way}."


def _boxes(found: Leak, boxes: Interval | None, chance: float) -> str:
    if boxes is None or found.too_few:
        return ""
    said = f" A classifier of the box's four numbers, without any image, reaches {number_text(boxes.value)}"
    if boxes.value >= found.marked.value and boxes.low > chance:
        return (
            f"{said}, no less than the marked X-rays ({number_text(found.marked.value)}): a high value alone proves "
            "nothing here, its controls count."
        )
    return f"{said}."


def _plain(one: Interval) -> str:
    return f"{number_text(one.value)} {interval_text(one.low, one.high)}".strip()


def _signed(one: Interval) -> str:
    return f"{signed_text(one.value)} {interval_text(one.low, one.high, signed=True)}".strip()
