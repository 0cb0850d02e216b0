"""The sentence above the benchmark's table: what a marker does, how sure that is, and what it does elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from vpe_core.results.analysis.leak import PUREST
from vpe_core.results.analysis.numerals import difference_text, number_text, p_text
from vpe_core.results.analysis.pairs import Pair
from vpe_core.results.exchange.formats import SIGNIFICANT

WHERE = {
    "on the X-ray without the finding": "on the same X-rays without the findings",
    "on a blank image": "on a blank picture",
    "on another patient's image": "on another patient's X-ray, whose findings it may touch",
}
"""Where a control shows a marker, in a sentence."""
_OTHER_CONTROLS = (
    "On no other picture does it lie further from guessing; other places on the same X-ray are in the table."
)
_SUFFIX = " with the marker named in the prompt"
_MOVES, _UNCLEAR = "moves", "does not clearly change"


def finding_sentence(
    line: pd.Series,
    *,
    metric: str,
    look: str,
    noun: str,
    label: str | None,
    higher_is_better: bool,
    samples: int = 0,
    control: tuple[str, float] | None = None,
    chance: float | None = None,
    asked: str = "",
    too_few: str = "",
    comparisons: int = 0,
) -> str:
    """The answer to the page's question, from a line of `paper_table`.

    Args:
        line: That of the marker.
        metric: Its title, such as "macro AUROC".
        look: The marker as it is drawn, such as "a red circle".
        noun: What it is called, such as "circle".
        label: The one class that is measured; None for all.
        higher_is_better: As the metric has it.
        samples: How many there are in the data set; that fewer were measured is said.
        control: From `telling_control`.
        chance: What guessing reaches; a control says nothing where that is not known.
        asked: In what words, such as "in your words"; empty for the paper's.
        too_few: Why the samples are too few to tell; empty if they are enough.
        comparisons: For how many gains the p-value is corrected.
    """
    part = f" ({line['n']:,} of {samples:,} samples)" if 0 < line["n"] < samples else ""
    few = f"{too_few}. " if too_few else ""
    shown = f"{f'asked {asked}, ' if asked else ''}{look}{_SUFFIX if line['suffix'] else ''}"
    where = f"{few}On {line['dataset']}{part}, {shown}"
    what = f"{line['model']}'s {metric}" + (f" for {label}" if label else "")
    if math.isnan(line["value"]) or math.isnan(line["gain"]):
        return f"{where} has no result here. {line['missing']}".strip()
    before, after = number_text(line["unmarked"]), number_text(line["unmarked"] + line["gain"])
    verb = _MOVES if too_few else _verb(line, higher_is_better)
    numbers = f": {before} to {after}" if verb == _UNCLEAR else f" from {before} to {after}"
    gain = difference_text(line["gain"], line["gain_low"], line["gain_high"])
    why = f"; {_not_clear(line, comparisons)}" if verb == _UNCLEAR and _excludes_0(line) else ""
    sentences = [f"{where} {verb} {what}{numbers} ({gain}{why})."]
    if control is not None and chance is not None:
        place = WHERE[control[0]].partition(",")[0]
        value = f"{number_text(control[1])} (guessing: {chance:g})"
        sentences.append(f"{place[0].upper()}{place[1:]} the same {noun} reaches {value}.")
        if control[0] != PUREST:
            sentences.append(_OTHER_CONTROLS)
    return " ".join(sentences)


def headline_parts(
    table: pd.DataFrame,
    names: Sequence[tuple[str, str]],
    rows: Sequence[tuple[str, str]],
    lacking: Sequence[str],
    too_few: Sequence[str] = (),
) -> list[str]:
    """What the marker does in each of the results that are shown, a line for each model: "simclip: +0.151 … on …".

    Args:
        table: From `paper_table`.
        names: For each run its data set and its model.
        rows: Title and variant of the marker's row, and of those that stand in for it, in this order.
        lacking: What is said of data sets that lack the chosen class.
        too_few: For each run why its samples are too few to tell; empty if they are enough.
    """
    found: dict[str, list[str]] = {}
    for run, (dataset, who) in enumerate(names):
        lines = table[table["run"] == run]
        own = (lines[(lines["row"] == row) & (lines["variant"] == variant)] for row, variant in rows)
        line = next((one.iloc[0] for one in own if len(one) and one["gain"].notna().all()), None)
        if line is None:
            found.setdefault(who, []).append(f"no result on {dataset}")
            continue
        gain = difference_text(line["gain"], line["gain_low"], line["gain_high"])
        unclear = f" ({_not_clear(line, corrected_for(table))})" if line["p_holm"] >= SIGNIFICANT else ""
        if few := next(iter(too_few[run : run + 1]), ""):
            unclear = f" ({few})"
        found.setdefault(who, []).append(f"{gain} on {dataset}{unclear}")
    return [*(f"{who}: {', '.join(parts)}" for who, parts in found.items()), *lacking]


def corrected_for(table: pd.DataFrame) -> int:
    """For how many gains of a `paper_table` its p-values are corrected."""
    return int((table["p"].notna() & ~table["control"]).sum())


def comparison_sentence(
    pair: Pair,
    names: tuple[str, str],
    *,
    where: str,
    metric: str,
    label: str | None,
    higher_is_better: bool,
    comparisons: int,
    too_few: str = "",
) -> str:
    """Whether the first of two rows is better or worse, by how much, and whether that is sure.

    Args:
        pair: From `compare_all`.
        names: What the two are called.
        where: The data set of the first.
        metric: Its title, such as "macro AUROC".
        label: The one class that is measured; None for all.
        higher_is_better: As the metric has it.
        comparisons: For how many the p-value is corrected.
        too_few: Why the samples are too few to tell; empty if they are enough.
    """
    what = metric + (f" for {label}" if label else "")
    told_apart = not too_few and pair.p_corrected < SIGNIFICANT
    one, other = names
    beats = "beats" if (pair.value > pair.other_value) == higher_is_better else "is worse than"
    (low, high), sign = pair.ends, 1 if pair.value > pair.other_value else -1
    excludes_0 = low > 0 or high < 0
    size = abs(pair.difference.interval.value)
    by = difference_text(size, *sorted((sign * low, sign * high)), signed=False)
    numbers = f"{number_text(pair.value)} against {number_text(pair.other_value)}"
    place = f"On {where}, " if pair.paired else "On different X-rays, so unpaired: "
    if too_few:
        sure, verb = too_few, f"{one} and {other} differ by"
    elif math.isnan(pair.p_corrected):
        sure, verb = "too few patients to tell whether that is chance", f"{one} and {other} differ by"
    else:
        p = p_text(pair.p_corrected)
        sure = f"{p} after correction for {comparisons} comparisons" if comparisons > 1 else p
        if comparisons > 1 and excludes_0 and not told_apart:
            sure += "; the interval is not corrected for them"
        verb = f"{one} {beats} {other} by" if told_apart else f"{one} and {other} cannot be told apart: they differ by"
    return f"{place}{verb} {by} in {what} ({numbers}); {sure}."


def not_measured(dataset: str, who: str, look: str) -> str:
    """What stands in place of the answer where a model was never shown a marker."""
    return f"On {dataset}, {look} was not measured with {who}."


def _not_clear(line: pd.Series, comparisons: int) -> str:
    """That a gain is not clear, and why where its own interval excludes 0."""
    if _excludes_0(line) and comparisons > 1:
        return f"not clear after correction for {comparisons} comparisons"
    return "not clear"


def _excludes_0(line: pd.Series) -> bool:
    return bool(line["gain_low"] > 0 or line["gain_high"] < 0)


def _verb(line: pd.Series, higher_is_better: bool) -> str:
    """As sure as the table's colours are: after correction for all of its comparisons."""
    p = line["p"] if line["control"] else line["p_holm"]
    if math.isnan(p):  # not computed yet, or too few patients to tell
        return _MOVES
    if p >= SIGNIFICANT:
        return _UNCLEAR
    if (line["gain"] > 0) == higher_is_better:
        return "lifts" if higher_is_better else "improves"
    return "lowers" if higher_is_better else "worsens"
