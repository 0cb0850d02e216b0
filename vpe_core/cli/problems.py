"""The rows of a table that cannot be used, as commands print them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from vpe_core.datasets import Problem

_SHOWN_PROBLEMS = 10


def print_problems(console: Console, problems: Sequence[Problem], where_all: str = "") -> None:
    """Print how many there are of each kind, and the first of them.

    Args:
        console: Where they are printed.
        problems: At least one.
        where_all: What lists all of them.
    """
    from rich.markup import escape

    from vpe_core.datasets import count_kinds

    kinds = ", ".join(f"{count:,} {kind}" for kind, count in count_kinds(problems).items())
    console.print(f"[yellow]{len(problems):,} cannot be used: {kinds}.[/]")
    for problem in problems[:_SHOWN_PROBLEMS]:
        place = problem.file if problem.row is None else f"{problem.file}, row {problem.row}"
        console.print(escape(f"  {place}: {problem.reason}"))
    if len(problems) > _SHOWN_PROBLEMS:
        more = f"; {where_all} lists all" if where_all else ""
        console.print(f"  and {len(problems) - _SHOWN_PROBLEMS:,} more{more}.")
