"""Any row of the table against any other: a sentence, how sure it is, and the same for all rows beside it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st
from pydantic import TypeAdapter

from dashboard.benchmark.filters import Choice
from dashboard.benchmark.first_answers import answer
from dashboard.benchmark.results import N_RESAMPLES, Column, evaluation
from dashboard.benchmark.words import comparison_sentence
from dashboard.frame import links
from dashboard.frame.html import render
from dashboard.frame.words import as_text
from vpe_core import metrics
from vpe_core.errors import ResultsError
from vpe_core.results.analysis.enough import too_few
from vpe_core.results.analysis.numerals import decimals_of, interval_text, number_text, p_text, signed_text
from vpe_core.results.analysis.pairs import Pair, Side, compare_all, compare_sides
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.tables import available

ONE, OTHER = "compare", "against"
COMPARE = "benchmark: compare"
"""Under which name `links` keeps what of a link names rows that are not there."""
_USUAL = "bench:usual sides"
_PAIRS = TypeAdapter(dict[int, Pair])
_HOW = (
    "A difference on one data set is paired: both sides are measured on the same samples, and each resample draws the "
    "same patients for both. Intervals hold 95%; p-values are two-sided, and corrected (Holm) for all comparisons of "
    "the table together. Bootstrap: {resamples:,} resamples of patients, or of images where patients are not known. "
    "DeLong: for the AUROC of one class, where no patient has two samples, because it takes samples as independent "
    "(DeLong et al., Biometrics 1988; computed as in Sun and Xu, IEEE Signal Processing Letters 2014). Unpaired: two "
    "data sets with the same classes, taken as independent."
)


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """A row of a column that has a value, as it stands in the two lists."""

    column: Column
    row: TableRow

    @property
    def title(self) -> str:
        """As the lists and links write it; the same whatever else is shown."""
        return f"{row_words(self.row)} on {self.column.dataset}, {self.column.who}"

    @property
    def side(self) -> Side:
        """What is compared."""
        return Side(self.column.run, self.row)


def row_words(row: TableRow) -> str:
    """A row in a sentence: "circle", "circle named in the prompt", "no marker", "control: circle, random place"."""
    words = row.title.replace(" + suffix", " named in the prompt") if row.variant.marked else "no marker"
    return f"control: {words}" if row.variant.is_control else words


@st.fragment
def show_comparison(choice: Choice, table: pd.DataFrame) -> None:
    """Two lists, the answer in a sentence, and a table of the first side against all others of its samples."""
    found = {one.title: one for one in _contenders(choice, table)}
    if len(found) < 2:
        return
    st.header("Which is better, and is the difference real?", anchor=False)
    chosen = _two_of(found, _usual(found, choice, table))
    if chosen is None:
        st.info("Choose two different rows to compare them.", icon=":material/compare_arrows:")
        return
    one, other = chosen
    beside = _beside(one, other, found)
    pairs = answer(
        _PAIRS,
        ("compare", choice.question, *((each.column.run.fingerprint, each.row) for each in (one, *beside))),
        lambda: compare_all(one.side, [each.side for each in beside], choice.question, evaluation()),
    )
    place = next(number for number, each in enumerate(beside) if each is other)
    simulated = any(each.column.run.manifest.dataset.simulated for each in (one, other))
    st.html(render("compared", sentence=_sentence(choice, one, other, pairs, place), simulated=simulated))
    if not pairs:
        return
    with st.expander(f"{_first_upper(row_words(one.row))} against all others", key="bench_pairs"):
        lines = [
            _line(beside[number], one, pair, number == place, _too_few(choice, one, beside[number]))
            for number, pair in pairs.items()
        ]
        st.html(
            render(
                "pairs", pairs=lines, lead=row_words(one.row), metric=choice.metric_title,
                label=choice.question.label, where=f"{one.column.who} on {one.column.dataset}", simulated=simulated,
            )
        )  # fmt: skip
        st.caption(as_text(_HOW.format(resamples=N_RESAMPLES)))


def _contenders(choice: Choice, table: pd.DataFrame) -> list[Contender]:
    """All rows of all columns that have a value, in the order of the table."""
    known = table[table["value"].notna()]
    there = set(zip(known["run"], known["row"], known["variant"], strict=True))
    return [
        Contender(column, row)
        for number, column in enumerate(choice.columns)
        for row in dict.fromkeys(choice.rows)
        if (number, row.title, row.variant.key) in there
    ]


def _two_of(found: dict[str, Contender], usual: tuple[str, str]) -> tuple[Contender, Contender] | None:
    """The two lists, and what is chosen in them; None if that is the same twice."""
    before = st.session_state.get(_USUAL, (None, None))
    for key, now, then in zip((ONE, OTHER), usual, before, strict=True):
        # What nobody has chosen follows the filters, and so does what they no longer show.
        if key in st.session_state and (st.session_state[key] == then or st.session_state[key] not in found):
            st.session_state[key] = now
    st.session_state[_USUAL] = usual
    if not links.is_checked(COMPARE):
        asked = [st.query_params[key] for key in (ONE, OTHER) if key in st.query_params]
        lost = [links.quoted(title) for title in asked if title not in found]
        links.leave_out(COMPARE, [f"Not among the rows that can be compared: {', '.join(lost)}."] if lost else [])
    titles = list(found)
    with st.container(horizontal=True, key="bench_compare", gap="small"):
        one, other = (
            st.selectbox(label, titles, index=titles.index(now), key=key, bind="query-params", width=420)
            for label, key, now in (("Compare", ONE, usual[0]), ("against", OTHER, usual[1]))
        )
    links.say_left_out(COMPARE, (one, other))
    return None if one == other else (found[one], found[other])


def _usual(found: dict[str, Contender], choice: Choice, table: pd.DataFrame) -> tuple[str, str]:
    """The leading marker against the best other one of its results, or else against no marker."""
    leads = (Contender(choice.first, row).title for row in choice.leads)
    one = next(title for title in (*leads, *found) if title in found)
    lead, others = found[one], [title for title in found if title != one]
    lines = table[table["run"] == 0]
    lines = lines[~lines["control"] & (lines["marker"] != lead.row.variant.marker) & (lines["marker"] != "none")]
    ranked = lines.sort_values("value", ascending=not metrics.get(choice.question.metric).higher_is_better)
    for _, line in ranked.iterrows():
        for title in others:
            each = found[title]
            if each.column is lead.column and (each.row.title, each.row.variant.key) == (line["row"], line["variant"]):
                return one, title
    return one, next((title for title in others if not found[title].row.variant.marked), others[0])


def _beside(one: Contender, other: Contender, found: dict[str, Contender]) -> list[Contender]:
    """What the first side is compared with: other rows of its results, other models' same row, and the other side."""
    same = [
        each
        for each in found.values()
        if each is not one
        and (
            (each.column is one.column and not each.row.variant.is_control)
            or (each.column is not one.column and each.row == one.row and each.column.dataset == one.column.dataset)
        )
    ]
    return same if any(each is other for each in same) else [*same, other]


def _sentence(choice: Choice, one: Contender, other: Contender, pairs: dict[int, Pair], place: int) -> str:
    if place not in pairs:
        try:
            compare_sides(one.side, other.side, choice.question, evaluation())
        except ResultsError as error:
            return str(error)
    return comparison_sentence(
        pairs[place],
        _names(one, other),
        where=one.column.dataset,
        metric=choice.metric_title,
        label=choice.question.label,
        higher_is_better=metrics.get(choice.question.metric).higher_is_better,
        comparisons=sum(pair.p_value == pair.p_value for pair in pairs.values()),
        too_few=_too_few(choice, one, other),
    )


def _too_few(choice: Choice, *sides: Contender) -> str:
    """Why one of them has too few samples to tell anything; empty if all have enough."""
    for each in sides:
        run = each.column.run
        rows = evaluation().rows(run, available(run, each.row.variant))
        if words := too_few(run, rows, choice.question.label):
            return words
    return ""


def _names(one: Contender, other: Contender) -> tuple[str, str]:
    """What the two are called in a sentence: no more than tells them apart."""
    with_model = one.column.who != other.column.who
    apart = one.column.dataset != other.column.dataset
    first, second = (
        row_words(each.row)
        + (f" with {each.column.who}" if with_model else "")
        + (f" on {each.column.dataset}" if apart else "")
        for each in (one, other)
    )
    return first, second


def _line(other: Contender, one: Contender, pair: Pair, chosen: bool, few: str) -> dict[str, object]:
    name, decimals = _names(one, other)[1], decimals_of(pair.difference.interval.value, *pair.ends)
    return {
        "title": name,
        "value": number_text(pair.value),
        "other_value": number_text(pair.other_value),
        "difference": signed_text(pair.difference.interval.value, decimals),
        "interval": interval_text(*pair.ends, signed=True, decimals=decimals),
        "p": few or p_text(pair.p_corrected) or "too few patients to tell",
        "test": pair.test,
        "chosen": chosen,
    }


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]
