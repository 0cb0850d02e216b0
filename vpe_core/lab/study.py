"""What a study is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Run: TypeAlias = Callable[..., Any]
"""From a `LabScene`, a model, `report` (a `Progress`, which ends the study by raising) and options of its own to a
frozen dataclass of numbers and arrays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One way to look at what a marker does.

    Attributes:
        title: For people: "Scan map".
        question: What it answers, as one sentence.
        run: Does it.
    """

    title: str
    question: str
    run: Run


def unreported(done: int, total: int) -> None:
    """The progress of a study that nobody watches."""
