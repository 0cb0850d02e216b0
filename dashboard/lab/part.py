"""What a part of the page is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dashboard.lab.subject import Subject


@dataclass(frozen=True, slots=True)
class Part:
    """A study on the page.

    Attributes:
        study: Its name in `vpe_core.lab.STUDIES`, which has its title and its question.
        show: Shows what can be set, and the result; called only while the part is open.
    """

    study: str
    show: Callable[[Subject], None]
