"""Sentences of the live demo: what the numbers mean. Pure text; pages show it as text, never as Markdown or HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.frame.verdicts import CHOOSE, EACH, SAME, Presence, Verdict, choice, guess, presence
from vpe_core.markers import MARKERS
from vpe_core.markers.marks import Mark
from vpe_core.plots.percent import percent
from vpe_core.plots.take_along import OUT_OF_DOMAIN

ANSWER_OUT_OF_DOMAIN = f"{OUT_OF_DOMAIN}. On this picture its answer means nothing."
"""What stands in place of a sentence about the answer."""

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


def as_series(words: Sequence[str]) -> str:
    """Words as one writes them: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def marker_name(marks: Sequence[Mark], treatment: str) -> str:
    """What the drawn marks are called in a sentence: "circle", "crop", or "marks" if there are several."""
    if not marks:
        return "marker"
    if treatment in MARKERS:
        return MARKERS.get(treatment).short_title
    return MARKERS.get(marks[0].marker).short_title if len(marks) == 1 else "marks"


@dataclass(frozen=True, slots=True)
class AnswerWords:
    """What the model says: what is read first, and what else belongs to it.

    Attributes:
        headline: What changes, or what the answer is; a sentence without its full stop.
        details: The rest of it, such as the first two of an undecided answer; empty if nothing is left to say.
        joint: What stands between the two in one sentence.
    """

    headline: str
    details: str = ""
    joint: str = "; "

    def __str__(self) -> str:
        """Both as one sentence."""
        return f"{self.headline}{self.joint if self.details else ''}{self.details}."


_VERDICT_ON = "the model's verdict on"


def answer_words(
    classes: Sequence[str],
    without: Sequence[float],
    marked: Sequence[float] | None,
    marker: str,
    question: str = CHOOSE,
) -> AnswerWords:
    """What the model says, and what the marker does to it; close to guessing, that it says nothing.

    Args:
        classes: Class names.
        without: Probabilities of the unmarked image, one a class.
        marked: Those of the marked image; None while nothing is drawn.
        marker: From `marker_name`.
        question: `CHOOSE` one of the classes, or `EACH` class: present or not.
    """
    if question == EACH:
        return _of_each(classes, without, marked, marker)
    after = choice(without if marked is None else marked)
    if marked is None:
        return _unmarked_choice(classes, without, after)
    before = choice(without)
    if before.kind == after.kind == "decided":
        return _decided(classes, without, marked, before.leaders[0], after.leaders[0], marker)
    if before.kind == after.kind and (after.kind == "undecided" or set(before.leaders) == set(after.leaders)):
        stays = "the model stays" if after.kind == "undecided" else "it stays"
        return _verdict_words(f"With the {marker}, {stays}", classes, marked, after)
    moves = f"With the {marker}, the answer moves from {_in_short(classes, without, before)} to"
    return _verdict_words(moves, classes, marked, after)


def _unmarked_choice(classes: Sequence[str], without: Sequence[float], verdict: Verdict) -> AnswerWords:
    beginnings = {
        "decided": "Without a marker, the likeliest class is",
        "tie": "Without a marker, it is",
        "undecided": "The model is",
    }
    return _verdict_words(beginnings[verdict.kind], classes, without, verdict)


def _decided(
    classes: Sequence[str], without: Sequence[float], marked: Sequence[float], before: int, after: int, marker: str
) -> AnswerWords:
    several = marker.endswith("s") and marker != "crops"
    if before != after:
        return AnswerWords(
            f"The {marker} {'turn' if several else 'turns'} the answer from {classes[before]} "
            f"({percent(without[before])}) to {classes[after]} ({percent(marked[after])})"
        )
    change = marked[after] - without[after]
    if abs(change) < SAME:
        return AnswerWords(
            f"The {marker} {'leave' if several else 'leaves'} the answer at {_named(classes, marked, (after,))}"
        )
    direction = "surer" if change > 0 else "less sure"
    return AnswerWords(
        f"The answer stays {classes[after]}; the {marker} {'make' if several else 'makes'} the model {direction} of "
        f"it ({percent(without[after])} → {percent(marked[after])})"
    )


def _in_short(classes: Sequence[str], probabilities: Sequence[float], verdict: Verdict) -> str:
    if verdict.kind == "undecided":
        return "undecided"
    if verdict.kind == "tie":
        return f"a near tie of {as_series([classes[index] for index in verdict.leaders])}"
    return _named(classes, probabilities, verdict.leaders)


def _verdict_words(
    beginning: str, classes: Sequence[str], probabilities: Sequence[float], verdict: Verdict
) -> AnswerWords:
    """The verdict with its numbers, after a beginning that ends with "to" or "is"."""
    if verdict.kind == "decided":
        return AnswerWords(f"{beginning} {_named(classes, probabilities, verdict.leaders)}")
    listed = ", ".join(f"{classes[index]} {percent(probabilities[index])}" for index in verdict.leaders)
    if verdict.kind == "tie":
        return AnswerWords(f"{beginning} a near tie", listed, ": ")
    guessing = f"guessing is {percent(guess(CHOOSE, len(classes)))}"
    return AnswerWords(f"{beginning} undecided", f"{listed}; {guessing}", ": ")


def _named(classes: Sequence[str], probabilities: Sequence[float], which: Sequence[int], most: int = 2) -> str:
    """Classes with their probabilities: "mass (88%), nodule (44%) and 2 more"."""
    return few([f"{classes[index]} ({percent(probabilities[index])})" for index in which], most)


def _of_each(
    classes: Sequence[str], without: Sequence[float], marked: Sequence[float] | None, marker: str
) -> AnswerWords:
    chance = f"guessing is {percent(guess(EACH, len(classes)))}"
    after = [presence(one) for one in (without if marked is None else marked)]
    if marked is None:
        return AnswerWords(
            _present_and_not(classes, without, after), f"{chance}{'' if len(classes) == 1 else ' for each'}"
        )
    before = [presence(one) for one in without]
    if len(classes) == 1:
        if before == after:
            stays = f"{_VERDICT_ON} {classes[0]} stays {after[0]} ({percent(without[0])} → {percent(marked[0])})"
            return AnswerWords(f"With the {marker}, {stays}", chance)
        return AnswerWords(f"With the {marker}, {_moved(classes, without, marked, before, after, 0)}", chance)
    changed = [index for index in range(len(classes)) if before[index] != after[index]]
    if not changed:
        all_of_them = _present_and_not(classes, marked, after)
        return AnswerWords(
            f"With the {marker}, none of the model's verdicts changes", f"{all_of_them}; {chance} for each", ". "
        )
    changed.sort(key=lambda index: -abs(marked[index] - without[index]))
    first, others = _moved(classes, without, marked, before, after, changed[0]), len(changed) - 1
    more = f"{others} more verdict{'s' if others > 1 else ''} change{'' if others > 1 else 's'}; " if others else ""
    return AnswerWords(f"With the {marker}, {first}", f"{more}{chance} for each")


def _moved(
    classes: Sequence[str],
    without: Sequence[float],
    marked: Sequence[float],
    before: Sequence[Presence],
    after: Sequence[Presence],
    index: int,
) -> str:
    return (
        f"{_VERDICT_ON} {classes[index]} moves from {before[index]} ({percent(without[index])}) "
        f"to {after[index]} ({percent(marked[index])})"
    )


def _present_and_not(classes: Sequence[str], probabilities: Sequence[float], verdicts: Sequence[Presence]) -> str:
    """What the model says is present, and what is undecided.

    As in "The model says present: mass (88%). It is undecided on nodule (44%)": none of it is said of the patient.
    """
    if len(classes) == 1:
        chance = percent(probabilities[0])
        how_sure = chance if verdicts[0] == "present" else f"{chance} for present"
        return f"The model says {classes[0]} is {verdicts[0]} ({how_sure})"
    order = sorted(range(len(classes)), key=lambda index: -probabilities[index])
    present, undecided = (
        _named(classes, probabilities, which)
        if (which := [index for index in order if verdicts[index] == verdict])
        else ""
        for verdict in ("present", "undecided")
    )
    parts = [f"The model says present: {present}"] if present else []
    parts += [f"{'It' if present else 'The model'} is undecided on {undecided}"] if undecided else []
    return ". ".join(parts) or f"The model says that none of the {len(classes)} is present"
