"""The benchmark's answer in one sentence, and the paper's table below it."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pandas as pd
import streamlit as st
from pydantic import TypeAdapter
from streamlit.delta_generator import DeltaGenerator

from dashboard.benchmark.filters import Choice
from dashboard.benchmark.first_answers import TABLE, answer, is_known
from dashboard.benchmark.heads import heads, lacks_class, too_few_words
from dashboard.benchmark.offers import offer_measured
from dashboard.benchmark.results import N_RESAMPLES, Column, evaluation, prompt_losses, run_command, without_results
from dashboard.benchmark.words import corrected_for, finding_sentence, headline_parts, not_measured
from dashboard.frame.html import render
from dashboard.frame.words import as_list, as_text
from vpe_core import markers, metrics
from vpe_core.ensembles import is_ensemble, members_of
from vpe_core.errors import ResultsError
from vpe_core.plots.table_html import paper_table_html
from vpe_core.plots.take_along import file_name
from vpe_core.prompts import ENSEMBLES
from vpe_core.results.analysis.domain import out_of_domain
from vpe_core.results.analysis.leak import telling_control
from vpe_core.results.analysis.questions import Question, prompts_for, with_suffix
from vpe_core.results.analysis.rows import TableRow, marker_title
from vpe_core.results.analysis.scores import Evaluation, Results
from vpe_core.results.analysis.tables import available, paper_table
from vpe_core.results.exchange.formats import ensemble_notes, fewer_samples, to_csv, to_latex, to_markdown
from vpe_core.results.exchange.score_tables import scores_table
from vpe_core.types import Progress
from vpe_core.variants import Variant

_ABSENT = " was not measured."
_CONTROL: TypeAdapter[tuple[str, float] | None] = TypeAdapter(tuple[str, float] | None)
_BAR_AFTER_S = 1.0
_DONE = {"blurred surroundings": "blurring the surroundings"}
"""What stands in a sentence for markers that are nothing that is drawn."""


def show_table(choice: Choice) -> pd.DataFrame:
    """Show sentence and table, first the values, then with intervals once they are computed; return the table.

    Raises:
        VPEError: The question cannot be asked, for example because a prompt is not valid.
    """
    for words in out_of_domain([column.run.manifest for column in choice.columns]):
        st.warning(as_text(words), icon=":material/warning:")
    if few := too_few_words(choice):
        st.warning(as_list(few), icon=":material/warning:")
    bar, place = st.empty(), st.empty()
    full = evaluation()
    key = _key(choice)
    if not is_known(key):
        with st.spinner("Asking in other words", show_time=False) if choice.question.edited else st.empty():
            quick = _table(choice, full.values_alone())
        place.html(_html(choice, quick))
    table = answer(TABLE, key, lambda: _table(choice, full, _progress_bar(bar)))
    place.html(_html(choice, table))
    _warn_of_prompt_losses(choice)
    _notes(choice, table)
    _downloads(choice, table)
    return table


def line_of(table: pd.DataFrame, row: TableRow) -> pd.Series | None:
    """A row's line for the leading results."""
    found = table[(table["run"] == 0) & (table["row"] == row.title) & (table["variant"] == row.variant.key)]
    return None if found.empty else found.iloc[0]


def look_of(variant: Variant) -> str:
    """A marker as it is drawn: "a red circle", "a crop"."""
    name = marker_title(variant.marker)
    if name in _DONE:
        return _DONE[name]
    uses = markers.get(variant.marker).uses
    words = f"{variant.color} {name}" if "color" in uses else name
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def is_measured(column: Column, look: Variant) -> bool:
    """Whether results cover a marker as it is drawn."""
    try:
        available(column.run, look)
    except ResultsError:
        return False
    return True


def instead_of_missing(choice: Choice, found: Sequence[Column]) -> None:
    """That the leading results lack the marker; what they have instead, and which results have it, one click each."""
    st.info(as_text(not_measured(choice.first.dataset, choice.first.who, look_of(choice.look))), icon=":material/info:")
    having = [column for column in choice.columns if is_measured(column, choice.look)]
    having = having or [column for column in found if is_measured(column, choice.look)]
    drawn = [one for one in choice.first.run.variants if one.marked and not one.is_control]
    look = min(drawn, key=lambda one: _unlike(one, choice.look), default=None)
    offer_measured(choice, having, look, look_of(look) if look else "")


def _unlike(one: Variant, look: Variant) -> tuple[bool, ...]:
    return (
        one.marker != look.marker, one.protocol != look.protocol, one.color != look.color, one.width != look.width,
        one.color != "red", one.width != 1,
    )  # fmt: skip


def reference_of(choice: Choice) -> Question | None:
    """The paper's question, where the words are other ones."""
    question = choice.question
    return Question(question.scoring, question.metric, suffix=True, label=question.label) if question.edited else None


def _key(choice: Choice) -> tuple[object, ...]:
    return ("table", *(column.run.fingerprint for column in choice.columns), choice.rows, choice.question)


def _table(choice: Choice, shared: Evaluation, progress: Progress = lambda _done, _total: None) -> pd.DataFrame:
    return paper_table(
        [column.run for column in choice.columns], choice.question, rows=_rows(choice),
        reference=reference_of(choice), evaluation=shared, progress=progress,
    )  # fmt: skip


def _rows(choice: Choice) -> list[TableRow]:
    """The rows that some of the results can fill: tables of scores often have none whose prompt names the marker."""
    return [
        row
        for row in choice.rows
        if not row.suffix
        or row == choice.lead
        or any(one.run.has_embeddings or _holds_suffix(one.run, row) for one in choice.columns)
    ]


def _holds_suffix(run: Results, row: TableRow) -> bool:
    return any(suffix.strip() for member in members_of(row.variant) if member in run for suffix in run.suffixes(member))


def _progress_bar(bar: DeltaGenerator) -> Progress:
    """A bar for those who have waited a moment; it goes when all is done."""
    started = time.monotonic()

    def show(done: int, total: int) -> None:
        if done == total:
            bar.empty()
        elif time.monotonic() - started > _BAR_AFTER_S:
            bar.progress(done / total, text=f"Computing intervals: {done} of {total}")

    return show


def _html(choice: Choice, table: pd.DataFrame) -> str:
    metric = metrics.get(choice.question.metric)
    answered = ((row, line) for row in choice.leads if (line := line_of(table, row)) is not None)
    row, line = next(answered, (TableRow(choice.look), None))
    sentence, about = "", heads(choice)
    if line is not None and is_measured(choice.first, choice.look):  # otherwise that is said above the table
        control = None if line["control"] else _telling_control(choice, row)
        sentence = finding_sentence(
            line, metric=choice.metric_title, look=look_of(choice.look),
            noun=marker_title(choice.look.marker), label=choice.question.label,
            higher_is_better=metric.higher_is_better, samples=choice.first.run.manifest.dataset.samples,
            control=control, chance=metric.chance, asked=_asked(choice.question), too_few=about[0].too_few,
            comparisons=corrected_for(table),
        )  # fmt: skip
    html = paper_table_html(
        table,
        about,
        metric=choice.metric_title,
        higher_is_better=metric.higher_is_better,
        intervals=choice.intervals,
        prompt_change=reference_of(choice) is not None,
    )
    if not sentence:
        return html
    without = dict.fromkeys(column.dataset for column in choice.columns if lacks_class(column, choice))
    lacking = [f"{name} has no {choice.question.label}." for name in without]
    more: list[str] = lacking
    if len(choice.columns) > 1:
        names = [(column.dataset, column.who) for column in choice.columns]
        shown = [(number, name) for number, name in enumerate(names) if not lacks_class(choice.columns[number], choice)]
        renumbered = table[table["run"].isin([number for number, _ in shown])].assign(
            run=lambda lines: lines["run"].map({number: place for place, (number, _) in enumerate(shown)})
        )
        look = [(row.title, row.variant.key) for row in choice.leads]
        few = [about[number].too_few for number, _ in shown]
        more = headline_parts(renumbered, [name for _, name in shown], look, lacking, few)
    simulated = choice.first.run.manifest.dataset.simulated
    return render("finding", sentence=sentence, simulated=simulated) + render("headline", lines=more) + html


def _telling_control(choice: Choice, row: TableRow) -> tuple[str, float] | None:
    run = choice.first.run
    key = ("telling", run.fingerprint, row, choice.question)
    return answer(_CONTROL, key, lambda: telling_control(run, row, choice.question, evaluation()))


def _asked(question: Question) -> str:
    """In whose words, where they are not the paper's."""
    if typed_texts(question):
        return "in your words"
    return "in other words than the paper's" if question.edited else ""


def _warn_of_prompt_losses(choice: Choice) -> None:
    """What a model does not read of words that a person has typed is never dropped in silence."""
    typed = typed_texts(choice.question)
    if not typed:
        return
    for column in {column.who: column for column in choice.columns}.values():
        prompts = _prompts(choice, column)
        for sentence in prompt_losses(column.run, column.who, prompts, typed):
            st.warning(as_text(sentence), icon=":material/spellcheck:")


def _prompts(choice: Choice, column: Column) -> list[tuple[str, ...]]:
    """The prompts of all classes, for each way in which the table's rows show the samples."""
    shown_with = [(shown, row.suffix) for row in choice.rows for shown in members_of(row.variant)]
    by_class = [
        prompts_for(column.run.manifest.dataset, shown, with_suffix(choice.question, suffix))
        for shown, suffix in shown_with
    ]
    return [tuple(text for texts in classes for text in texts) for classes in by_class]


def typed_texts(question: Question) -> tuple[str, ...]:
    """What of a question a person has written: no data set's own words, and none of our ensembles."""
    template = question.template or ""
    own = [] if template in ENSEMBLES else [template.replace("{class}", " ").replace("{suffix}", " ")]
    words = [said for _, said in question.class_words]
    suffix = [question.suffix] if isinstance(question.suffix, str) else []
    return tuple(text.strip() for text in (*own, *words, *suffix) if text.strip())


def _notes(choice: Choice, table: pd.DataFrame) -> None:
    """How to read the table, and what is missing from it."""
    shown = set(zip(table["row"], table["variant"], strict=True))
    notes = [
        f"95% intervals by patient, or by image where patients are not known ({N_RESAMPLES:,} resamples), on hover; "
        "bold: best of its column; coloured: Holm-corrected p < 0.05, of gains over all gains and of controls over all "
        "controls."
    ]
    if reference_of(choice):
        notes.append("Changes of the prompt are coloured where their interval excludes 0.")
    if table["control"].any() or table["elsewhere"].notna().any():
        notes.append("A control on another patient's picture may touch that one's findings.")
    if hidden := [row for row in choice.rows if row.suffix and (row.title, row.variant.key) not in shown]:
        notes.append(f"These results hold no prompts that name the marker, so {len(hidden)} rows are left out.")
    if fewer_samples(table).any():
        notes.append("† Fewer samples than other markers: compare it with its gain, not with the column.")
    notes += [f"{note[0].upper()}{note[1:]}." for note in ensemble_notes(table)]
    if (table["undefined"] != "").any():
        notes.append("* A class without samples is not in the mean; which one, on hover.")
    reasons = sorted(set(table.loc[table["run"] == 0, "missing"]) - {""})
    notes += _absent(choice, table)
    notes += [reason for reason in reasons if not reason.endswith(_ABSENT)]
    st.caption(as_text(" ".join(notes)))


def _absent(choice: Choice, table: pd.DataFrame) -> list[str]:
    """Which rows were never measured, and where; that the leading one was not stands above the table."""
    missing = table[table["missing"].str.endswith(_ABSENT)]
    missing = missing[(missing["run"] != 0) | (missing["variant"] != choice.look.key)]
    where: dict[str, list[str]] = {}
    for run, lines in missing.groupby("run"):
        column = choice.columns[int(str(run))]
        words = dict.fromkeys(_row_words(line) for _, line in lines.iterrows())
        where.setdefault(", ".join(words), []).append(f"{column.who} on {column.dataset}")
    return [f"Not measured ({', '.join(columns)}): {words}." for words, columns in where.items()]


def _row_words(line: pd.Series) -> str:
    title = str(line["row"]).removesuffix(" + suffix")
    if is_ensemble(line["variant"]):
        return title
    variant = Variant.parse(line["variant"])
    return f"{variant.color} {title}" if "color" in markers.get(variant.marker).uses else title


def _downloads(choice: Choice, table: pd.DataFrame) -> None:
    titles = {
        number: f"{one.words} ({one.name})" if one.name else one.words for number, one in enumerate(heads(choice))
    }
    better = metrics.get(choice.question.metric).higher_is_better
    simulated = any(column.run.manifest.dataset.simulated for column in choice.columns)
    name = file_name(f"benchmark-{choice.question.metric}", simulated=simulated)
    cautions = out_of_domain([column.run.manifest for column in choice.columns])
    asked = _prompts_in_words(choice)
    in_markdown, in_latex = ("".join(form.format(one) for one in cautions) for form in ("\n**{}**\n", "% {}\n"))
    with st.container(horizontal=True, gap="small", key="bench_downloads"):
        with st.popover("Download", icon=":material/download:"):
            for title, written, ending, mime in (
                ("CSV", lambda: to_csv(table), "csv", "text/csv"),
                ("Markdown", lambda: to_markdown(table, titles, better, asked) + in_markdown, "md", "text/markdown"),
                ("LaTeX", lambda: to_latex(table, titles, better, asked) + in_latex, "tex", "text/x-tex"),
            ):
                st.download_button(
                    f"Table as {title}", written, f"{name}.{ending}", mime, key=ending, on_click="ignore"
                )
            if choice.question.scoring == "paper":
                st.download_button(
                    "All probabilities as Parquet", lambda: _scores(choice),
                    file_name("scores.parquet", simulated=simulated), key="scores", on_click="ignore",
                    help="One line a sample; it can be loaded again on this page, here or on another machine.",
                )  # fmt: skip
            st.caption("Charts: the camera in a chart's corner saves it.")
            st.segmented_control("Charts as", ("svg", "png"), default="svg", required=True, key="chart_format")
        if missing := without_results(choice.columns):
            with st.popover("Data sets without results", icon=":material/help:"):
                st.caption("These commands measure them, for the data that you have:")
                st.code("\n".join(run_command(dataset) for dataset in missing), language="bash")


def _prompts_in_words(choice: Choice) -> list[str]:
    """In which words the table's images were asked, and what stands for a class where it is not its name."""
    question = choice.question
    templates = dict.fromkeys(question.template or one.run.manifest.dataset.template for one in choice.columns)
    words = [f"{label}: {said}" for label, said in question.class_words]
    return [*templates, *words]


def _scores(choice: Choice) -> bytes:
    table = scores_table([column.run for column in choice.columns], choice.rows, choice.question, evaluation())
    return bytes(table.to_parquet(index=False))


def chart_format() -> str:
    """How the camera in a chart's corner saves it."""
    return str(st.session_state.get("chart_format") or "svg")


def shown_heads(choice: Choice) -> Sequence[str]:
    """The heads in one line each, for charts."""
    return [head.words for head in heads(choice)]
