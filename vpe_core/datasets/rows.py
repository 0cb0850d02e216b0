"""Reading annotation tables row by row: a malformed table stops at once, a bad row is noted and skipped.

Cells stay the text that the source holds. Nothing is guessed, least of all that "NA" or "None" means nothing.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

from vpe_core.datasets.base import Problem, ProblemKind
from vpe_core.datasets.records import Record, read_records
from vpe_core.errors import DatasetError
from vpe_core.folders import named_path

T = TypeVar("T")

_SHOWN_COLUMNS = 20
_ANY_LENGTH = (1, 0)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class UnusableRow(DatasetError):
    """Why a row is skipped; `collect` turns it into a `Problem`."""

    def __init__(self, kind: ProblemKind, reason: str) -> None:
        super().__init__(reason)
        self.kind: ProblemKind = kind


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a table.

    Attributes:
        number: As a spreadsheet shows it: blank lines count, line breaks within a quoted cell do not.
        cells: Column to text, without surrounding space.
        nth: 1 for the first row of its image in the table, 2 for the second …; samples are named by it.
        flaw: Why its cells cannot be trusted; empty if they can.
    """

    number: int
    cells: dict[str, str]
    nth: int = 1
    flaw: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether it holds nothing at all: it only counts, as in a spreadsheet and in published splits."""
        return not self.flaw and not any(self.cells.values())

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def first(self, *columns: str) -> str:
        """The first of these cells that is there and not empty, or else an empty text."""
        return next((self.cells[name] for name in columns if self.cells.get(name)), "")

    def text(self, column: str) -> str:
        """The label in this column.

        Raises:
            UnusableRow: It is empty.
        """
        if not self.cells[column]:
            raise UnusableRow("label", f"The column {column} is empty.")
        return self.cells[column]

    def floats(self, *columns: str) -> tuple[float, ...]:
        """The finite numbers in these columns.

        Raises:
            UnusableRow: One is empty, no number or not finite.
        """
        return tuple(self._float(name) for name in columns)

    def _float(self, column: str) -> float:
        value = number(self.cells[column])
        if value is None:
            raise UnusableRow("box", f"Expected a number in the column {column}, but got {self.cells[column]!r}.")
        return value


def number(text: str) -> float | None:
    """The finite number that a text holds, or None: digits, sign, point and exponent, and nothing else."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def read_rows(
    path: Path,
    required: Sequence[str],
    image_column: str,
    columns: Sequence[str] | None = None,
    delimiter: str = ",",
    optional: Sequence[str] = (),
    bare: bool = False,
) -> tuple[SourceRow, ...]:
    """All rows of a table. Headings are known by their letters: case and spacing do not matter.

    Blank rows are among them (see `Row.is_blank`). Of columns that are not asked for and have one heading, the last is
    kept.

    Args:
        path: The table, UTF-8 text.
        required: Columns that must be there.
        image_column: The one that names the image; paths in it get one spelling, with slashes and without "./".
        columns: The names of the columns, if the table has no line of headings.
        delimiter: Between cells.
        optional: Other columns whose headings are known.
        bare: Whether images are named without their folder, so that a folder before the name is dropped.

    Raises:
        DatasetError: There is no such table, it is no text, lacks a column, has it twice or holds no rows.
    """
    path = named_path(path, DatasetError)
    try:
        with path.open(encoding="utf-8-sig", newline="", errors="strict" if columns is None else "replace") as file:
            lines = list(file)
        _refuse_wide_text(path, lines)
        headings, start = (list(columns), (0, 1)) if columns else _headings(lines, delimiter)
        if columns is None:
            headings = _known_names(path, headings, (*required, *optional))
        _check_columns(path, headings, required)
        named = max(number for number, name in enumerate(headings, 1) if name)
        records = (record for record, _ in read_records(lines, delimiter, (named, len(headings)), start))
        rows = tuple(_rows(records, headings, image_column, bare, bool(columns)))
    except FileNotFoundError:
        raise DatasetError(f"Expected the table {path}, but there is no such file.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(
            f"Expected a table in UTF-8 text at {path}, but it cannot be read: {error}. Save it as CSV in UTF-8."
        ) from error
    if all(row.is_blank for row in rows):
        raise DatasetError(f"The table {path} holds no rows.")
    return rows


def _refuse_wide_text(path: Path, lines: Sequence[str]) -> None:
    if lines and lines[0].count("\0") > len(lines[0]) // 3:
        raise DatasetError(
            f"Expected a table in UTF-8 text at {path}, but it looks like UTF-16. Save it as CSV in UTF-8."
        )


def _headings(lines: Sequence[str], delimiter: str) -> tuple[list[str], tuple[int, int]]:
    """The first line that holds anything, and where the rows start: the number of lines above, and the row."""
    for record, n_lines in read_records(lines, delimiter, _ANY_LENGTH):
        if not record.is_empty:
            return [name.strip() for name in record.cells], (n_lines, record.row + 1)
    return [], (len(lines), 1)


def _known_names(path: Path, headings: Sequence[str], known: Sequence[str]) -> list[str]:
    """The headings, those that differ from a known one in case and spacing only replaced by it."""
    by_letters = {_letters(name): name for name in known}
    found = [by_letters.get(_letters(name), name) for name in headings]
    for name in known:
        places = [place for place, one in enumerate(found) if one == name]
        if len(places) > 1:
            named = " and ".join(f"{headings[place][:40]!r} (column {place + 1})" for place in places)
            raise DatasetError(
                f"Expected one column {name} in {path.name}, but got {named}. Remove or rename all but the one that "
                f"is meant. The table is {path}."
            )
    return found


def _letters(heading: str) -> str:
    return re.sub(r"[\s_]+", "", heading).casefold()


def _check_columns(path: Path, headings: Sequence[str], required: Sequence[str]) -> None:
    found = [name for name in headings if name]
    missing = [name for name in required if name not in found]
    if missing:
        shown = ", ".join(found[:_SHOWN_COLUMNS])[:400] or "none"
        raise DatasetError(
            f"Expected the columns {', '.join(required)} in {path.name}, but {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing. Found: {shown}. The table is {path}."
        )


def _rows(
    records: Iterable[Record], headings: Sequence[str], image_column: str, bare: bool, own_columns: bool
) -> Iterator[SourceRow]:
    seen: Counter[str] = Counter()
    for record in records:
        if record.is_blank:
            continue
        cells = [cell.strip() for cell in record.cells]
        texts = dict(zip_longest(headings, cells[: len(headings)], fillvalue=""))
        image = _path(texts[image_column])
        texts[image_column] = image = image.rsplit("/", 1)[-1] if bare else image
        seen[image] += 1
        surplus = [] if own_columns else [cell for cell in cells[len(headings) :] if cell]
        yield SourceRow(record.row, texts, seen[image], record.flaw or _surplus_flaw(surplus))


def _path(name: str) -> str:
    """The path of an image in one spelling, with slashes and without ".", so that one image counts as one."""
    parts = name.replace("\\", "/").split("/")
    return "/".join(part for place, part in enumerate(parts) if part != "." and (part or place == 0))


def _surplus_flaw(surplus: Sequence[str]) -> str:
    if not surplus:
        return ""
    return (
        f"The row has more cells than there are headings: {', '.join(surplus)[:60]!r} has none. Put a text that holds "
        'commas into quotation marks (").'
    )


def collect(
    rows: Iterable[SourceRow], file: str, read: Callable[[SourceRow], T]
) -> tuple[tuple[T, ...], tuple[Problem, ...]]:
    """The samples (or what else is read) of the usable rows, and the problems of the others; blank rows are neither."""
    samples: list[T] = []
    problems: list[Problem] = []
    for row in rows:
        if row.is_blank:
            continue
        try:
            if row.flaw:
                raise UnusableRow("other", row.flaw)
            samples.append(read(row))
        except UnusableRow as reason:
            problems.append(Problem(file, row.number, str(reason), reason.kind))
    return tuple(samples), tuple(problems)


def attribute_reader(
    rows: Sequence[SourceRow], columns: Iterable[str]
) -> Callable[[SourceRow], dict[str, str | float | None]]:
    """A function that gives a row's attributes: numbers from columns that hold only numbers, else text, else None.

    A column with codes such as "007" stays text.
    """
    names = tuple(columns)
    sound = [row for row in rows if not row.flaw]
    numeric = {name for name in names if all(_is_plain_number(row.cells.get(name, "")) for row in sound)}

    def read(row: SourceRow) -> dict[str, str | float | None]:
        texts = {name: row.cells.get(name, "") for name in names}
        return {name: (number(text) if name in numeric else text or None) for name, text in texts.items()}

    return read


def _is_plain_number(text: str) -> bool:
    is_code = len(text) > 1 and text[0] == "0" and text[1].isdigit()
    return not text or (number(text) is not None and not is_code)
