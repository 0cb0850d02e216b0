"""Parts of sentences that several steps use. No streamlit here."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.frame.verdicts import choice
from dashboard.frame.words import as_series
from dashboard.lesson.step import Bar
from vpe_core.datasets.simulated import HEALTHY
from vpe_core.plots.percent import percent

_MOST = 4


def named(classes: Sequence[str], chances: Sequence[float]) -> tuple[str, ...]:
    """The classes that an answer names, the likeliest first; none while it is undecided."""
    verdict = choice(chances)
    return () if verdict.kind == "undecided" else tuple(classes[index] for index in verdict.leaders)


def says(classes: Sequence[str], chances: Sequence[float]) -> str:
    """What an answer comes to: "lung mass (67%)", "lung mass (44%) or lung nodule (40%), nearly tied"."""
    verdict = choice(chances)
    listed = [f"{classes[index]} ({percent(chances[index])})" for index in verdict.leaders]
    if verdict.kind == "decided":
        return listed[0]
    return f"{' or '.join(listed)}, nearly tied" if verdict.kind == "tie" else f"nothing clear: {as_series(listed)}"


def finding_named(classes: Sequence[str], chances: Sequence[float]) -> str:
    """The likeliest class that is a finding."""
    order = sorted(range(len(classes)), key=lambda index: -chances[index])
    return next(classes[index] for index in order if classes[index] != HEALTHY)


def likeliest(classes: Sequence[str], chances: Sequence[float]) -> tuple[Bar, ...]:
    """The first few classes as bars."""
    order = sorted(range(len(classes)), key=lambda index: -chances[index])[:_MOST]
    return tuple(Bar(classes[index], chances[index]) for index in order)


def a_finding(label: str) -> str:
    """With its article, where it takes one: "a lung mass", "pleural effusion"."""
    countable = label.rpartition(" ")[2] in ("mass", "nodule", "granuloma", "pacemaker")
    return f"a {label}" if countable else label
