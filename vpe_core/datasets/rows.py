"""Reading annotation tables row by row: a malformed table stops at once, a bad row is noted and skipped.

Cells stay the text that the source holds. Nothing is guessed, least of all that "NA" or "None" means nothing.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vpe_core.datasets.base import Problem, ProblemKind
from vpe_core.errors import DatasetError

if TYPE_CHECKING:
    from vpe_core.types import Sample

_SHOWN_COLUMNS = 20


class UnusableRow(DatasetError):
    """Why a row is skipped; `collect` turns it into a `Problem`."""

    def __init__(self, kind: ProblemKind, reason: str) -> None:
        super().__init__(reason)
        self.kind: ProblemKind = kind


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        number: As a spreadsheet counts, with the line of headings as row 1.
        cells: Column to text, without surrounding space.
        nth: 1 for the first row of its image in the table, 2 for the second …; samples are named by it.
    """

    number: int
    cells: dict[str, str]
    nth: int = 1

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def first(self, *columns: str) -> str:
        """The first of these cells that is there and not empty, or else an empty text."""
        return next((self.cells[name] for name in columns if self.cells.get(name)), "")

    def label(self, column: str, allowed: Iterable[str] = ()) -> str:
        """The label in this column.

        Raises:
            UnusableRow: It is empty, or not one of those allowed.
        """
        label = self.cells[column]
        if not label:
            raise UnusableRow("label", f"The column {column} is empty.")
        if allowed and label not in allowed:
            raise UnusableRow("label", f"The label {label!r} is not one of {', '.join(sorted(allowed))}.")
        return label

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
    """The finite number that a text holds, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def read_rows(
    path: Path, required: Sequence[str], image_column: str, columns: Sequence[str] | None = None, delimiter: str = ","
) -> tuple[Row, ...]:
    """All rows of a table.

    Args:
        path: The table, UTF-8 text.
        required: Columns that must be there.
        image_column: The one that names the image.
        columns: The names of the columns, if the table has no line of headings.
        delimiter: Between cells.

    Raises:
        DatasetError: There is no such table, it is no text, lacks a column or holds no rows.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="", errors="strict" if columns is None else "replace") as file:
            reader = csv.DictReader(file, columns, restval="", restkey="", delimiter=delimiter)
            _check_columns(path, reader.fieldnames or (), required)
            first = 2 if columns is None else 1
            rows = tuple(_rows(reader, first, image_column))
    except FileNotFoundError:
        raise DatasetError(f"Expected the table {path}, but there is no such file.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"Expected a table in UTF-8 text at {path}, but it cannot be read: {error}.") from error
    if not rows:
        raise DatasetError(f"The table {path} holds no rows.")
    return rows


def _check_columns(path: Path, found: Sequence[str], required: Sequence[str]) -> None:
    found = [name.strip() for name in found if name.strip()]
    missing = [name for name in required if name not in found]
    if missing:
        shown = ", ".join(found[:_SHOWN_COLUMNS])[:400] or "none"
        raise DatasetError(
            f"Expected the columns {', '.join(required)} in {path.name}, but {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing. Found: {shown}. The table is {path}."
        )


def _rows(reader: csv.DictReader[str], first: int, image_column: str) -> Iterable[Row]:
    seen: Counter[str] = Counter()
    for position, cells in enumerate(reader, first):
        texts = {name.strip(): cell.strip() for name, cell in cells.items() if isinstance(cell, str)}
        image = texts[image_column]
        seen[image] += 1
        yield Row(position, texts, seen[image])


def collect(
    rows: Iterable[Row], file: str, read: Callable[[Row], Sample]
) -> tuple[tuple[Sample, ...], tuple[Problem, ...]]:
    """The samples of the usable rows, and the problems of the others."""
    samples: list[Sample] = []
    problems: list[Problem] = []
    for row in rows:
        try:
            samples.append(read(row))
        except UnusableRow as reason:
            problems.append(Problem(file, row.number, str(reason), reason.kind))
    return tuple(samples), tuple(problems)


def classes_of(rows: Iterable[Row], column: str, allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """The labels in these rows, sorted, as the paper orders them."""
    permitted = frozenset(allowed)
    labels = {row[column] for row in rows} - {""}
    return tuple(sorted(labels & permitted if permitted else labels))


def attribute_reader(rows: Sequence[Row], columns: Iterable[str]) -> Callable[[Row], dict[str, str | float | None]]:
    """A function that gives a row's attributes: numbers from columns that hold only numbers, else text, else None.

    A column with codes such as "007" stays text.
    """
    names = tuple(columns)
    numeric = {name for name in names if all(_is_plain_number(row.cells.get(name, "")) for row in rows)}

    def read(row: Row) -> dict[str, str | float | None]:
        texts = {name: row.cells.get(name, "") for name in names}
        return {name: (number(text) if name in numeric else text or None) for name, text in texts.items()}

    return read


def _is_plain_number(text: str) -> bool:
    is_code = len(text) > 1 and text[0] == "0" and text[1].isdigit()
    return not text or (number(text) is not None and not is_code)
