"""Is it the finding, or only the marker's size and place? The leak card, and what real data sets' boxes give away."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import streamlit as st
from pydantic import TypeAdapter
from streamlit.delta_generator import DeltaGenerator

from dashboard.benchmark.filters import Choice
from dashboard.benchmark.first_answers import answer, is_known
from dashboard.benchmark.results import OwnRun, evaluation
from dashboard.benchmark.run_job import plan_with_controls
from dashboard.benchmark.table import look_of
from dashboard.frame.html import render
from dashboard.frame.words import as_list, as_text
from vpe_core.errors import ResultsError, VPEError
from vpe_core.leaks import BoxLeak, stored_leaks
from vpe_core.plots.box_leak_html import box_leaks_html
from vpe_core.plots.leak_html import leak_card_html, matched_html
from vpe_core.plots.take_along import file_name
from vpe_core.results.analysis.leak_card import LeakCard, features_of, leak_card
from vpe_core.results.analysis.matched import MatchedGain, matched
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow, marker_title
from vpe_core.results.analysis.scores import Results
from vpe_core.results.exchange.leak_files import Leaks, leaks_to_csv, leaks_to_markdown
from vpe_core.results.exchange.leak_words import NOT_MEASURED, boxes_sentence, card_words, matched_words, shown_words

_CARD = TypeAdapter(LeakCard)
_MATCHED = TypeAdapter(MatchedGain)
_HOW = (
    "What size and place add: the answer to the unmarked X-ray is multiplied, class by class, by the answer to the "
    "same marker where this finding is not, as independent evidence.",
    "Only the same X-rays without the findings tell all of it. An X-ray without a finding has no such twin, so the "
    "card is then of the others.",
    "A blank picture gives no more than a lower bound: a model may not act there on what the marker tells.",
    "Another patient's X-ray gives no bound: the marker may touch a finding there.",
    "Size and place alone: a classifier that sees only the numbers of the box that this marker shows, cross-validated "
    "by patient. It has learned this data set's boxes, which the model has not.",
    "Every finding known: a reader who knows all findings of an X-ray, but not which one is asked for, could not do "
    "better without a marker.",
    "AUROC is blind to the size of a probability, so both are given. All is in AUROC, whatever metric is chosen above.",
)


def show_leak(choice: Choice) -> Callable[[], None]:
    """Show the card of the leading marker on the leading results.

    Returns:
        Shows what takes longest, in its place on the page; for when the rest of the page is there.
    """
    noun = marker_title(choice.look.marker)
    told = shown_words(features_of(choice.look.marker))
    owner = f"{noun}'" if noun.endswith("s") else f"{noun}'s"
    st.header(as_text(f"Is it the finding, or the {owner} {told}?"), anchor=False)
    leaks = _leaks_of_sets(choice)
    if real := boxes_sentence(leaks, marker=choice.look.marker, look=look_of(choice.look)):
        st.html(render("paragraph", kind="leak-first", text=real))
    st.caption(as_text(f"{choice.first.who} on {choice.first.dataset}"))
    try:
        card = _card_shown(choice, noun)
    except VPEError as error:
        st.info(as_text(str(error)), icon=":material/rule:")
        card = None
    place = st.container(key="bench_matched") if card and not card.leak.too_few else None
    if card:
        with st.container(horizontal=True, gap="small", key="bench_leak_more"):
            with st.popover("How to read this", icon=":material/help:"):
                st.caption(as_list(_HOW))
            _downloads(choice)
    if leaks:
        st.html(box_leaks_html(leaks, marker=choice.look.marker, noun=noun))
    return lambda: _matched_shown(choice, noun, place) if place else None


def _card_shown(choice: Choice, noun: str) -> LeakCard:
    place = st.empty()
    with place:
        if is_known(_key("card", choice)):
            card = card_of(choice)
        else:
            with st.spinner(as_text(f"Measuring what the {noun} gives away"), show_time=True):
                card = card_of(choice)
    words = card_words(card, look=look_of(choice.look), noun=noun)
    label, simulated = choice.question.label, choice.first.run.manifest.dataset.simulated
    place.html(leak_card_html(card, words, noun=noun, simulated=simulated, label=label))
    if not card.leak.controls:
        where = "Your data" if isinstance(choice.first.run, OwnRun) else "Run a benchmark"
        plan = plan_with_controls(_row(choice).variant)
        how = f" “{plan}” under {where} measures that." if plan else ""
        st.info(as_text(f"{NOT_MEASURED}{how}"), icon=":material/rule:")
    return card


def card_of(choice: Choice) -> LeakCard:
    """The card's numbers, computed once for all sessions.

    Raises:
        VPEError: They cannot be: see `vpe_core.results.analysis.leak_card.leak_card`.
    """
    return card_of_row(*_asked(choice))


def card_of_row(run: Results, row: TableRow, question: Question) -> LeakCard:
    """The same of one row of results, in AUROC whatever the question's metric is.

    Raises:
        VPEError: As `card_of`.
    """
    question = replace(question, metric="auroc")
    key = _key_of("card", run, row, question)
    return answer(_CARD, key, lambda: leak_card(run, row, question, evaluation()))


def matched_of(choice: Choice) -> MatchedGain:
    """What is left of the gain where size and place tell nothing, computed once for all sessions.

    Raises:
        VPEError: It cannot be told: see `vpe_core.results.analysis.matched.matched`.
    """
    run, row, question = _asked(choice)
    return answer(_MATCHED, _key("matched", choice), lambda: matched(run, row, question, evaluation()))


def _matched_shown(choice: Choice, noun: str, place: DeltaGenerator) -> None:
    label, simulated = choice.question.label, choice.first.run.manifest.dataset.simulated
    with place:
        inner = st.empty()
        with inner:
            if is_known(_key("matched", choice)):
                found = _or_none(choice)
            else:
                with st.spinner("Weighting samples so that size and place tell nothing", show_time=True):
                    found = _or_none(choice)
        if found is None:
            inner.caption("Not measured here: it takes boxes of two patients or more.")
            return
        inner.html(matched_html(found, matched_words(found, noun, label), simulated=simulated, label=label))


def _or_none(choice: Choice) -> MatchedGain | None:
    with suppress(ResultsError):
        return matched_of(choice)
    return None


def _downloads(choice: Choice) -> None:
    simulated = choice.first.run.manifest.dataset.simulated
    name = file_name(f"leak-{choice.look.marker}", simulated=simulated)

    def leaks() -> list[Leaks]:
        row, label = _row(choice), choice.question.label
        first = choice.first
        return [Leaks(first.who, first.dataset, simulated, row, card_of(choice), _or_none(choice), label)]

    with st.popover("Save the card", icon=":material/download:"):
        st.download_button(
            "Leak card as CSV", lambda: leaks_to_csv(leaks()), f"{name}.csv", "text/csv", key="leak_csv",
            on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Leak card as Markdown", lambda: leaks_to_markdown(leaks(), look_of(choice.look)), f"{name}.md",
            "text/markdown", key="leak_md", on_click="ignore",
        )  # fmt: skip


def _leaks_of_sets(choice: Choice) -> list[BoxLeak]:
    """What is stored of real data sets' boxes, and of those that the results are of; what is damaged is said."""
    try:
        chosen = choice.first.run.manifest.dataset.name
        leaks = [one for name, one in stored_leaks().items() if name == chosen or not one.source.simulated]
        return sorted(leaks, key=lambda one: one.source.simulated)
    except ResultsError as error:
        st.info(as_text(str(error)), icon=":material/rule:")
        return []


def _row(choice: Choice) -> TableRow:
    return choice.lead if choice.lead in choice.rows else TableRow(choice.look)


def _asked(choice: Choice) -> tuple[Results, TableRow, Question]:
    return choice.first.run, _row(choice), replace(choice.question, metric="auroc")


def _key(what: str, choice: Choice) -> tuple[object, ...]:
    return _key_of(what, *_asked(choice))


def _key_of(what: str, run: Results, row: TableRow, question: Question) -> tuple[object, ...]:
    return (f"leak {what}", run.fingerprint, row, question)
