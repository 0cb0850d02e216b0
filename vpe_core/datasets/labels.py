"""The labels of a table: which classes they make, and which no prompt can hold."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import combinations

from vpe_core.datasets.rows import SourceRow, UnusableRow
from vpe_core.errors import PromptError
from vpe_core.prompts.texts import MAX_CLASS_CHARS, clean_text, folded, seen


class Labels:
    """The labels in one column.

    Args:
        rows: Those of the part that is read.
        column: Where the labels are.
        allowed: The labels that there may be; any if empty.
    """

    def __init__(self, rows: Iterable[SourceRow], column: str, allowed: Iterable[str] = ()) -> None:
        self._column = column
        self._allowed = frozenset(allowed)
        counts = Counter(row[column] for row in rows if row[column] and not row.flaw)
        self._counts = {label: n for label, n in counts.items() if not self._allowed or label in self._allowed}
        self._faults = _faults(self._counts)

    @property
    def classes(self) -> tuple[str, ...]:
        """All of them, sorted, as the paper orders them; also those that no prompt can hold."""
        return tuple(sorted(self._counts))

    def of(self, row: SourceRow) -> str:
        """The label of a row.

        Raises:
            UnusableRow: It is empty, not one of those allowed, or no prompt can hold it.
        """
        label = row.text(self._column)
        if self._allowed and label not in self._allowed:
            raise UnusableRow("label", f"The label {label!r} is not one of {', '.join(sorted(self._allowed))}.")
        if fault := self._faults.get(label):
            raise UnusableRow("label", fault)
        return label


def _faults(counts: Mapping[str, int]) -> dict[str, str]:
    """What is wrong with some labels, by the rules that hold for class names in prompts."""
    faults: dict[str, str] = {}
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for label in counts:
        try:
            alike[folded(clean_text(label, "a label", MAX_CLASS_CHARS))].append(label)
        except PromptError as error:
            faults[label] = str(error)
    for spellings in alike.values():
        kept = max(spellings, key=counts.__getitem__)
        for label in spellings:
            if label != kept:
                faults[label] = (
                    f"The label {label!r} differs from {kept!r} in {_difference(label, kept)} only, and would be a "
                    "class of its own. Spell both alike."
                )
    return faults


_WAYS: dict[str, Callable[[str], str]] = {
    "spaces or characters that cannot be seen": seen,
    "upper and lower case": str.casefold,
    "how its accents are encoded, as one character or as two,": partial(unicodedata.normalize, "NFC"),
}
"""In what labels may differ that are one when they are folded, and what takes that away."""


def _difference(label: str, kept: str) -> str:
    """In what two such labels differ: the fewest of the ways without which they are the same."""
    for size in range(1, len(_WAYS)):
        for words in combinations(_WAYS, size):
            if _without(words, label) == _without(words, kept):
                return " and in ".join(words)
    return " and in ".join(_WAYS)


def _without(differences: Iterable[str], label: str) -> str:
    for words in differences:
        label = _WAYS[words](label)
    return label
