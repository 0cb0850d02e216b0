"""The first line of what a command says of a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def print_heading(console: Console, title: str, part: str, rest: str, *, simulated: bool) -> None:
    """Title and part, whether nobody's X-rays they are, and what else belongs to the line."""
    console.print(f"{title}{' (simulated)' if simulated else ''}, part {part}, {rest}", markup=False)
