"""CSV files read without guessing what a cell means: identifiers stay text, rows are numbered as a spreadsheet does."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from vpe_core.datasets.records import quotes_flaw
from vpe_core.documents import as_text

MAX_COLUMNS = 20_000
MAX_CELL_CHARS = 5_000
"""Of a text: names, paths and labels, which also stand in messages."""
_MAX_LINE_CHARS = 4_000_000
_FLAWS = {
    "open": "opens a quotation mark that is never closed in it",
    "goes on": 'has a cell that goes on after its closing quotation mark; write two ("") for each in a text',
}
_TOO_WIDE = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")


def read_csv(
    data: bytes, is_number: Callable[[str], bool], *, max_cells: int, strip: bool = True, signs: str = ","
) -> pd.DataFrame:
    """The rows of a table, without those that are blank.

    Args:
        data: UTF-8 text with a line of headings.
        is_number: Which columns hold numbers, by heading. The others are text, whatever it looks like: 007, 2.10, true.
        max_cells: What is larger is refused before it is taken apart; short lines count as if they were full.
        strip: Whether spaces around cells and headings are dropped.
        signs: What may stand between the cells; it is the one that parts the headings into most. With
            semicolons, as spreadsheets write them where the decimal sign is a comma, numbers may have that sign.

    Returns:
        Columns without a heading are left out. Text is nan where a cell is empty. A column of numbers is float64, or,
        where one of its cells is no number, as it stands; see `as_numbers` and `require_numbers`.
        The index is the row's number in a spreadsheet: headings and blank rows count, a line break in a cell does not.

    Raises:
        ValueError: It is no such table; the message says why.
    """
    as_text(data, "CSV")
    sign = max(signs, key=lambda one: _first_line(data).count(one))
    headings, n_before, n_lines_of_headings = _headings(data, strip, sign)
    start, first = n_before + n_lines_of_headings, n_before + 2
    n_lines = max(data.count(b"\n"), data.count(b"\r")) + 1
    if n_lines * len(headings) > max_cells:
        raise ValueError(f"expected at most {max_cells:,} cells, but got {n_lines:,} lines of {len(headings):,}")
    numbers = {place for place, name in enumerate(headings) if is_number(name)}
    _require_sound_lines(_opened(data, start), first, strip, sign)
    cells = _cells(_opened(data, start), len(headings), numbers, first, strip, sign)
    cells.index = pd.RangeIndex(first, first + len(cells))
    named = [place for place, name in enumerate(headings) if name.strip()]
    columns = {place: cells[place] if place in numbers else _as_text(cells[place], strip) for place in named}
    filled = pd.concat([column.notna() for column in columns.values()], axis=1).any(axis=1)
    found = {headings[place]: _numbers_if_all(one) if place in numbers else one for place, one in columns.items()}
    return pd.DataFrame(found)[filled]


def as_numbers(column: pd.Series) -> pd.Series:
    """The column in float64, nan where a cell is no number; true and false are none, nor are dates."""
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind) or kind.kind == "m":
        return pd.Series(float("nan"), column.index)
    return pd.to_numeric(column, errors="coerce").astype("float64")


def require_numbers(table: pd.DataFrame, columns: Iterable[str]) -> None:
    """Refuse cells that hold something else than a number; empty ones may be.

    Raises:
        ValueError: There is such a cell; the message names its row, its column and what it holds.
    """
    for name in columns:
        wrong = table[name].notna() & as_numbers(table[name]).isna() & ~_says_nan(table[name])
        if wrong.any():
            row = wrong.idxmax()
            value = str(table.loc[row, name]).strip()
            raise ValueError(f"line {row} has {value[:40]!r} in the column {name[:80]}, which is no number")


def require_short(column: pd.Series) -> None:
    """Refuse texts that are no names but whole documents.

    Raises:
        ValueError: There is one; the message names its row and column.
    """
    lengths = column.str.len()
    if (lengths > MAX_CELL_CHARS).any():
        raise ValueError(
            f"line {lengths.idxmax()} has a text of {int(lengths.max()):,} characters in the column "
            f"{str(column.name)[:80]}, and {MAX_CELL_CHARS:,} are the most"
        )


def _says_nan(column: pd.Series) -> pd.Series:
    return column.astype(str).str.strip().str.lower() == "nan"


def _numbers_if_all(column: pd.Series) -> pd.Series:
    numbers = as_numbers(column)
    return numbers if np.array_equal(numbers.isna(), column.isna()) else column


def _opened(data: bytes, n_skipped: int = 0) -> io.TextIOWrapper:
    """The text behind so many lines, decoded as it is read: a `StringIO` would take four bytes a character."""
    stream = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    for _ in range(n_skipped):
        stream.readline()
    return stream


def _short_beginning(stream: io.TextIOWrapper) -> Iterator[str]:
    left = _MAX_LINE_CHARS
    while line := stream.readline(left + 1):
        left -= len(line)
        if left < 0:
            raise ValueError(f"its headings do not end within {_MAX_LINE_CHARS / 1e6:g} million characters")
        yield line


def _first_line(data: bytes) -> str:
    """The first that holds anything, as far as headings are read, without what stands in quotation marks."""
    stream = _opened(data)
    while (line := stream.readline(_MAX_LINE_CHARS)) and not line.strip():
        pass
    return re.sub('"[^"]*"', "", line)


def _headings(data: bytes, strip: bool, sign: str) -> tuple[Sequence[str], int, int]:
    """The headings, and how many lines stand before them and how many they take."""
    reader = csv.reader(_short_beginning(_opened(data)), delimiter=sign, skipinitialspace=strip)
    n_before = 0
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                break
            n_before = reader.line_num
        else:
            raise ValueError("it is empty")
    except csv.Error as error:
        raise ValueError(f"its headings cannot be read: {error}") from None
    if len(row) > MAX_COLUMNS:
        raise ValueError(f"expected at most {MAX_COLUMNS:,} columns, but got {len(row):,}")
    stream, n_lines = _opened(data, n_before), reader.line_num - n_before
    record = "".join(stream.readline() for _ in range(n_lines))
    if flaw := quotes_flaw(record, sign, skip_space=strip):
        raise ValueError(f"line {n_before + 1} {_FLAWS[flaw]}")
    headings = [cell.strip() if strip else cell for cell in row]
    if twice := [name for name, times in Counter(headings).items() if times > 1 and name.strip()]:
        raise ValueError(f"two columns are called {twice[0][:80]!r}")
    return headings, n_before, n_lines


def _require_sound_lines(stream: io.TextIOWrapper, first: int, strip: bool, sign: str) -> None:
    """Refuse lines without end, and stray quotation marks, which swallow text or lines.

    A cell that reaches over lines counts as one.
    """
    number = first
    while line := stream.readline(_MAX_LINE_CHARS + 1):
        if len(line) > _MAX_LINE_CHARS:
            raise ValueError(f"line {number} has more than {_MAX_LINE_CHARS / 1e6:g} million characters")
        if flaw := quotes_flaw(line, sign, skip_space=strip):
            raise ValueError(f"line {number} {_FLAWS[flaw]}")
        number += 1


def _cells(
    stream: io.TextIOWrapper, n_columns: int, numbers: set[int], first: int, strip: bool, sign: str
) -> pd.DataFrame:
    try:
        cells = pd.read_csv(
            stream,
            sep=sign,
            decimal="," if sign == ";" else ".",
            header=None,
            names=list(range(n_columns)),
            dtype={place: str for place in range(n_columns) if place not in numbers},
            keep_default_na=False,
            na_values=[""],
            skipinitialspace=strip,
            skip_blank_lines=False,
            low_memory=False,
        )
    except pd.errors.EmptyDataError:
        raise ValueError("it has no rows") from None
    except pd.errors.ParserError as error:
        if found := _TOO_WIDE.search(str(error)):
            _, line, n_cells = map(int, found.groups())
            raise ValueError(
                f"line {line + first - 1} has {n_cells} cells, but there are {n_columns} headings"
            ) from None
        raise ValueError("its lines cannot be taken apart into cells") from None
    if not isinstance(cells.index, pd.RangeIndex):
        raise ValueError(f"line {first} has more cells than the {n_columns} headings")
    return cells


def _as_text(column: pd.Series, strip: bool) -> pd.Series:
    text = column.str.strip() if strip else column
    return text.where(text.str.strip() != "")
