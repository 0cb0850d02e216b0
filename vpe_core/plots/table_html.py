"""The paper's table as HTML: gains coloured, the best in bold, intervals on hover, controls below, above chance."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import pandas as pd
from markupsafe import Markup

from vpe_core import metrics
from vpe_core.plots.html import render
from vpe_core.results.analysis.controls import UNMARKED
from vpe_core.results.analysis.numerals import UNDEFINED, interval_text, number_text, p_text, signed_text
from vpe_core.results.exchange.formats import ReportCell, grid


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the columns of a run.

    Attributes:
        title: The data set, for people.
        detail: Model and source, where the table has several; may be empty.
        simulated: Whether the X-rays are simulated.
        name: The data set as links and files call it; empty if that is its title.
        too_few: Why there are too few samples to tell anything; empty if there are enough.
        out_of_domain: Whether the model has seen only simulated X-rays, and these are none.
        of_class: How many samples are of the one class that is asked for; 0 if all are.
    """

    title: str
    detail: str = ""
    simulated: bool = False
    name: str = ""
    too_few: str = ""
    out_of_domain: bool = False
    of_class: int = 0

    @property
    def words(self) -> str:
        """The head in one line."""
        return f"{self.title}, {self.detail}" if self.detail else self.title


_ELSEWHERE = "control: same marker, another patient"
_TITLES = {"value": "value", "gain": "gain", "prompt": "vs the paper's prompt", "elsewhere": _ELSEWHERE}
_OF_CONTROLS = {"value": "value", "gain": "above chance"}


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
    unused = {"prompt": not prompt_change, "elsewhere": not len(table) or table["elsewhere"].isna().all()}
    columns = {column: title for column, title in _TITLES.items() if not unused.get(column)}
    most = table.groupby("run")["n"].max() if len(table) else {}
    counts = [int(most.get(run, 0)) for run in range(len(heads))]
    rows = [
        _row(first, [cells.get(run) for run in range(len(heads))], heads, counts, columns, higher_is_better, intervals)
        for first, cells in grid(table, higher_is_better)
    ]
    chance = metrics.get(table["metric"].iloc[0]).chance if len(table) else None
    return render(
        "paper_table",
        metric=metric,
        heads=[(head, f"{count:,}" if count else "") for head, count in zip(heads, counts, strict=True)],
        columns=columns,
        of_controls=[_OF_CONTROLS.get(column, "") for column in columns],
        nothing=f"{chance:g} = gives nothing away" if chance is not None else "",
        rows=[row for row in rows if not row.control],
        controls=[row for row in rows if row.control],
    )


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
    first: pd.Series,
    cells: Sequence[ReportCell | None],
    heads: Sequence[Head],
    counts: Sequence[int],
    columns: Collection[str],
    higher: bool,
    intervals: bool,
) -> _TableRow:
    numbers = []
    for cell, head, count in zip(cells, heads, counts, strict=True):
        for column in columns:
            number = _cell(column, cell, count, higher, intervals) if cell else _Number()
            numbers.append(replace(number, kinds=f"{number.kinds} vpl-astray") if head.out_of_domain else number)
    title = str(first["row"]).removesuffix(" + suffix")
    title = UNMARKED if title == "none" else title
    return _TableRow(
        title=f"control: {title}" if first["control"] else title,
        suffix=str(first["suffix"]).removeprefix("indicated by a ") or UNDEFINED,
        control=bool(first["control"]),
        numbers=numbers,
    )


def _cell(column: str, cell: ReportCell, count: int, higher: bool, intervals: bool) -> _Number:
    if column == "value":
        return _value(cell, count, intervals)
    if column == "elsewhere":
        value = cell.line["elsewhere"]
        about = "on a blank picture" if cell.line["elsewhere_picture"] == "blank" else ""
        return _Number("vpl-is-elsewhere", "" if math.isnan(value) else number_text(value), "", about)
    if column == "gain" and cell.line["control"]:
        return _above_chance(cell, intervals)
    return _change(column, cell, higher, intervals)


def _value(cell: ReportCell, count: int, intervals: bool) -> _Number:
    line = cell.line
    text, span = number_text(line["value"]), interval_text(line["low"], line["high"])
    about = line["missing"] or _joined(
        span and f"95% interval {span}", f"{line['n']} samples of {line['patients']} patients",
        line["undefined"] and f"undefined, and not in the mean: {line['undefined']}",
    )  # fmt: skip
    mark = ("*" if line["undefined"] else "") + ("†" if cell.fewer else "")
    kinds = "vpl-is-value" + (" vpl-best" if cell.best else "")
    fewer = f"n = {line['n']:,}" if 0 < line["n"] < count else ""
    return _Number(kinds, text + mark, " ".join(filter(None, (span if intervals else "", fewer))), about)


def _above_chance(cell: ReportCell, intervals: bool) -> _Number:
    """How far a control lies above what guessing reaches: near 0 is as it should be, and no loss."""
    above, low, high = cell.control_interval
    if math.isnan(above):
        return _Number("vpl-is-gain")
    span, p = interval_text(low, high, signed=True), p_text(cell.p_holm)
    gives_away = cell.significant
    told = ("gives something away" if gives_away else "not clearly apart from chance") if p else ""
    about = _joined(span and f"95% interval {span}", p and f"Holm-corrected {p}", told)
    kinds = f"vpl-is-gain {'vpl-leaks' if gives_away else 'vpl-even'}"
    return _Number(kinds, signed_text(above), span if intervals else "", about)


def _change(column: str, cell: ReportCell, higher: bool, intervals: bool) -> _Number:
    """The gain over the unmarked image, or the change by another prompt; what rounds to 0 has no colour."""
    line, name = cell.line, "gain" if column == "gain" else "prompt_gain"
    value, kinds = line[name], f"vpl-is-{column}"
    if math.isnan(value):
        return _Number(kinds)
    span = interval_text(line[f"{name}_low"], line[f"{name}_high"], signed=True)
    apart = cell.significant if column == "gain" else _excludes_zero(line, name) and not line["too_few"]
    if apart and signed_text(value) != signed_text(0.0):
        kinds += " vpl-gain" if (value > 0) == higher else " vpl-loss"
    p = p_text(cell.p_holm if column == "gain" else math.nan)
    about = _joined(span and f"95% interval {span}", p and f"Holm-corrected {p}")
    return _Number(kinds, signed_text(value), span if intervals else "", about)


def _excludes_zero(line: pd.Series, name: str) -> bool:
    return bool(line[f"{name}_low"] > 0 or line[f"{name}_high"] < 0)


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
