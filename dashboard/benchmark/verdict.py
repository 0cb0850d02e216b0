"""Is it the finding, or only the marker's size and place? One bar, its controls, and what follows in plain words."""

from __future__ import annotations

import streamlit as st

from dashboard.benchmark.filters import Choice
from dashboard.benchmark.results import Column, evaluation
from dashboard.benchmark.table import look_of
from dashboard.frame.html import render
from dashboard.frame.words import as_text
from vpe_core import metrics
from vpe_core.errors import VPEError
from vpe_core.metrics import Interval
from vpe_core.plots.leak_html import leak_html
from vpe_core.plots.percent import percent
from vpe_core.results.analysis.controls import geometry_only
from vpe_core.results.analysis.leak import Leak, leak
from vpe_core.results.analysis.numerals import interval_text, number_text, signed_text
from vpe_core.results.analysis.rows import TableRow, marker_title

_WHERE = {
    "on the finding-free image": "on the same X-rays without the findings",
    "on a blank image": "on a blank picture",
    "on another patient's image": "on another patient's X-ray, whose findings it may touch",
}
_HOW = (
    "What the marker tells by itself: the answer to the unmarked X-ray and the answer to the same marker where there "
    "is no finding of this sample are multiplied, class by class, as independent evidence; what that adds is what the "
    "marker's size and place add. Every finding known: somebody who knew all findings of each X-ray, but not which one "
    "is meant, could not do better without a marker. The box's four numbers: a classifier that sees only x, y, width "
    "and height, cross-validated by patient; it has learned this data set's boxes, which the model has not. A random "
    "or mirrored place and another patient's X-ray may have a finding under the marker. A mean over classes can hide "
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
    if not evaluation().has(geometry):
        place.html(_html(choice, found, None))
    place.html(_html(choice, found, evaluation().get_or_compute(geometry, lambda: _box_numbers(choice))))
    if not found.controls:
        st.info(
            "Whether the marker's size and place lead the model was not measured here: it takes the same marker on "
            "another patient's X-ray, on a blank picture and at other places. “The paper's rows and their controls” "
            "under Run a benchmark measures that.",
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
    return shared.get_or_compute(key, lambda: leak(column.run, known, choice.question, shared))


def _box_numbers(choice: Choice) -> Interval | None:
    line = geometry_only(choice.first.run, choice.question, evaluation())
    if not line or line["value"] != line["value"]:
        return None
    return Interval(line["value"], line["low"], line["high"], 0, 0)


def _html(choice: Choice, found: Leak, boxes: Interval | None) -> str:
    noun, metric = marker_title(choice.look.marker), metrics.get(choice.question.metric)
    words = leak_words(found, look=look_of(choice.look), noun=noun, boxes=boxes)
    simulated = choice.first.run.manifest.dataset.simulated
    bar = leak_html(
        found, noun=noun, metric=choice.metric_title, about=words, chance=metric.chance or 0.0, boxes=boxes
    )  # fmt: skip
    return render("verdict", sentence=words, simulated=simulated) + bar


def leak_words(found: Leak, *, look: str, noun: str, boxes: Interval | None) -> str:
    """What follows from the numbers.

    Args:
        found: From `leak`.
        look: The marker as it is drawn, such as "a red circle".
        noun: What it is called, such as "circle".
        boxes: What the box's four numbers alone reach; None if unknown.
    """
    gain = found.gain.interval
    if not gain.low > 0:
        what = "lowers the value" if gain.high < 0 else "brings no clear gain"
        said = f"{look[0].upper()}{look[1:]} {what} here ({_signed(gain)}), so there is no gain to explain."
        return said + _boxes(found, boxes)
    parts = [_by_itself(found, gain, look, noun)]
    if found.pointing and found.all_known and found.pointing.interval.low > 0:
        parts.append(
            f"At least {_signed(found.pointing.interval)} of it is that the {noun} says which of several findings is "
            f"meant: whoever knew them all would reach {number_text(found.all_known.value)} without a marker, and no "
            "more."
        )
    return " ".join(parts) + _boxes(found, boxes)


def _by_itself(found: Leak, gain: Interval, look: str, noun: str) -> str:
    if found.explained is None:
        return (
            f"How much of the {_signed(gain)} that {look} adds is only the {noun}'s size and place is not known: "
            "that was not measured here."
        )
    own = found.explained.interval
    if own.low > 0:
        what = f"{_signed(own)} ({percent(min(own.value / gain.value, 1.0))})"
    else:
        what = f"nothing {'' if own.high < 0 else 'that can be told from chance '}({_signed(own)})"
    return (
        f"Of the {_signed(gain)} that {look} adds, {what} is what the {noun}'s size and place tell this model by "
        f"themselves, measured {_WHERE[found.by_itself]}."
    )


def _boxes(found: Leak, boxes: Interval | None) -> str:
    if boxes is None:
        return ""
    said = f" A classifier of the box's four numbers, without any image, reaches {number_text(boxes.value)}"
    if boxes.value >= found.marked.low:
        return f"{said}, no less than the marked X-rays: a high value alone proves nothing here, its controls count."
    return f"{said}."


def _signed(one: Interval) -> str:
    return f"{signed_text(one.value)} {interval_text(one.low, one.high, signed=True)}".strip()
