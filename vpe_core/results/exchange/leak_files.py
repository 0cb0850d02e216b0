"""The leak card as a file: a line a number as CSV, and as tables in Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vpe_core.errors import ResultsError
from vpe_core.metrics import Interval
from vpe_core.results.analysis.leak_card import InAll, LeakCard, leak_card
from vpe_core.results.analysis.matched import MatchedGain, matched
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.scores import Evaluation, Results
from vpe_core.results.exchange.leak_words import (
    NOT_MEASURED,
    card_words,
    left_of,
    matched_words,
    measured_in_part,
    plain,
    row_title,
    shown_words,
    signed,
)

_HEAD = ("model", "dataset", "simulated", "marker", "variant", "class", "shown", "quantity", "value", "low", "high",
         "samples", "effective_samples")  # fmt: skip
_MATCHED = "where size and place tell nothing"


@dataclass(frozen=True, slots=True)
class Leaks:
    """What a marker gives away in some results, to be written.

    Attributes:
        model: Whose answers.
        dataset: On what.
        simulated: Whether the X-rays are.
        row: The marker.
        card: From `leak_card`.
        matched: From `matched`; None if it could not be measured.
        label: The one class that was asked for; None for all.
    """

    model: str
    dataset: str
    simulated: bool
    row: TableRow
    card: LeakCard
    matched: MatchedGain | None
    label: str | None = None


def leaks_of(run: Results, rows: Sequence[TableRow], question: Question, evaluation: Evaluation) -> list[Leaks]:
    """Those of stored results, for each marker that was measured."""
    about, found = run.manifest, []
    for row in rows:
        try:
            card = leak_card(run, row, question, evaluation)
        except ResultsError:
            continue
        try:
            left = matched(run, row, question, evaluation)
        except ResultsError:
            left = None
        dataset = about.dataset
        part = "" if dataset.part in ("", "all", "test") else f" {dataset.part}"
        found.append(
            Leaks(about.model.title, dataset.name + part, dataset.simulated, row, card, left, question.label)
        )  # fmt: skip
    return found


def leaks_to_csv(leaks: Sequence[Leaks]) -> str:
    """A line for each number, with full precision; an empty class is all of them."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_HEAD)
    for one in leaks:
        about = one.model, one.dataset, one.simulated, one.row.title, one.row.variant.key
        writer.writerows((*about, *line) for line in _lines(one))
    return stream.getvalue()


def leaks_to_markdown(leaks: Sequence[Leaks], look: str = "") -> str:
    """A line for each marker and, of a single one, what follows in words.

    Args:
        leaks: What is written.
        look: The marker as it is drawn, if there is but one: "a red circle".
    """
    parts = []
    if len(leaks) == 1 and look:
        (one,) = leaks
        noun = one.row.title.removesuffix(" + suffix")
        said = [card_words(one.card, look=look, noun=noun)]
        said += [matched_words(one.matched, noun, one.label)] if one.matched else []
        for words in said:
            items = [f"- {_plain(number)}: {_plain(what)}" for number, what in words.lines]
            parts += [f"**{_plain(words.headline)}** {_plain(words.caution)}".strip(), "\n".join(items)]
        if not one.card.leak.controls:
            parts.append(NOT_MEASURED)
    head = ("Model", "Data set", "Marker", *TABLE_HEAD)
    lines = [head, ("---",) * len(head)]
    lines += [(one.model, one.dataset, one.row.title, *table_cells(one)) for one in leaks]
    parts.append("\n".join(f"| {' | '.join(map(_plain, line))} |" for line in lines))
    notes = "AUROC (0.5 gives nothing away), 95% intervals by patient; ESS: effective sample size."
    if any(one.simulated for one in leaks):
        notes += " Simulated X-rays, no real patients: " + ", ".join(
            dict.fromkeys(_plain(one.dataset) for one in leaks if one.simulated)
        )
        notes += "."
    return "\n\n".join([*parts, notes]) + "\n"


TABLE_HEAD = ("Size and place alone", "Same marker elsewhere", "Marked", "Unmarked", "Gain", "From size and place",
              "Gain where these tell nothing", "ESS")  # fmt: skip
"""What `table_cells` gives."""


def table_cells(one: Leaks) -> tuple[str, ...]:
    """The card's numbers in all; a dash where something was not measured."""
    card, left = one.card, one.matched
    geometry = _overall(card.geometry)
    if card.geometry and (told := shown_words(card.features)) != "size and place":
        geometry += f" ({told} only)"
    elsewhere = _overall(card.by_itself)
    if card.by_itself:
        where = row_title(card.control, "").partition(", ")[2]
        part = measured_in_part(card.leak)
        elsewhere += f" ({where}; all but the last two columns on {part})" if part else f" ({where})"
    explained = card.leak.explained
    hedge = f"{card.leak.hedge} " if card.leak.hedge else ""
    matched_cells = ("–", "–")
    if left:
        gain = "too little overlap" if left.too_little else signed(left.gain.interval)
        matched_cells = (gain, left_of(left, one.label))
    return (
        geometry,
        elsewhere,
        plain(card.leak.marked),
        plain(card.leak.unmarked),
        signed(card.leak.gain.interval),
        f"{hedge}{signed(explained.interval)}" if explained else "not measured",
        *matched_cells,
    )


def _overall(measured: InAll | None) -> str:
    return plain(measured.overall.auroc) if measured else "–"


Line = tuple[str, str, str, float, float, float, int | str, float | str]


def _lines(one: Leaks) -> Iterator[Line]:
    card, asked = one.card, one.label or ""
    told = f"{shown_words(card.features)} alone"

    def line(
        label: str, shown: str, quantity: str, value: Interval, samples: int | str = "", left: float | str = ""
    ) -> Line:
        return label, shown, quantity, value.value, value.low, value.high, samples, left

    def reached(shown: str, measured: InAll | None) -> Iterator[Line]:
        if measured is None:
            return
        for label, numbers in ((asked, measured.overall), *measured.classes.items()):
            for quantity in ("auroc", "probability", "accuracy"):
                if (value := getattr(numbers, quantity)) is not None:
                    yield line(label, shown, quantity, value, card.leak.samples if label == asked else "")

    yield from reached(told, card.geometry)
    yield from reached(f"marker {card.control}", card.by_itself)
    yield from reached("marker on the finding", card.marked)
    yield from reached("no marker", card.unmarked)
    for condition, control in card.leak.controls.items():
        if condition != card.control:
            yield line(asked, f"marker {condition}", "auroc", control)
    found = card.leak
    for quantity, difference in (
        ("gain", found.gain),
        (f"gain from size and place{f', {found.hedge}' if found.hedge else ''}", found.explained),
        ("gain from pointing, at least", found.pointing),
        ("marked minus size and place alone", card.beyond_geometry),
    ):
        if difference is not None:
            yield line(asked, "", quantity, difference.interval, found.samples)
    if one.matched is None:
        return
    if not one.matched.too_little:
        for quantity, value in (
            ("auroc unmarked", one.matched.unmarked),
            ("auroc marked", one.matched.marked),
            ("auroc of size and place alone", one.matched.geometry),
            ("gain", one.matched.gain.interval),
        ):
            yield line(asked, _MATCHED, quantity, value, one.matched.samples, one.matched.effective)
    for label, part in one.matched.classes.items():
        if not part.too_little and one.label in (None, label):
            yield line(label, _MATCHED, "gain", part.gain.interval, part.samples, part.effective)


def _plain(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;").split())
