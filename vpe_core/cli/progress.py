"""The progress bar of the commands that count: what is done, how many of how many, and the time left."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


def counting_bar(console: Console, *more: ProgressColumn) -> Progress:
    """A bar for the error stream of a command; use it as a context manager.

    Args:
        console: Where it is drawn.
        more: Further columns, after the time left.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, *more, console=console)


class PicturesPerSecond(ProgressColumn):
    """How fast it goes, where what is counted are pictures."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} pictures/s" if task.speed else "")
