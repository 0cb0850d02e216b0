"""Sentences of the live demo: what the numbers mean. Pure text; pages show it as text, never as Markdown or HTML."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vpe_core.markers import MARKERS
from vpe_core.markers.marks import Mark

_SAME = 0.02
"""A probability that changes by less is called unchanged."""
_CLOSE = 0.8
"""A second class with this share of the first one's probability is named too: the answer is hardly decided."""

_MARKDOWN = frozenset(r"\`*_{}[]()#+-!|<>~$:&.")


def as_text(text: str) -> str:
    """The text for places that read Markdown, such as labels and messages: shown as it is, whatever it contains."""
    return "".join(f"\\{sign}" if sign in _MARKDOWN else sign for sign in " ".join(text.split()))


def as_list(sentences: Sequence[str]) -> str:
    """Sentences for one message: a single one as it is, several as a list."""
    texts = [as_text(sentence) for sentence in sentences]
    return texts[0] if len(texts) == 1 else "\n".join(f"- {text}" for text in texts)


def few(words: Sequence[str], most: int = 8) -> str:
    """The first of some words: "one, two, three and 4 more"."""
    listed = ", ".join(words[:most])
    return f"{listed} and {len(words) - most} more" if len(words) > most else listed


def marker_name(marks: Sequence[Mark], treatment: str) -> str:
    """What the drawn marks are called in a sentence: "circle", "crop", or "marks" if there are several."""
    if not marks:
        return "marker"
    if treatment in MARKERS:
        return MARKERS.get(treatment).short_title
    return MARKERS.get(marks[0].marker).short_title if len(marks) == 1 else "marks"


def answer_sentence(
    classes: Sequence[str], without: Sequence[float], marked: Sequence[float] | None, marker: str
) -> str:
    """What the marker does to the answer, and which class comes close to it.

    Args:
        classes: Class names.
        without: Probabilities of the unmarked image, one a class.
        marked: Those of the marked image; None while nothing is drawn.
        marker: From `marker_name`.
    """
    return _change(classes, without, marked, marker) + _runner_up(classes, without if marked is None else marked)


def _runner_up(classes: Sequence[str], probabilities: Sequence[float]) -> str:
    order = np.argsort(probabilities)[::-1]
    if len(order) < 2 or probabilities[order[1]] < _CLOSE * probabilities[order[0]]:
        return ""
    return f" Close behind: {classes[order[1]]} ({probabilities[order[1]]:.2f})."


def _change(classes: Sequence[str], without: Sequence[float], marked: Sequence[float] | None, marker: str) -> str:
    before = int(np.argmax(without))
    if marked is None:
        return f"Without a marker, the likeliest class is {classes[before]} ({without[before]:.2f})."
    after = int(np.argmax(marked))
    plural = marker.endswith("s") and marker != "crops"
    if before != after:
        return (
            f"The {marker} {'turn' if plural else 'turns'} the answer from {classes[before]} ({without[before]:.2f}) "
            f"to {classes[after]} ({marked[after]:.2f})."
        )
    change = marked[after] - without[after]
    if abs(change) < _SAME:
        return f"The {marker} {'leave' if plural else 'leaves'} the answer at {classes[after]} ({marked[after]:.2f})."
    direction = "surer" if change > 0 else "less sure"
    return (
        f"The answer stays {classes[after]}; the {marker} {'make' if plural else 'makes'} the model {direction} of it "
        f"({without[after]:.2f} → {marked[after]:.2f})."
    )
