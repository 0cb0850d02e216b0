"""The paper's table in writing: Markdown, LaTeX and CSV, one block of columns a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vpe_core import markers, metrics
from vpe_core.ensembles import Ensemble, is_ensemble
from vpe_core.results.analysis.numerals import interval_text, number_text, signed_text
from vpe_core.results.analysis.rows import ensemble_title
from vpe_core.variants import Variant

SIGNIFICANT = 0.05
_LATEX_MARKS = str.maketrans({"†": r"\dag{}", "‡": r"\ddag{}", "\u2212": "$-$", "\u2013": "--"})
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
        "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": "$<$", ">": "$>$",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class ReportCell:
    """A value of the table with all that a format may show of it.

    Attributes:
        line: Its line of `paper_table`.
        best: Whether no other marker of the run does better; controls, markers of fewer samples and runs with too few
            to tell do not count.
        fewer: Whether other markers of the run were measured on more samples.
    """

    line: pd.Series
    best: bool
    fewer: bool = False

    @property
    def significant(self) -> bool:
        """Whether the corrected p-value is below `SIGNIFICANT`, and the samples are enough to tell.

        Of a control that is the p-value of how far it lies from chance; else that of the gain.
        """
        return bool(self.p_holm < SIGNIFICANT and not self.line["too_few"])

    @property
    def p_holm(self) -> float:
        """The corrected p-value that stands beside the cell's gain, or its distance from chance."""
        return float(self.line["above_chance_p_holm" if self.line["control"] else "p_holm"])

    @property
    def control_interval(self) -> tuple[float, float, float]:
        """How far a control's value lies above what guessing reaches, and the ends of that; nan elsewhere."""
        low, high = self.line["above_chance_low"], self.line["above_chance_high"]
        return self.line["above_chance"], low, high


def measure_title(table: pd.DataFrame) -> str:
    """What a `paper_table` measures: "macro AUROC", "AUROC for mass", "MCC"."""
    name, label = table["metric"].iloc[0], table["label"].iloc[0]
    metric = metrics.get(name)
    if label:
        return f"{metric.title} for {label}"
    return f"macro {metric.title}" if metric.per_class else metric.title


def best_lines(table: pd.DataFrame, higher_is_better: bool = True) -> pd.Series:
    """For each line of `paper_table`, whether it is the best of its run on the same samples, if these are enough."""
    values = table["value"].where(~table["control"] & ~fewer_samples(table) & (table["too_few"] == ""))
    if not higher_is_better:
        values = -values
    best = values.groupby(table["run"]).transform("max")
    return (values >= best) & values.notna()


def fewer_samples(table: pd.DataFrame) -> pd.Series:
    """For each line of `paper_table`, whether other lines of its run have more samples."""
    most = table["n"].groupby(table["run"]).transform("max")
    return (table["n"] < most) & table["value"].notna()


def grid(table: pd.DataFrame, higher_is_better: bool = True) -> list[tuple[pd.Series, dict[int, ReportCell]]]:
    """The lines of `paper_table` as they are printed: for each row its first line and a cell for each run."""
    best, fewer = best_lines(table, higher_is_better), fewer_samples(table)
    rows: dict[tuple[str, str], tuple[pd.Series, dict[int, ReportCell]]] = {}
    for (_, line), is_best, has_fewer in zip(table.iterrows(), best, fewer, strict=True):
        first, cells = rows.setdefault((line["row"], line["variant"]), (line, {}))
        cells[int(line["run"])] = ReportCell(line, bool(is_best), bool(has_fewer))
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


def few_notes(table: pd.DataFrame, heads: dict[int, str]) -> list[str]:
    """Which runs of a `paper_table` have too few samples to tell anything, so that nothing of them is marked."""
    told = table[table["too_few"] != ""].groupby("run")["too_few"].first()
    return [f"{heads[int(run)]}: {words}, so nothing is marked" for run, words in told.items()]


def simulated_note(table: pd.DataFrame, heads: dict[int, str]) -> list[str]:
    """That numbers of a `paper_table` come from simulated X-rays, and if not all do, which."""
    simulated = table.groupby("run")["simulated"].first()
    named = [head for run, head in heads.items() if simulated.get(run, False)]
    if len(named) == len(heads):
        return ["simulated X-rays, no real patients"] if heads else []
    return [f"simulated X-rays, no real patients: {'; '.join(named)}"] if named else []


def marks(cell: ReportCell) -> str:
    """† for fewer samples than other markers have, ‡ where classes are not in the mean."""
    return ("†" if cell.fewer else "") + ("‡" if cell.line["undefined"] and not np.isnan(cell.line["value"]) else "")


def caption(table: pd.DataFrame, prompts: Sequence[str] = ()) -> str:
    """Whose answers a `paper_table` holds, to which prompts, and how the markers are drawn.

    Args:
        table: From `paper_table`.
        prompts: In which words the images were asked; empty if that is said elsewhere.
    """
    keys = [key for key in table["variant"].unique() if not is_ensemble(key)]
    drawn = [one for one in map(Variant.parse, keys) if one.marked]
    colors = dict.fromkeys(one.color for one in drawn if "color" in markers.get(one.marker).uses)
    widths = dict.fromkeys(
        f"{one.width:g} px" for one in drawn if one.width and "width" in markers.get(one.marker).uses
    )
    protocols = dict.fromkeys(f"{one.protocol} protocol" for one in map(Variant.parse, keys))
    parts = [f"Model: {', '.join(table['model'].unique())}"]
    parts += [f"prompt: {' / '.join(f'“{one}”' for one in prompts)}"] if prompts else []
    parts += [f"drawn: {', '.join([*colors, *widths, *protocols])}"] if keys else []
    return "; ".join(parts) + "."


def reading_notes(table: pd.DataFrame, heads: dict[int, str], higher_is_better: bool = True) -> list[str]:
    """How a printed `paper_table` is read: what it measures, on how many samples, and what its marks mean."""
    if table.empty:
        return []
    shown = table[table["run"].isin(list(heads))]
    most = shown.groupby("run")["n"].max()
    counts = "; ".join(f"{head}: n = {most[run]:,}" for run, head in heads.items() if run in most)
    notes = [
        measure_title(table),
        *simulated_note(table, heads),
        *(f"out of its domain, says nothing about how the model reads X-rays: {heads[run]}" for run in _astray(shown)),
        counts,
        *few_notes(shown, heads),
        "95% intervals by patient, or by image where the patients are not known",
        "gain: over the unmarked image of the same samples",
        f"* Holm-corrected p < {SIGNIFICANT:g}",
        f"bold: best of its column{'' if higher_is_better else ' (lowest)'}",
    ]
    if table["control"].any():
        chance = metrics.get(table["metric"].iloc[0]).chance
        nothing = (
            "" if chance is None else f"; {chance:g} = gives nothing away, and how far above that stands beside it"
        )
        notes.append(
            f"in italics, controls: the same marker where it should not help{nothing}; * there: apart from that, "
            "Holm-corrected over the controls"
        )
    if fewer_samples(table).any():
        notes.append("† fewer samples than other markers")
    return [*notes, *ensemble_notes(table), *undefined_notes(table, heads)]


def to_markdown(
    table: pd.DataFrame, heads: dict[int, str], higher_is_better: bool = True, prompts: Sequence[str] = ()
) -> str:
    """A Markdown table: values and gains with intervals, best in bold, controls in italics, then how to read it.

    Args:
        table: From `paper_table`.
        heads: For each run what its columns are called.
        higher_is_better: As the metric has it.
        prompts: As `caption` has them.
    """

    def cell(one: ReportCell) -> list[str]:
        value = _with_ends(
            number_text(one.line["value"]) + marks(one), interval_text(one.line["low"], one.line["high"])
        )
        return [f"**{value}**" if one.best else value, gain_text(one) + ("*" if one.significant else "")]

    def pipe(text: str) -> str:
        return text.replace("|", r"\|")

    titles = ["Marker", "Suffix"]
    for head in heads.values():
        titles += [pipe(head), "gain"]
    lines = [_joined(titles), _joined(["---", "---", *["---:"] * (len(titles) - 2)])]
    for first, cells in grid(table, higher_is_better):
        words = [f"*{_title(first)}*" if first["control"] else first["row"], first["suffix"] or ""]
        lines.append(_joined([*map(pipe, words), *_cells(heads, cells, cell)]))
    notes = "; ".join(reading_notes(table, heads, higher_is_better)) + "."
    return "\n".join([*lines, "", caption(table, prompts), "", notes]) + "\n"


def to_latex(
    table: pd.DataFrame, heads: dict[int, str], higher_is_better: bool = True, prompts: Sequence[str] = ()
) -> str:
    """The same content as `to_markdown` has it, as a LaTeX `tabular` for booktabs."""

    def cell(one: ReportCell) -> list[str]:
        value = (number_text(one.line["value"]) + marks(one)).translate(_LATEX_MARKS)
        ends = _small(interval_text(one.line["low"], one.line["high"]))
        number, span = gain_parts(one)
        gain = f"{number.translate(_LATEX | _LATEX_MARKS)}{'$^{*}$' if one.significant else ''}{_small(span)}"
        return [(rf"\textbf{{{value}}}" if one.best else value) + ends, gain]

    columns = "ll" + "rr" * len(heads)
    titles = ["Marker", "Suffix"]
    for head in heads.values():
        titles += [head.translate(_LATEX), "gain"]
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", " & ".join(titles) + r" \\", r"\midrule"]
    for first, cells in grid(table, higher_is_better):
        title = _title(first).translate(_LATEX)
        words = [rf"\textit{{{title}}}" if first["control"] else title, (first["suffix"] or "").translate(_LATEX)]
        lines.append(" & ".join([*words, *_cells(heads, cells, cell)]) + r" \\")
    notes = reading_notes(table, heads, higher_is_better)
    told = f"{caption(table, prompts)} " + "; ".join(" ".join(note.split()) for note in notes)
    told = told.translate(_LATEX | _LATEX_MARKS)
    note = rf"\multicolumn{{{len(titles)}}}{{p{{0.95\linewidth}}}}{{\footnotesize {told}.}}"
    return "\n".join([*lines, r"\bottomrule", note, r"\end{tabular}"]) + "\n"


def to_csv(table: pd.DataFrame) -> str:
    """All columns of `paper_table`, one line a row and run; full precision.

    Two more say what the marks of the other forms say: best (of its column) and significant, which is by p_holm or, of
    a control, by above_chance_p_holm. A control's gain, too, is over the unmarked image; what the other forms show of
    it is above_chance.
    """
    if table.empty:
        return str(table.to_csv(index=False))
    numbered = table.reset_index(drop=True)
    parts = [
        part.assign(
            best=best_lines(part, metrics.get(part["metric"].iloc[0]).higher_is_better),
            significant=[cell.significant for _, line in part.iterrows() for cell in [ReportCell(line, best=False)]],
        )
        for _, part in numbered.groupby(["model", "dataset", "source", "run"], sort=False)
    ]
    return str(pd.concat(parts).sort_index().to_csv(index=False))


def gain_text(cell: ReportCell) -> str:
    """A gain with its interval; of a control how far it lies above chance; empty if unknown."""
    return _with_ends(*gain_parts(cell))


def gain_parts(cell: ReportCell) -> tuple[str, str]:
    """The same, number and interval apart."""
    if cell.line["control"]:
        above, low, high = cell.control_interval
        number = "" if np.isnan(above) else f"{signed_text(above)} above chance"
        return number, interval_text(low, high, signed=True)
    number = "" if np.isnan(cell.line["gain"]) else signed_text(cell.line["gain"])
    return number, interval_text(cell.line["gain_low"], cell.line["gain_high"], signed=True)


def _title(line: pd.Series) -> str:
    return f"control: {line['row']}" if line["control"] else str(line["row"])


def _astray(table: pd.DataFrame) -> list[int]:
    return [int(run) for run in table.loc[table["out_of_domain"], "run"].unique()]


def _with_ends(number: str, ends: str) -> str:
    return f"{number} {ends}".strip()


def _small(text: str) -> str:
    return rf" {{\scriptsize {text.translate(_LATEX | _LATEX_MARKS)}}}" if text else ""


def _cells(heads: dict[int, str], cells: dict[int, ReportCell], text: Callable[[ReportCell], list[str]]) -> list[str]:
    return [part for run in heads for part in (text(cells[run]) if run in cells else ["", ""])]


def _joined(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
