"""What a part of a page of the laboratory is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from dashboard.lab.subject import Subject
from vpe_core import lab


@dataclass(frozen=True, slots=True)
class Part:
    """Something that unfolds on a page.

    Attributes:
        title: For people: "Scan map".
        question: What it answers, as one sentence.
        show: Shows what can be set, and the result; called only while the part is open.
    """

    title: str
    question: str
    show: Callable[[Subject], None]

    @classmethod
    def of(cls, study: str, show: Callable[[Subject], None]) -> Self:
        """A study out of `vpe_core.lab.STUDIES`, with its own title and question."""
        about = lab.get(study)
        return cls(about.title, about.question, show)

    @property
    def heading(self) -> str:
        """Title and question, as Markdown."""
        return f"**{self.title}** · {self.question}"
