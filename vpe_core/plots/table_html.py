"""The paper's table as HTML: gains coloured, the best in bold, intervals on hover, controls in italics."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from vpe_core.plots.html import render
from vpe_core.results.analysis.numerals import UNDEFINED, interval_text, number_text, p_text, signed_text
from vpe_core.results.exchange.formats import Cell, grid


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the columns of a run.

    Attributes:
        title: The data set.
        detail: Model and source, where the table has several; may be empty.
        simulated: Whether the X-rays are simulated.
    """

    title: str
    detail: str = ""
    simulated: bool = False

    @property
    def words(self) -> str:
        """The head in one line."""
        return f"{self.title}, {self.detail}" if self.detail else self.title


_TITLES = {"value": "value", "gain": "gain", "prompt": "vs the paper's prompt", "elsewhere": "on another X-ray"}


def paper_table_html(
    table: pd.DataFrame,
    heads: Sequence[Head],
    *,
    metric: str,
    higher_is_better: bool = True,
    intervals: bool = False,
    prompt_change: bool = False,
) -> Markup:
    """The table; whatever a name contains, it is shown as plain text.

    Args:
        table: From `paper_table`.
        heads: One a run.
        metric: Its title, for the caption that is read aloud.
        higher_is_better: Whether a gain is good.
        intervals: Whether intervals are written under the values, too.
        prompt_change: Whether there is a column for the difference to the paper's prompt.
    """
    columns = {column: title for column, title in _TITLES.items() if column != "prompt" or prompt_change}
    rows = [
        _row(first, cells, len(heads), columns, higher_is_better, intervals)
        for first, cells in grid(table, higher_is_better)
    ]
    return render("paper_table", metric=metric, heads=heads, columns=columns, rows=rows)


@dataclass(frozen=True, slots=True)
class _Number:
    """A number in the table: its classes, its text, the interval below it, and what is said of it on hover."""

    kinds: str = ""
    text: str = ""
    interval: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class _TableRow:
    title: str
    suffix: str
    control: bool
    numbers: Sequence[_Number]


def _row(
    first: pd.Series, cells: dict[int, Cell], n_runs: int, columns: Collection[str], higher: bool, intervals: bool
) -> _TableRow:
    found = [cells.get(run) for run in range(n_runs)]
    return _TableRow(
        title=str(first["row"]).removesuffix(" + suffix"),
        suffix=str(first["suffix"]).removeprefix("indicated by a ") or UNDEFINED,
        control=bool(first["control"]),
        numbers=[_cell(column, cell, higher, intervals) if cell else _Number() for cell in found for column in columns],
    )


def _cell(column: str, cell: Cell, higher: bool, intervals: bool) -> _Number:
    line = cell.line
    if column == "elsewhere":
        value = line["elsewhere"]
        about = "on a blank picture" if line["elsewhere_picture"] == "blank" else ""
        return _Number("vpl-is-elsewhere", "" if math.isnan(value) else number_text(value), "", about)
    if column == "value":
        text, span = number_text(line["value"]), interval_text(line["low"], line["high"])
        about = line["missing"] or _joined(
            span and f"95% interval {span}", f"{line['n']} samples of {line['patients']} patients",
            line["undefined"] and f"undefined, and not in the mean: {line['undefined']}",
        )  # fmt: skip
        mark = ("*" if line["undefined"] else "") + ("†" if cell.fewer else "")
        kinds = "vpl-is-value" + (" vpl-best" if cell.best else "")
        return _Number(kinds, text + mark, span if intervals else "", about)
    name, p = (
        ("gain", line["p_holm"] if not line["control"] else line["p"])
        if column == "gain"
        else ("prompt_gain", math.nan)
    )
    value = line[name]
    if math.isnan(value):
        return _Number(f"vpl-is-{column}")
    span = interval_text(line[f"{name}_low"], line[f"{name}_high"], signed=True)
    apart = cell.significant if column == "gain" and not line["control"] else _excludes_zero(line, name)
    kinds = f"vpl-is-{column}"
    if apart:
        kinds += " vpl-gain" if (value > 0) == higher else " vpl-loss"
    corrected = "Holm-corrected " if not line["control"] else ""
    about = _joined(span and f"95% interval {span}", p_text(p) and corrected + p_text(p))
    return _Number(kinds, signed_text(value), span if intervals else "", about)


def _excludes_zero(line: pd.Series, name: str) -> bool:
    return bool(line[f"{name}_low"] > 0 or line[f"{name}_high"] < 0)


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
