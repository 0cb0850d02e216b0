"""The paper's table in a terminal: as many tables below each other as it takes to cut no number."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from rich.cells import cell_len
from rich.markup import escape
from rich.table import Table

from vpe_core.results.analysis.numerals import number_text, signed_text
from vpe_core.results.exchange.formats import ReportCell, grid, marks

Rows = list[tuple[list[str], dict[int, tuple[str, bool]]]]
"""The lines of a printed table: marker and suffix, and for each run the cell and whether it is the best."""
_BETWEEN_COLUMNS = 3


def report_tables(
    title: str, table: pd.DataFrame, heads: dict[int, str], higher_is_better: bool, width: int
) -> list[Table]:
    """The tables that a report prints.

    Args:
        title: Above each of them.
        table: From `paper_table`.
        heads: For each run what its column is called.
        higher_is_better: As the metric has it.
        width: Of the terminal, in characters.
    """
    rows = [
        ([first["row"].removesuffix(" + suffix"), first["suffix"] or ""], {run: _cell(cells[run]) for run in heads})
        for first, cells in grid(table, higher_is_better)
    ]
    return [_table(title, rows, {run: heads[run] for run in part}, width) for part in _fitting(rows, heads, width)]


def _cell(cell: ReportCell) -> tuple[str, bool]:
    """A number with its gain, and whether it is the best of its column."""
    line = cell.line
    gain = "" if line["gain"] != line["gain"] else f" ({signed_text(line['gain'])})"
    return f"{number_text(line['value'])}{marks(cell)}{gain}{'*' if cell.significant else ''}", cell.best


def _fitting(rows: Rows, heads: dict[int, str], width: int) -> list[list[int]]:
    """The data sets of each table, so that no number is cut in a terminal of this width; at least one a table."""

    def words(texts: Iterable[str]) -> list[str]:
        return [word for text in texts for word in text.split()]

    left = 1 + _BETWEEN_COLUMNS + _longest(["Marker", *words(names[0] for names, _ in rows)])
    left += _BETWEEN_COLUMNS + _longest(["Suffix", *words(names[1] for names, _ in rows)])
    parts: list[list[int]] = []
    free = 0
    for run, head in heads.items():
        needed = _BETWEEN_COLUMNS + _longest([*head.split(), *(cells[run][0] for _, cells in rows)])
        if not parts or needed > free:
            parts.append([])
            free = width - left
        parts[-1].append(run)
        free -= needed
    return parts


def _longest(texts: Iterable[str]) -> int:
    return max((cell_len(text) for text in texts), default=0)


def _table(title: str, rows: Rows, heads: dict[int, str], width: int) -> Table:
    texts = [[*names, *(cells[run][0] for run in heads)] for names, cells in rows]
    columns = zip(*texts, ["Marker", "Suffix", *heads.values()], strict=True)
    roomy = 1 + sum(_BETWEEN_COLUMNS + _longest(column) for column in columns) <= width
    printed = Table(title=escape(title))
    for heading in ("Marker", "Suffix"):
        printed.add_column(heading, overflow="fold")
    for run, head in heads.items():
        least = _longest([*head.split(), *(cells[run][0] for _, cells in rows)])
        printed.add_column(escape(head), justify="right", overflow="fold", width=None if roomy else least)
    for names, cells in rows:
        values = (cells[run] for run in heads)
        printed.add_row(*map(escape, names), *(f"[bold]{text}[/bold]" if best else text for text, best in values))
    return printed
