"""A table of scores keeps what stands beside a marker: its controls, in the same words where they were asked so."""

from __future__ import annotations

import numpy as np

from tests.results.memory_run import PAPER_STRENGTHS, MemoryRun
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.rows import TableRow, paper_rows
from vpe_core.results.analysis.scores import Evaluation
from vpe_core.results.analysis.tables import paper_table
from vpe_core.results.exchange.score_tables import read_scores, scores_table
from vpe_core.variants import Variant

SUFFIX = Question(suffix=True)


def test_markers_with_controls_come_back_whole() -> None:
    strengths = {**PAPER_STRENGTHS, "circle/red/1/paper@other": 0.3, "bbox/red/1/paper@blank": 0.2}
    run = MemoryRun(strengths)
    rows = (*paper_rows(), TableRow(Variant.parse("circle/red/1/paper@other")))
    (loaded,) = read_scores(scores_table([run], rows, SUFFIX, Evaluation(0)).to_parquet(index=False), "scores.parquet")
    ours, theirs = (paper_table([one], SUFFIX, rows=rows, n_resamples=50) for one in (run, loaded))
    compared = ["value", "gain", "elsewhere", "above_chance", "n"]
    np.testing.assert_allclose(theirs[compared].to_numpy(float), ours[compared].to_numpy(float), atol=1e-6)
    assert (theirs["missing"] == "").all()


def test_a_control_without_these_words_does_not_take_the_value_from_its_marker() -> None:
    run = MemoryRun({**PAPER_STRENGTHS, "circle/red/1/paper@other": 0.3})
    scores = scores_table([run], paper_rows(), SUFFIX, Evaluation(0))
    older = scores[~(scores["variant"].str.endswith("@other") & (scores["suffix"] != ""))]
    (loaded,) = read_scores(older.to_csv(index=False).encode(), "scores.csv")
    table = paper_table([loaded], SUFFIX, n_resamples=0).set_index("row")
    assert table["value"].notna().all()
    assert table["elsewhere"].notna()[["circle", "circle + suffix"]].tolist() == [True, False]
