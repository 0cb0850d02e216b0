"""When an answer is one: the thresholds between decided, nearly tied and undecided, in one place.

Odds are compared with those of a blind guess: 1 to n - 1 for one of n classes, 1 to 1 for present or absent. Less than
three times a guess's odds is "not worth more than a bare mention" (Kass and Raftery, Bayes factors, J. Am. Stat. Assoc.
90, 1995), so it is called undecided: below 23% for one of 11 classes, between 25% and 75% for present or absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

CHOOSE, EACH = "choose", "each"
"""What is asked: which one of the classes, or of each class whether it is present."""
QUESTIONS = (CHOOSE, EACH)

EVIDENCE = 3.0
"""How many times the odds of a guess an answer needs."""
CLOSE = 0.8
"""Classes with this share of the first one's probability are nearly tied with it.

On the gallery, with and without circles, another of six usual wordings of the prompt names another class only from a
share of 0.9 on (in 11% of those cases for SimCLIP); the rest is left for what else should not matter, such as a
picture's size.
"""
SAME = 0.02
"""A probability that changes by less is called unchanged; wordings change it by 0.01 (the 90th percentile)."""
MOST_NAMED = 3

Presence: TypeAlias = Literal["present", "undecided", "absent"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the probabilities of classes to choose from come to.

    Attributes:
        kind: "decided" for one class, a near "tie", or "undecided" between all.
        leaders: Numbers of the classes to name, the likeliest first: the one, those that are tied, or the first two.
    """

    kind: Literal["decided", "tie", "undecided"]
    leaders: tuple[int, ...]


def guess(question: str, number: int) -> float:
    """The probability of a class by guessing."""
    return 0.5 if question == EACH else 1 / number


def choice(probabilities: Sequence[float]) -> Verdict:
    """The verdict on classes to choose from."""
    order = [int(index) for index in np.argsort(-np.asarray(probabilities), kind="stable")]
    first = probabilities[order[0]]
    if _odds(first) < EVIDENCE * _odds(guess(CHOOSE, len(probabilities))):
        return Verdict("undecided", tuple(order[:2]))
    tied = [index for index in order if probabilities[index] >= CLOSE * first]
    return Verdict("tie" if len(tied) > 1 else "decided", tuple(tied[:MOST_NAMED]))


def presence(probability: float) -> Presence:
    """The verdict on one class that is present or not."""
    if _odds(probability) >= EVIDENCE:
        return "present"
    return "absent" if _odds(1 - probability) >= EVIDENCE else "undecided"


def open_range() -> tuple[float, float]:
    """The probabilities between which a class is undecided: neither present nor absent."""
    return 1 / (1 + EVIDENCE), EVIDENCE / (1 + EVIDENCE)


def winners(question: str, probabilities: Sequence[float]) -> tuple[int, ...]:
    """The classes that the answer names: none while it is undecided."""
    if question == EACH:
        return tuple(index for index, one in enumerate(probabilities) if presence(one) == "present")
    verdict = choice(probabilities)
    return () if verdict.kind == "undecided" else verdict.leaders


def _odds(probability: float) -> float:
    return float("inf") if probability >= 1 else probability / (1 - probability)
