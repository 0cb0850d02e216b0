"""Single samples: which a marker helped or hurt most, and whether small findings gain more than large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vpe_core.metrics import bootstrap_mean, compare
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.scores import Evaluation, FloatArray, IntArray, Results, common
from vpe_core.results.analysis.tables import available, baseline_of, scored_pair

if TYPE_CHECKING:
    from vpe_core.variants import Variant


def case_table(run: Results, row: TableRow, question: Question, evaluation: Evaluation | None = None) -> pd.DataFrame:
    """What a marker does to each sample's true class.

    Args:
        run: Stored results.
        row: The marker.
        question: How to score; with a label, only samples of that class count.
        evaluation: Shared, so that nothing is computed twice.

    Returns:
        One line a sample, from the most helped to the most hurt. Columns: sample (its row), before, after, change (of
        the true class's score), said_before, said_after (the likeliest classes), box_share (the box's share of the
        image, nan without one), and those of the run's samples.

    Raises:
        ResultsError: The marker or the unmarked image was not measured.
    """
    before, after = scored_pair(evaluation or Evaluation(), run, row, question)
    classes = np.array(run.manifest.dataset.classes)
    table = pd.DataFrame(
        {
            "sample": after.rows,
            "before": before.of_true_class,
            "after": after.of_true_class,
            "change": after.of_true_class - before.of_true_class,
            "said_before": classes[before.scores.argmax(axis=1)],
            "said_after": classes[after.scores.argmax(axis=1)],
        }
    )
    samples = run.samples.iloc[after.rows].reset_index(drop=True)
    box = (samples["x1"] - samples["x0"]) * (samples["y1"] - samples["y0"])
    table["box_share"] = box / (samples["image_width"] * samples["image_height"])
    table = pd.concat([table, samples], axis=1)
    if question.label is not None:
        table = table[table["label"] == question.label]
    return table.sort_values("change", ascending=False, kind="stable").reset_index(drop=True)


def gain_by_box_size(
    run: Results, row: TableRow, question: Question, n_bins: int = 5, evaluation: Evaluation | None = None
) -> pd.DataFrame:
    """The mean score of the true class without and with a marker, over classes of box size that hold as many samples.

    Returns:
        Columns: area_low, area_high, area (the limits and the median of the box's share of the image), n, before,
        after, gain, gain_low, gain_high (over resampled patients); no lines without boxes.

    Raises:
        ResultsError: The marker or the unmarked image was not measured.
    """
    shared = evaluation or Evaluation()
    before, after = scored_pair(shared, run, row, question)
    samples = run.samples.iloc[after.rows]
    box = (samples["x1"] - samples["x0"]) * (samples["y1"] - samples["y0"])
    areas = (box / (samples["image_width"] * samples["image_height"])).to_numpy(np.float64)
    known = np.isfinite(areas)
    if question.label is not None:
        known &= samples["label"].to_numpy() == question.label
    if not known.any():
        return pd.DataFrame(columns=["area_low", "area_high", "area", "n", "before", "after", "gain"])
    edges = np.unique(np.quantile(areas[known], np.linspace(0, 1, n_bins + 1)))
    place = np.clip(np.searchsorted(edges, areas, side="right") - 1, 0, max(len(edges) - 2, 0))
    lines = []
    for number in np.unique(place[known]):
        chosen = known & (place == number)
        resamples = shared.resamples(run, after.rows[chosen])
        means = [bootstrap_mean(scored.of_true_class[chosen], resamples) for scored in (before, after)]
        gain = compare(means[1], means[0]).overall.interval
        lines.append(
            {
                "area_low": areas[chosen].min(),
                "area_high": areas[chosen].max(),
                "area": np.median(areas[chosen]),
                "n": int(chosen.sum()),
                "before": means[0].overall.value,
                "after": means[1].overall.value,
                "gain": gain.value,
                "gain_low": gain.low,
                "gain_high": gain.high,
            }
        )
    return pd.DataFrame(lines)


def attention_inside(run: Results, variant: Variant) -> pd.DataFrame:
    """The share of attention inside the finding's box without and with a marker, class by class, in the median.

    Returns:
        Columns: label, n, unmarked, marked; the last line, "all classes", is over all samples. No lines where attention
        was not measured.
    """
    shares: list[FloatArray] = []
    unmarked, marked = available(run, baseline_of(variant)), available(run, variant)
    rows: IntArray = common(run.rows(unmarked), run.rows(marked))
    for shown in (unmarked, marked):
        measured = run.attention(shown)
        if measured is None:
            return pd.DataFrame(columns=["label", "n", "unmarked", "marked"])
        shares.append(measured[np.searchsorted(run.rows(shown), rows)].astype(np.float64))
    known = np.isfinite(shares[0]) & np.isfinite(shares[1])
    labels = run.samples["label"].to_numpy()[rows]
    chosen = {label: known & (labels == label) for label in run.manifest.dataset.classes} | {"all classes": known}
    return pd.DataFrame(
        [
            {
                "label": label,
                "n": int(some.sum()),
                "unmarked": np.median(shares[0][some]),
                "marked": np.median(shares[1][some]),
            }
            for label, some in chosen.items()
            if some.any()
        ],
        columns=["label", "n", "unmarked", "marked"],
    )
