"""One class: the leading marker against the others, and the leading model against the others, with DeLong's test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import streamlit as st

from dashboard.benchmark.filters import Choice
from dashboard.benchmark.results import N_RESAMPLES, Column, evaluation
from dashboard.frame.html import render
from dashboard.frame.words import as_text
from vpe_core.ensembles import is_ensemble
from vpe_core.errors import ResultsError
from vpe_core.results.analysis.numerals import interval_text, number_text, p_text, signed_text
from vpe_core.results.analysis.pairs import PairOnClass, pair_on_class
from vpe_core.results.analysis.rows import TableRow

_DELONG = (
    "DeLong's test (DeLong et al., Biometrics 1988; computed as in Sun and Xu, IEEE Signal Processing Letters 2014) "
    "takes the samples as independent"
)


def show_pairs(choice: Choice) -> None:
    """Show the comparisons on the chosen class; nothing while all classes or another metric are chosen."""
    label = choice.question.label
    if label is None or choice.question.metric != "auroc":
        return
    columns = tuple(column.run.fingerprint for column in choice.columns)
    found = evaluation().get_or_compute(
        ("pairs", columns, choice.rows, choice.lead, choice.question), lambda: _pairs(choice)
    )
    if not found:
        return
    lead = _row_words(choice.lead)
    st.subheader(as_text(f"{lead[0].upper()}{lead[1:]} against the others on {label}"), anchor=False)
    st.caption(as_text(f"{choice.first.who} on {choice.first.dataset}: AUROC on the same samples"))
    pairs, simulated = [_line(words, pair) for words, pair in found], choice.first.run.manifest.dataset.simulated
    st.html(render("pairs", pairs=pairs, lead=lead, label=label, simulated=simulated))
    st.caption(as_text(_caption([pair for _, pair in found])))


def _others(choice: Choice) -> Iterator[tuple[str, Column, TableRow]]:
    """What the leading row is compared with: other rows of its results, and the same row of other models' results."""
    for row in dict.fromkeys(choice.rows):
        if row != choice.lead and not is_ensemble(row.variant.key) and not row.variant.is_control:
            yield _row_words(row), choice.first, row
    for column in choice.columns[1:]:
        if column.dataset == choice.first.dataset:
            yield f"{_row_words(choice.lead)}, {column.who}", column, choice.lead


def _pairs(choice: Choice) -> list[tuple[str, PairOnClass]]:
    found = []
    for words, column, row in _others(choice):
        with suppress(ResultsError):  # not measured, which is said above, or on other samples
            pair = pair_on_class(choice.first.run, choice.lead, column.run, row, choice.question, evaluation())
            found.append((words, pair))
    return found


def _row_words(row: TableRow) -> str:
    return "no marker" if not row.variant.marked else row.title.replace(" + suffix", ", named in the prompt")


def _line(words: str, pair: PairOnClass) -> dict[str, str]:
    gain, test = pair.difference.interval, pair.delong
    return {
        "title": words,
        "auroc": number_text(pair.auroc),
        "other_auroc": number_text(pair.other_auroc),
        "difference": signed_text(gain.value),
        "bootstrap": f"{interval_text(gain.low, gain.high, signed=True)} {p_text(pair.difference.p_value)}",
        "delong": f"{interval_text(test.low, test.high, signed=True)} {p_text(test.p_value)}" if test else "",
    }


def _caption(pairs: list[PairOnClass]) -> str:
    words = (
        f"Differences, 95% intervals and two-sided p-values, not corrected for the number of comparisons. Bootstrap: "
        f"{N_RESAMPLES:,} resamples of patients, or of images where patients are not known. "
    )
    if all(pair.delong for pair in pairs):
        return f"{words}{_DELONG}: here each is of another patient, or of another image where patients are not known."
    several = next(pair for pair in pairs if pair.delong is None)
    count = f"{several.samples:,} samples are of {several.patients:,} patients"
    return f"{words}{_DELONG}. Here {count}, so it is not shown."
