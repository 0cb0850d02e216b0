"""What a class has answered, taken together: distributions, the most successful and the most surprising drawing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.classroom.records import Kept, TaskQuestion


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class of findings in the distribution.

    Attributes:
        name: The class.
        votes: How many chose it, or drew what makes the model say it.
        share: The same as a share of all answers.
        model: The model's probability without a marker.
        named: Whether it is the model's likeliest class without a marker.
    """

    name: str
    votes: int
    share: float
    model: float
    named: bool


def distribution(
    question: TaskQuestion, kept: Sequence[Kept], without: Sequence[float], at_most: int = 8
) -> list[ClassRow]:
    """The class's guesses, or what its drawings make the model say, beside what the model says without a marker."""
    votes = Counter(_class_of(question, one) for one in kept)
    first = int(np.argmax(without))
    rows = [
        ClassRow(name, votes[name], votes[name] / max(1, len(kept)), chance, place == first)
        for place, (name, chance) in enumerate(zip(question.classes, without, strict=True))
    ]
    rows.sort(key=lambda row: (-row.votes, -row.model))
    wanted = [row for row in rows if row.named or row.name == question.target]
    others = [row for row in rows if row not in wanted][: at_most - len(wanted)]
    return sorted([*wanted, *others], key=rows.index)


def more_words(rows: Sequence[ClassRow], counted: str) -> str:
    """What is said of the classes that a table leaves out; empty if none are.

    Args:
        rows: Those left out.
        counted: What their votes are: "guesses" or "drawings".
    """
    if not rows:
        return ""
    below = math.floor(100 * max(row.model for row in rows)) + 1
    votes = sum(row.votes for row in rows) or "no"
    return f"and {len(rows)} more, {'all ' if len(rows) > 1 else ''}below {below}%, with {votes} {counted}"


def ranked(kept: Sequence[Kept]) -> list[Kept]:
    """Those whose answer counts, the best first; of equals, the earlier one."""
    counting = [one for one in kept if one.displayed.score is not None]
    return sorted(counting, key=lambda one: (-(one.displayed.score or 0.0), one.displayed.after_s))


def most_surprising(kept: Sequence[Kept], without: Sequence[float], but: Kept | None = None) -> Kept | None:
    """The drawing that makes the model say what the fewest others do; of those, the one that moves it the most.

    Args:
        kept: All answers.
        without: What the model says without a marker.
        but: One that is named already.
    """
    drawn = [one for one in kept if one.displayed.said]
    votes = Counter(int(np.argmax(one.displayed.said)) for one in drawn)
    others = [one for one in drawn if one is not but]
    return min(
        others,
        default=None,
        key=lambda one: (votes[int(np.argmax(one.displayed.said))], -moved(one.displayed.said, without)),
    )


def moved(said: Sequence[float], without: Sequence[float]) -> float:
    """How far an answer is from the one without a marker: the total variation distance, 0 to 1."""
    return float(np.abs(np.subtract(said, without)).sum() / 2)


def _class_of(question: TaskQuestion, one: Kept) -> str:
    answer = one.displayed
    return question.classes[int(np.argmax(answer.said))] if answer.said else answer.choice
