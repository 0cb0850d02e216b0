"""What stands above the columns of the table: the data set as people call it, and whether it tells enough."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np

from dashboard.benchmark.filters import Choice
from dashboard.benchmark.results import Column, evaluation
from vpe_core import datasets
from vpe_core.errors import ResultsError
from vpe_core.plots.table_html import Head
from vpe_core.results.analysis.domain import is_out_of_domain
from vpe_core.results.analysis.enough import too_few
from vpe_core.results.analysis.scores import IntArray
from vpe_core.results.analysis.tables import available
from vpe_core.variants import Variant


def heads(choice: Choice) -> list[Head]:
    """What stands above the columns."""
    return [
        replace(
            column.head(choice.several_models),
            title=title_of(column),
            name=column.dataset if title_of(column) != column.dataset else "",
            too_few=_too_few_of(column, choice),
            out_of_domain=is_out_of_domain(column.run.manifest),
            of_class=_of_class(column, choice),
        )
        for column in choice.columns
    ]


def title_of(column: Column) -> str:
    """The data set as people call it, where it declares that; else its name."""
    name, part = column.run.manifest.dataset.name, column.dataset.partition(", ")[2]
    title = (datasets.get(name).short_title or datasets.get(name).title) if name in datasets.names() else name
    return f"{title}, {part}" if part else title


def too_few_words(choice: Choice) -> list[str]:
    """A sentence for each column whose samples are too few to tell anything."""
    told = ((column, _too_few_of(column, choice)) for column in choice.columns)
    return [f"{column.who} on {column.dataset}: {words}." for column, words in told if words]


def _of_class(column: Column, choice: Choice) -> int:
    """How many samples of the results are of the chosen class; 0 if none is chosen."""
    label = choice.question.label
    return (
        0 if label is None else int((column.run.samples["label"].to_numpy()[_rows_of(column, choice)] == label).sum())
    )


def _too_few_of(column: Column, choice: Choice) -> str:
    if lacks_class(column, choice):
        return ""
    rows = _rows_of(column, choice)
    return too_few(column.run, rows, choice.question.label) if len(rows) else ""


def _rows_of(column: Column, choice: Choice) -> IntArray:
    """The samples on which the marker was measured, or else the unmarked image; none without both."""
    for look in (choice.look, Variant("none", protocol=choice.look.protocol)):
        with suppress(ResultsError):
            return evaluation().rows(column.run, available(column.run, look))
    return np.empty(0, np.int64)


def lacks_class(column: Column, choice: Choice) -> bool:
    label = choice.question.label
    return label is not None and label not in column.run.manifest.dataset.classes
