"""What the registry says of a metric is true of it."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from vpe_core import metrics
from vpe_core.errors import MetricError
from vpe_core.metrics import discrimination, intervals

LABELS = np.tile([0, 1, 2], 20)
PERFECT = np.eye(3)[LABELS]
POOR = np.random.default_rng(0).dirichlet(np.ones(3), size=60)


def evaluate(name: str, scores: np.ndarray) -> np.ndarray:
    return metrics.get(name).statistic(LABELS, scores)(np.ones((60, 2)))


@pytest.mark.parametrize("name", metrics.names())
def test_shape_follows_per_class(name):
    assert evaluate(name, POOR).shape == ((3, 2) if metrics.get(name).per_class else (2,))


@pytest.mark.parametrize("name", metrics.names())
def test_better_scores_move_it_the_way_it_says(name):
    gain = evaluate(name, PERFECT).mean() - evaluate(name, POOR).mean()
    assert gain > 0 if metrics.get(name).higher_is_better else gain < 0


@pytest.mark.parametrize("name", metrics.names())
def test_only_those_that_say_so_refuse_scores_beyond_probabilities(name):
    if metrics.get(name).needs_probabilities:
        with pytest.raises(MetricError, match="probabilities"):
            evaluate(name, 7 * POOR)
    else:
        np.testing.assert_allclose(evaluate(name, 7 * POOR), evaluate(name, POOR))


def test_every_public_name_exists_and_is_listed():
    assert sorted(metrics.__all__, key=str) == sorted(set(metrics.__all__))
    for name in metrics.__all__:
        assert hasattr(metrics, name)


@pytest.mark.parametrize("module", [discrimination, intervals])
def test_examples_in_docstrings_hold(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


def test_a_mean_over_samples_is_a_metric_with_an_interval():
    def brier(labels, scores):
        return ((scores - np.eye(scores.shape[1])[labels]) ** 2).sum(axis=1)

    with metrics.METRICS.restored():
        statistic = metrics.mean_statistic(brier)
        metrics.METRICS.add("brier", metrics.Metric("Brier score", statistic, False, needs_probabilities=True))
        resamples = metrics.draw_resamples(np.arange(60), 200)
        measured = metrics.bootstrap("brier", LABELS, POOR, resamples)
        binary = [brier_score_loss(number == LABELS, POOR[:, number]) for number in range(3)]
        assert measured.overall.value == pytest.approx(sum(binary))
        assert measured.overall.low < measured.overall.value < measured.overall.high
        with pytest.raises(MetricError, match="probabilities"):
            metrics.bootstrap("brier", LABELS, 7 * POOR, resamples)
