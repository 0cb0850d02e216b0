"""The sentence above the benchmark's table: what a marker does, how sure that is, and what its geometry explains."""

from __future__ import annotations

import math

import pandas as pd

from vpe_core.results.numerals import interval_text, number_text, signed_text

_SUFFIX = " with the marker named in the prompt"


def answer(
    line: pd.Series,
    unmarked: pd.Series,
    *,
    metric: str,
    look: str,
    noun: str,
    label: str | None,
    higher_is_better: bool,
    box_numbers: float = math.nan,
) -> str:
    """The answer to the page's question, from two lines of `paper_table`.

    Args:
        line: That of the marker.
        unmarked: That of the unmarked image.
        metric: Its title, such as "macro AUROC".
        look: The marker as it is drawn, such as "a red circle".
        noun: What it is called, such as "circle".
        label: The one class that is measured; None for all.
        higher_is_better: As the metric has it.
        box_numbers: What a classifier of the box's four numbers reaches; nan if unknown.
    """
    where = f"On {line['dataset']}, {look}{_SUFFIX if line['suffix'] else ''}"
    what = f"{line['model']}'s {metric}" + (f" for {label}" if label else "")
    if math.isnan(line["value"]) or math.isnan(line["gain"]):
        return f"{where} has no result here. {line['missing']}".strip()
    numbers = f"from {number_text(unmarked['value'])} to {number_text(line['value'])}"
    gain = f"{signed_text(line['gain'])} {interval_text(line['gain_low'], line['gain_high'], signed=True)}".strip()
    sentences = [f"{where} {_verb(line, higher_is_better)} {what} {numbers} ({gain})."]
    if not math.isnan(line["geometry_only"]):
        sentences.append(
            f"On another patient's X-ray, where only its size and place can speak, the same {noun} reaches "
            f"{number_text(line['geometry_only'])}."
        )
    if not math.isnan(box_numbers):
        sentences.append(f"The box's four numbers, without any image, would allow {number_text(box_numbers)}.")
    return " ".join(sentences)


def _verb(line: pd.Series, higher_is_better: bool) -> str:
    unsure = not math.isnan(line["gain_low"]) and line["gain_low"] <= 0 <= line["gain_high"]
    if unsure:
        return "does not clearly change"
    if (line["gain"] > 0) == higher_is_better:
        return "lifts" if higher_is_better else "improves"
    return "lowers" if higher_is_better else "worsens"
