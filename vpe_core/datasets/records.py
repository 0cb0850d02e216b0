"""The records of a text table, each with the row that a spreadsheet gives it; a stray quotation mark costs one record.

Python's csv module, and pandas with it, reads on to the next quotation mark where one is opened and never closed: the
lines between are gone without a word. Here a record reaches over several lines only if its quotation marks are sound
and it has not swallowed records of its own kind.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import Literal

_QUOTE = '"'
_OPEN = (
    'A cell begins with a quotation mark (") that is not closed in this row. Close it or remove it; the rows below '
    "are read without it."
)
_GOES_ON = (
    'A cell begins with a quotation mark (") and goes on after the next one. Put the whole cell into quotation marks, '
    'with two ("") for each that belongs to its text.'
)


_SHOWN_CHARS = 100


@dataclass(frozen=True, slots=True)
class Record:
    """One record.

    Attributes:
        row: Its number in a spreadsheet, from 1. Blank lines count; line breaks within a quoted cell do not.
        cells: As they stand in the file.
        flaw: Why the cells, which are then those of its first line, cannot be trusted; empty if they can.
    """

    row: int
    cells: list[str]
    flaw: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether it is an empty line, or one of nothing but space: what pandas skips, too."""
        return not self.cells or (len(self.cells) == 1 and bool(self.cells[0]) and not self.cells[0].strip(" \t"))

    @property
    def is_empty(self) -> bool:
        """Whether no cell holds anything, as spreadsheets write an empty row."""
        return not any(cell.strip() for cell in self.cells)


def read_records(
    lines: Sequence[str], delimiter: str, n_cells: tuple[int, int], start: tuple[int, int] = (0, 1)
) -> Iterator[tuple[Record, int]]:
    """All records from a line on, each with the number of lines up to its end.

    Args:
        lines: With their ends.
        delimiter: Between cells.
        n_cells: The fewest and the most cells of a complete record.
        start: The first line, from 0, and its row.
    """
    position, row = start
    limit = csv.field_size_limit()
    while position < len(lines):
        plain = list(
            takewhile(
                lambda number: _QUOTE not in lines[number] and len(lines[number]) <= limit, range(position, len(lines))
            )
        )
        for cells in csv.reader((lines[number] for number in plain), delimiter=delimiter):
            position += 1
            yield Record(row, cells), position
            row += 1
        if position < len(lines):
            record, used = _quoted(lines, position, row, delimiter, n_cells)
            position, row = position + used, row + 1
            yield record, position


def _quoted(
    lines: Sequence[str], position: int, row: int, delimiter: str, n_cells: tuple[int, int]
) -> tuple[Record, int]:
    ahead = csv.reader((lines[number] for number in range(position, len(lines))), delimiter=delimiter, strict=True)
    try:
        cells = next(ahead)
        if ahead.line_num == 1 or not _swallowed(lines[position : position + ahead.line_num], delimiter, n_cells):
            return Record(row, cells), ahead.line_num
    except csv.Error:
        pass
    if any(len(cell) > csv.field_size_limit() for cell in lines[position].split(delimiter)):
        cells = [cell[:_SHOWN_CHARS] for cell in lines[position].split(delimiter)]
        return Record(row, cells, f"A cell is longer than {csv.field_size_limit():,} characters. Shorten it."), 1
    flaw = quotes_flaw(lines[position], delimiter)
    if flaw == "open":
        return Record(row, _literal(lines[position], delimiter), _OPEN), 1
    return Record(row, next(csv.reader([lines[position]], delimiter=delimiter)), _GOES_ON if flaw else ""), 1


def quotes_flaw(line: str, delimiter: str, *, skip_space: bool = False) -> Literal["", "open", "goes on"]:
    """What is wrong with the quotation marks of one record, which csv and pandas read without a word.

    Args:
        line: The record, with its end.
        delimiter: Between cells.
        skip_space: Whether a quotation mark also opens a cell after spaces.

    Returns:
        "open" if a cell's quotation mark is never closed, "goes on" if more than space stands behind a closed one.
    """
    if _QUOTE not in line:
        return ""
    sound, unclosed = _quoting(delimiter, skip_space)
    if sound.fullmatch(line):
        return ""
    return "open" if unclosed.fullmatch(line) else "goes on"


@cache
def _quoting(delimiter: str, skip_space: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A record whose quotation marks are sound, and one whose last cell is not closed; no text takes them long."""
    space, end = "[ \t]*+" if delimiter != "\t" else " *+", re.escape(delimiter)
    before = " *+" if skip_space else ""
    opened = f'{before}"(?:[^"]++|"")*+'
    cell = rf'(?:{opened}"{space}|{before}(?!")[^{end}\r\n]*+)'
    return re.compile(rf"{cell}(?:{end}{cell})*+[\r\n]*+"), re.compile(f"(?:{cell}{end})*+{opened}")


def _swallowed(lines: Sequence[str], delimiter: str, n_cells: tuple[int, int]) -> bool:
    """Whether the first line and a later one are complete records by themselves."""
    complete = [n_cells[0] <= len(_literal(line, delimiter)) <= n_cells[1] for line in lines]
    return complete[0] and any(complete[1:])


def _literal(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE), [])
