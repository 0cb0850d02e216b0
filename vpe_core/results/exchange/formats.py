"""The paper's table in writing: Markdown, LaTeX and CSV, one block of columns a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vpe_core.ensembles import Ensemble, is_ensemble
from vpe_core.results.analysis.numerals import interval_text, number_text, signed_text
from vpe_core.results.analysis.rows import ensemble_title

SIGNIFICANT = 0.05
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
        "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A value of the table with all that a format may show of it.

    Attributes:
        line: Its line of `paper_table`.
        best: Whether no other marker of the run does better; controls and markers of fewer samples do not count.
        fewer: Whether other markers of the run were measured on more samples.
    """

    line: pd.Series
    best: bool
    fewer: bool = False

    @property
    def significant(self) -> bool:
        """Whether the gain's corrected p-value is below `SIGNIFICANT`."""
        return bool(self.line["p_holm"] < SIGNIFICANT)


def best_lines(table: pd.DataFrame, higher_is_better: bool = True) -> pd.Series:
    """For each line of `paper_table`, whether it is the best of its run on the same samples."""
    values = table["value"].where(~table["control"] & ~fewer_samples(table))
    if not higher_is_better:
        values = -values
    best = values.groupby(table["run"]).transform("max")
    return (values >= best) & values.notna()


def fewer_samples(table: pd.DataFrame) -> pd.Series:
    """For each line of `paper_table`, whether other lines of its run have more samples."""
    most = table["n"].groupby(table["run"]).transform("max")
    return (table["n"] < most) & table["value"].notna()


def grid(table: pd.DataFrame, higher_is_better: bool = True) -> list[tuple[pd.Series, dict[int, Cell]]]:
    """The lines of `paper_table` as they are printed: for each row its first line and a cell for each run."""
    best, fewer = best_lines(table, higher_is_better), fewer_samples(table)
    rows: dict[tuple[str, str], tuple[pd.Series, dict[int, Cell]]] = {}
    for (_, line), is_best, has_fewer in zip(table.iterrows(), best, fewer, strict=True):
        first, cells = rows.setdefault((line["row"], line["variant"]), (line, {}))
        cells[int(line["run"])] = Cell(line, bool(is_best), bool(has_fewer))
        rows[line["row"], line["variant"]] = (first, cells)
    return list(rows.values())


def ensemble_notes(table: pd.DataFrame) -> list[str]:
    """What the ensembles of a `paper_table` are: "marker ensemble: mean embedding of arrow, box and circle"."""
    keys = [key for key in table["variant"].unique() if is_ensemble(key)]
    return list(dict.fromkeys(ensemble_title(Ensemble.parse(key)) for key in keys))


def undefined_notes(table: pd.DataFrame, heads: dict[int, str]) -> list[str]:
    """Which classes of a `paper_table` have no value, and why a whole value is missing although it was measured."""
    notes = []
    for run, head in heads.items():
        lines = table[(table["run"] == run) & (table["n"] > 0)]
        left_out = lines.loc[lines["value"].notna(), ["row", "undefined"]]
        if (left_out["undefined"] != "").any():
            alike = left_out["undefined"].nunique() == 1
            told = left_out[left_out["undefined"] != ""]
            shown = told["undefined"].iloc[:1] if alike else told["row"] + " " + told["undefined"]
            notes.append(f"‡ without a value and not in the mean, {head}: {'; '.join(shown)}")
        reasons = dict.fromkeys(reason.removesuffix(".") for reason in lines["missing"] if reason)
        notes += [f"– {head}: {reason}" for reason in reasons]
    return notes


def simulated_note(table: pd.DataFrame, heads: dict[int, str]) -> list[str]:
    """That numbers of a `paper_table` come from simulated X-rays, and if not all do, which."""
    simulated = table.groupby("run")["simulated"].first()
    named = [head for run, head in heads.items() if simulated.get(run, False)]
    if len(named) == len(heads):
        return ["simulated X-rays, no patients"] if heads else []
    return [f"simulated X-rays, no patients: {'; '.join(named)}"] if named else []


def marks(cell: Cell) -> str:
    """† for fewer samples than other markers have, ‡ where classes are not in the mean."""
    return ("†" if cell.fewer else "") + ("‡" if cell.line["undefined"] and not np.isnan(cell.line["value"]) else "")


def to_markdown(table: pd.DataFrame, heads: dict[int, str], higher_is_better: bool = True) -> str:
    """A Markdown table: value with interval, gain with interval, best in bold, controls in italics.

    Args:
        table: From `paper_table`.
        heads: For each run what its columns are called.
        higher_is_better: As the metric has it.
    """

    def cell(one: Cell) -> list[str]:
        number = number_text(one.line["value"]) + marks(one)
        value = f"{number} {interval_text(one.line['low'], one.line['high'])}".strip()
        gain = f"{signed_text(one.line['gain'])} {interval_text(one.line['gain_low'], one.line['gain_high'])}".strip()
        if np.isnan(one.line["gain"]):
            gain = ""
        return [f"**{value}**" if one.best else value, gain + ("*" if one.significant else "")]

    def pipe(text: str) -> str:
        return text.replace("|", r"\|")

    titles = ["Marker", "Suffix"]
    for head in heads.values():
        titles += [pipe(head), "gain"]
    lines = [_joined(titles), _joined(["---", "---", *["---:"] * (len(titles) - 2)])]
    for first, cells in grid(table, higher_is_better):
        words = [f"*{first['row']}*" if first["control"] else first["row"], first["suffix"] or ""]
        lines.append(_joined([*map(pipe, words), *_cells(heads, cells, cell)]))
    notes = [
        "95% intervals by patient, or by image where the patients are not known",
        f"* Holm-corrected p < {SIGNIFICANT:g}",
        "bold: best of its column",
    ]
    if fewer_samples(table).any():
        notes.append("† fewer samples than other markers")
    lines += [
        "",
        "; ".join([*simulated_note(table, heads), *notes, *ensemble_notes(table), *undefined_notes(table, heads)])
        + ".",
    ]
    return "\n".join(lines) + "\n"


def to_latex(table: pd.DataFrame, heads: dict[int, str], higher_is_better: bool = True) -> str:
    """The same content as `to_markdown` has it, as a LaTeX `tabular` for booktabs."""

    def cell(one: Cell) -> list[str]:
        value = number_text(one.line["value"])
        gain = "" if np.isnan(one.line["gain"]) else f"${signed_text(one.line['gain']).replace('−', '-')}$"
        return [rf"\textbf{{{value}}}" if one.best else value, gain + (r"$^{*}$" if one.significant else "")]

    columns = "ll" + "rr" * len(heads)
    titles = ["Marker", "Suffix"]
    for head in heads.values():
        titles += [head.translate(_LATEX), "gain"]
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", " & ".join(titles) + r" \\", r"\midrule"]
    for first, cells in grid(table, higher_is_better):
        title = first["row"].translate(_LATEX)
        words = [rf"\textit{{{title}}}" if first["control"] else title, (first["suffix"] or "").translate(_LATEX)]
        lines.append(" & ".join([*words, *_cells(heads, cells, cell)]) + r" \\")
    told = [*simulated_note(table, heads), *ensemble_notes(table), *undefined_notes(table, heads)]
    notes = [f"% {' '.join(note.split())}" for note in told]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", *notes]) + "\n"


def to_csv(table: pd.DataFrame) -> str:
    """All columns of `paper_table`, one line a row and run; full precision."""
    return str(table.to_csv(index=False))


def _cells(heads: dict[int, str], cells: dict[int, Cell], text: Callable[[Cell], list[str]]) -> list[str]:
    return [part for run in heads for part in (text(cells[run]) if run in cells else ["", ""])]


def _joined(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
