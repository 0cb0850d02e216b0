"""From stored results to the paper's table: markers x data sets, with gains, intervals and corrected p-values.

runs = find_runs()
table = paper_table(runs, Question())            # one row a marker and run
table[["dataset", "row", "value", "low", "high", "gain", "p_holm"]]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from vpe_core import markers
from vpe_core.ensembles import Ensemble, VariantOrEnsemble, control_of, members_of
from vpe_core.errors import ResultsError
from vpe_core.metrics import Bootstrap, Comparison, compare, get, holm
from vpe_core.results.analysis.columns import difference_of, interval_of, p_value, value_columns
from vpe_core.results.analysis.domain import is_out_of_domain
from vpe_core.results.analysis.enough import too_few
from vpe_core.results.analysis.questions import Question, suffix_words, with_suffix
from vpe_core.results.analysis.rows import TableRow, paper_rows
from vpe_core.results.analysis.scores import Evaluation, IntArray, Results, Scored, TextEncoder, common
from vpe_core.variants import Variant

if TYPE_CHECKING:
    from vpe_core.types import Progress
    from vpe_core.variants import Picture

AS_THE_PAPER = Question()
AnyVariant = TypeVar("AnyVariant", Variant, Ensemble, VariantOrEnsemble)


def paper_table(
    runs: Sequence[Results],
    question: Question = AS_THE_PAPER,
    n_resamples: int = 2000,
    *,
    rows: Sequence[TableRow] | None = None,
    reference: Question | None = None,
    evaluation: Evaluation | None = None,
    text_encoder: TextEncoder | None = None,
    progress: Progress = lambda _done, _total: None,
) -> pd.DataFrame:
    """The table of the paper, one line a row and run, with what a sceptical reader asks for beside each value.

    Args:
        runs: Results, each one column of the printed table.
        question: What is measured. Its `suffix` only says in which words the rows with a suffix name the marker.
        n_resamples: Of the bootstrap over patients.
        rows: The paper's eight if left out.
        reference: Another question, such as the paper's prompt, to show the difference to.
        evaluation: Shared, so that nothing is computed twice; then `n_resamples` and `text_encoder` are its own.
        text_encoder: For prompts that are not stored.
        progress: Called after each line with how many are done and how many there are.

    Returns:
        Columns: run (its number), dataset, part, model, source, simulated, out_of_domain (real X-rays for a model that
        has seen only simulated ones), metric (its name), label (the one class, or empty), row (its title),
        variant (its key), marker, suffix (the words), control; value, low, high; unmarked (the value of the unmarked
        image on the same samples) and gain over it with gain_low, gain_high, p and p_holm (corrected over all gains of
        the table that are no controls); of controls also above_chance (the value minus what guessing reaches) with
        above_chance_low, above_chance_high, above_chance_p and above_chance_p_holm (corrected over all controls of the
        table); elsewhere (the value of the same marker on another patient's image) and
        elsewhere_picture ("other", or "blank" where only that was measured);
        prompt_gain, prompt_low, prompt_high against the reference; n, patients, undefined (classes without a value,
        with ", " between them), too_few (why so few samples tell nothing, or empty) and missing (why there is no value,
        or empty). Undefined numbers are nan.

    Raises:
        VPEError: The question's metric, scoring or prompt is not valid.
    """
    chosen = rows if rows is not None else paper_rows()
    shared = evaluation or Evaluation(n_resamples, text_encoder)
    lines: list[dict[str, Any]] = []
    for number, run in enumerate(runs):
        for row in chosen:
            lines.append({**_about(number, run, question), **_line(shared, run, row, question, reference)})
            progress(len(lines), len(runs) * len(chosen))
    table = pd.DataFrame(lines)
    if len(table):
        for p, counted in (("p", ~table["control"]), ("above_chance_p", table["control"])):
            table[f"{p}_holm"] = np.nan
            table.loc[counted, f"{p}_holm"] = holm(table.loc[counted, p].to_numpy(np.float64))
    return table


def per_class(run: Results, row: TableRow, question: Question, evaluation: Evaluation | None = None) -> pd.DataFrame:
    """Each class without and with a marker.

    Returns:
        Columns: label, n, unmarked, unmarked_low, unmarked_high, marked, marked_low, marked_high, gain, gain_low,
        gain_high, p, p_holm; in class order; no lines for a metric that has no value for each class.

    Raises:
        ResultsError: The marker or the unmarked image was not measured.
    """
    shared = evaluation or Evaluation()
    marked, unmarked, rows = pair(shared, run, row, question)
    labels = run.samples["label"].to_numpy()[rows]
    gains = compare(marked, unmarked).per_class
    lines = [
        {
            "label": label,
            "n": int((labels == label).sum()),
            **value_columns(before, shared, "unmarked"),
            **value_columns(after, shared, "marked"),
            **value_columns(gain.interval, shared, "gain"),
            "p": p_value(gain, shared),
        }
        for label, before, after, gain in zip(
            run.manifest.dataset.classes, unmarked.per_class, marked.per_class, gains, strict=False
        )
    ]
    table = pd.DataFrame(lines)
    if len(table):
        table["p_holm"] = holm(table["p"].to_numpy(np.float64))
    return table


def pair(
    evaluation: Evaluation, run: Results, row: TableRow, question: Question
) -> tuple[Bootstrap, Bootstrap, IntArray]:
    """A row and the unmarked image of the same samples, and which samples these are.

    Raises:
        ResultsError: One of the two was not measured.
    """
    marked, unmarked = available(run, row.variant), available(run, baseline_of(row.variant))
    asked = with_suffix(question, row.suffix)
    rows = common(evaluation.rows(run, marked), evaluation.rows(run, unmarked))
    return (
        evaluation.measured(run, marked, asked, rows),
        evaluation.measured(run, unmarked, replace(asked, suffix=False), rows),
        rows,
    )


def scored_pair(evaluation: Evaluation, run: Results, row: TableRow, question: Question) -> tuple[Scored, Scored]:
    """The scores of the unmarked and of the marked images, for the same samples.

    Raises:
        ResultsError: One of the two was not measured.
    """
    asked = with_suffix(question, row.suffix)
    unmarked = evaluation.scored(run, available(run, baseline_of(row.variant)), replace(asked, suffix=False))
    marked = evaluation.scored(run, available(run, row.variant), asked)
    rows = common(marked.rows, unmarked.rows)
    return unmarked.at(rows), marked.at(rows)


def baseline_of(shown: VariantOrEnsemble) -> Variant:
    """The unmarked image that a marker's gain is measured against, also where the marker stands on another picture."""
    return Variant("none", protocol=shown.protocol)


def available(run: Results, shown: AnyVariant) -> AnyVariant:
    """The variant, or, for a picture on which nothing is drawn, the same by the paper's protocol.

    Of an ensemble, what is available of each member.

    Raises:
        ResultsError: Neither was measured.
    """
    if shown in run:
        return shown
    if isinstance(shown, Ensemble):
        return replace(shown, members=tuple(available(run, member) for member in shown.members))
    variant = shown
    by_paper = replace(variant, protocol="paper")
    if "color" not in markers.get(variant.marker).uses and by_paper in run:
        return by_paper
    raise ResultsError(f"{variant.key} was not measured.")


def _about(number: int, run: Results, question: Question) -> dict[str, Any]:
    manifest = run.manifest
    return {
        "run": number,
        "dataset": manifest.dataset.name,
        "part": manifest.dataset.part,
        "model": manifest.model.name,
        "source": manifest.source,
        "simulated": manifest.dataset.simulated,
        "out_of_domain": is_out_of_domain(manifest),
        "metric": question.metric,
        "label": question.label or "",
    }


def _line(
    evaluation: Evaluation, run: Results, row: TableRow, question: Question, reference: Question | None
) -> dict[str, Any]:
    asked = with_suffix(question, row.suffix)
    line: dict[str, Any] = {
        "row": row.title,
        "variant": row.variant.key,
        "marker": row.variant.marker,
        "suffix": suffix_words(row.variant, asked),
        "control": row.variant.is_control,
        "missing": "",
    }
    try:
        line |= _values(evaluation, run, row, question, reference)
    except ResultsError as error:
        line |= {**_nothing(), "missing": str(error)}
    return line


def _values(
    evaluation: Evaluation, run: Results, row: TableRow, question: Question, reference: Question | None
) -> dict[str, Any]:
    variant, asked = available(run, row.variant), with_suffix(question, row.suffix)
    measured = evaluation.measured(run, variant, asked)
    line = _nothing() | value_columns(interval_of(measured, run, question), evaluation)
    rows = evaluation.rows(run, variant)
    line |= {"n": len(rows), "patients": measured.resamples.n_groups, "too_few": too_few(run, rows, question.label)}
    line["undefined"] = ", ".join(_undefined(run, measured))
    if np.isnan(line["value"]):
        line["missing"] = why_undefined(evaluation.scored(run, variant, asked), run, question)
    if row.variant.marked:
        with suppress(ResultsError):
            marked, unmarked, _ = pair(evaluation, run, row, question)
            gain = difference_of(compare(marked, unmarked), run, question)
            line |= value_columns(gain.interval, evaluation, "gain") | {"p": p_value(gain, evaluation)}
            line["unmarked"] = interval_of(unmarked, run, question).value
        line |= _on_another_image(evaluation, run, row, question)
    chance = get(question.metric).chance
    if row.variant.is_control and chance is not None:
        above = difference_of(_above(measured, chance), run, question)
        line |= value_columns(above.interval, evaluation, "above_chance")
        line["above_chance_p"] = p_value(above, evaluation)
    if reference is not None:
        before = evaluation.measured(run, variant, with_suffix(reference, row.suffix))
        change = difference_of(compare(measured, before), run, question)
        line |= value_columns(change.interval, evaluation, "prompt_gain")
    return line


def _nothing() -> dict[str, Any]:
    names = [f"{name}{end}" for name in ("gain", "above_chance", "prompt_gain") for end in ("", "_low", "_high")]
    numbers = dict.fromkeys(["value", "low", "high", "unmarked", *names, "p", "above_chance_p", "elsewhere"], np.nan)
    return {**numbers, "elsewhere_picture": "", "n": 0, "patients": 0, "undefined": "", "too_few": ""}


def _above(measured: Bootstrap, chance: float) -> Comparison:
    """How far a metric lies above what guessing reaches."""
    values, draws = (np.full_like(one, chance) for one in (measured.values, measured.draws))
    return compare(measured, replace(measured, values=values, draws=draws))


def shown_elsewhere(run: Results, row: TableRow) -> tuple[Picture, VariantOrEnsemble] | None:
    """The same marker on another patient's image, or else on a blank one; None of controls, and without either."""
    if row.variant.is_control or not row.variant.marked:
        return None
    pictures: tuple[Picture, ...] = ("other", "blank")
    controls = ((picture, control_of(row.variant, picture)) for picture in pictures)
    return next((one for one in controls if all(member in run for member in members_of(one[1]))), None)


def _on_another_image(evaluation: Evaluation, run: Results, row: TableRow, question: Question) -> dict[str, Any]:
    """What the same marker reaches there, if these words were asked, which a table of probabilities need not hold."""
    if found := shown_elsewhere(run, row):
        picture, control = found
        with suppress(ResultsError):
            measured = evaluation.measured(run, control, with_suffix(question, row.suffix))
            return {"elsewhere": interval_of(measured, run, question).value, "elsewhere_picture": picture}
    return {}


def why_undefined(scored: Scored, run: Results, question: Question) -> str:
    """Why a metric has no value for these scores; empty if that cannot be told in a sentence."""
    classes, metric = run.manifest.dataset.classes, get(question.metric)
    true, predicted = set(scored.labels.tolist()), set(scored.scores.argmax(axis=1).tolist())
    if len(true) == 1:
        label = classes[true.pop()]
        return (
            f"All samples are of one class, {label}, so there is nothing to tell apart and {metric.title} is undefined."
        )
    if question.label is not None and not metric.per_class:
        return f"{metric.title} has one value for all classes, none for one of them."
    if question.label is not None and classes.index(question.label) not in true:
        return f"No sample is of the class {question.label}, so its {metric.title} is undefined."
    if question.label is not None and classes.index(question.label) not in predicted:
        return f"No sample is taken for {question.label}, so its {metric.title} is undefined."
    if len(predicted) == 1:
        label = classes[predicted.pop()]
        return f"All samples are taken for one class, {label}, so {metric.title} is undefined."
    return ""


def _undefined(run: Results, measured: Bootstrap) -> Iterator[str]:
    if measured.values.ndim:
        for label, value in zip(run.manifest.dataset.classes, measured.values, strict=True):
            if np.isnan(value):
                yield label
