"""Attention over a data set against numpy and scipy on shares that are made up here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from tests.results.memory_run import MemoryRun
from vpe_core.metrics import Interval
from vpe_core.results.analysis.gaze import GazeOfMarker, gaze_by_marker
from vpe_core.results.analysis.questions import Question
from vpe_core.results.analysis.scores import Evaluation
from vpe_core.variants import Variant

CIRCLE, BOX, TWIN = "circle/red/1/paper", "bbox/red/1/paper", "circle/red/1/paper@twin"


class Looking(MemoryRun):
    """Its attention rises most where its answer does, with a circle; with a box, anyhow."""

    def attention(self, variant: Variant) -> np.ndarray | None:
        rng = np.random.default_rng(len(variant.key))
        rows = self.rows(variant)
        before = np.linspace(0.1, 0.3, len(rows))
        if not variant.marked:
            return before.astype(np.float32)
        rise = rng.normal(0.1, 0.05, len(rows))
        if variant.marker == "circle":
            change = self.change(variant)
            rise = 0.2 + 0.1 * change + rng.normal(0, 0.01, len(rows))
        rise[:2] = np.nan
        return (before + rise).astype(np.float32)

    def change(self, variant: Variant) -> np.ndarray:
        shared, plain = Evaluation(10), Variant("none")
        return (
            shared.scored(self, variant, Question()).of_true_class
            - shared.scored(self, plain, Question()).of_true_class
        )


def test_what_a_marker_does_to_attention_over_a_data_set() -> None:
    run = Looking({"none": 0.5, CIRCLE: 1.5, BOX: 1.0, TWIN: 0.5})
    found = gaze_by_marker(run, evaluation=Evaluation(200))
    assert [one.variant.key for one in found] == [CIRCLE, BOX]
    for one in found:
        before, after = run.attention(Variant("none")), run.attention(one.variant)
        assert before is not None
        assert after is not None
        gain, change = (after - before)[2:], run.change(one.variant)[2:]
        assert one.n == len(gain)
        assert one.gain.value == pytest.approx(float(np.float64(gain).mean()), abs=1e-6)
        assert one.gain.low < one.gain.value < one.gain.high
        assert one.follows.value == pytest.approx((gain > 0).mean())
        assert one.marked[2] == pytest.approx(float(np.median(after[2:])), abs=1e-6)
        assert one.correlation.value == pytest.approx(spearmanr(gain, change).statistic, abs=1e-3)
    assert found[0].correlation.low > 0.5
    assert "where it rises more, the answer gets better" in found[0].words()
    assert gaze_by_marker(MemoryRun({"none": 0.5})) == ()


def test_the_words_about_attention_follow_the_interval() -> None:
    zero = Interval(0.0, -0.1, 0.1, 30, 100)
    one = GazeOfMarker(Variant("circle"), 90, (0.0, 0.1, 0.2, 0.3, 0.4), (0.1, 0.2, 0.5, 0.6, 0.7), zero, zero, zero)
    assert one.words().startswith("In the median of 90 samples the share in the box goes from 20% to 50%; whether it")
    worse = replace(one, correlation=Interval(-0.3, -0.4, -0.2, 30, 100))
    assert "the answer gets worse (rank correlation -0.30, -0.40 to -0.20)" in worse.words()
