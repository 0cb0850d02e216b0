"""The draws against their promises, and what a resample gives against repeating its rows and asking scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from sklearn import metrics as reference

from vpe_core import metrics
from vpe_core.errors import MetricError
from vpe_core.metrics import Bootstrap, bootstrap, bootstrap_mean, draw_resamples

REFERENCES = {
    "auroc": reference.roc_auc_score,
    "auprc": reference.average_precision_score,
}
OF_PREDICTED = {
    "accuracy": reference.accuracy_score,
    "balanced_accuracy": lambda truth, predicted: reference.recall_score(
        truth, predicted, labels=np.unique(truth), average="macro"
    ),
    "mcc": reference.matthews_corrcoef,
}


def draws_with_rows(result: Bootstrap) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each draw and the sample numbers of its resample, written out one by one: all samples of each drawn group."""
    for draw, counts in zip(np.moveaxis(result.draws, -1, 0), result.resamples.counts.T, strict=True):
        drawn = np.repeat(np.arange(len(counts)), counts)
        yield draw, np.concatenate([np.flatnonzero(result.resamples.group == group) for group in drawn])


@pytest.mark.parametrize("name", REFERENCES)
def test_each_draw_is_the_reference_on_the_repeated_rows(table, name):
    result = bootstrap(name, table.labels, table.scores, draw_resamples(table.groups, n_resamples=6, seed=1))
    for draw, rows in draws_with_rows(result):
        for class_number in range(table.n_classes):
            positive = table.labels[rows] == class_number
            if positive.all() or not positive.any():
                assert np.isnan(draw[class_number])
            else:
                expected = REFERENCES[name](positive, table.scores[rows, class_number])
                assert draw[class_number] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", OF_PREDICTED)
def test_each_draw_of_the_predicted_class_is_the_reference_on_the_repeated_rows(table, name):
    result = bootstrap(name, table.labels, table.scores, draw_resamples(table.groups, n_resamples=6, seed=2))
    for draw, rows in draws_with_rows(result):
        truth, predicted = table.labels[rows], table.scores[rows].argmax(axis=1)
        if name == "mcc" and min(len(np.unique(truth)), len(np.unique(predicted))) == 1:
            assert np.isnan(draw)
        else:
            assert draw == pytest.approx(OF_PREDICTED[name](truth, predicted))


@pytest.mark.parametrize("name", metrics.names())
def test_every_metric_gives_the_same_on_repeated_rows_as_with_weights(table, name):
    result = bootstrap(name, table.labels, table.scores, draw_resamples(table.groups, n_resamples=5, seed=3))
    for draw, rows in draws_with_rows(result):
        statistic = metrics.get(name).statistic(table.labels[rows], table.scores[rows])
        plain = statistic(np.ones((len(rows), 1)))[..., 0]
        np.testing.assert_allclose(draw, plain, rtol=1e-9, atol=1e-12)


def test_means_of_a_number_per_sample(table):
    values = np.where(np.arange(len(table.labels)) % 7 == 0, np.nan, table.scores[:, 0])
    result = bootstrap_mean(values, draw_resamples(table.groups, n_resamples=5))
    assert result.overall.value == pytest.approx(np.nanmean(values))
    for draw, rows in draws_with_rows(result):
        np.testing.assert_allclose(draw, np.nanmean(values[rows]))


def test_any_weights_agree_with_scikit_learn(table):
    weights = np.random.default_rng(4).exponential(size=len(table.labels))
    auroc = metrics.get("auroc").statistic(table.labels, table.scores)(weights[:, None])[:, 0]
    auprc = metrics.get("auprc").statistic(table.labels, table.scores)(weights[:, None])[:, 0]
    for number in np.flatnonzero(~np.isnan(auroc)):
        arguments = {"y_true": table.labels == number, "y_score": table.scores[:, number], "sample_weight": weights}
        assert auroc[number] == pytest.approx(reference.roc_auc_score(**arguments), rel=1e-12)
        assert auprc[number] == pytest.approx(reference.average_precision_score(**arguments), rel=1e-12)


def test_each_resample_draws_whole_patients_as_many_as_there_are(table):
    resamples = draw_resamples(table.groups, n_resamples=200)
    n_groups = len(np.unique(table.groups))
    assert (resamples.n_groups, resamples.n_resamples) == (n_groups, 200)
    assert (resamples.counts.sum(axis=0) == n_groups).all()
    for patient in np.unique(table.groups):
        assert len(np.unique(resamples.group[table.groups == patient])) == 1


def test_patients_are_drawn_evenly():
    counts = draw_resamples(np.arange(50), n_resamples=4000).counts
    assert counts.mean(axis=1) == pytest.approx(np.ones(50), abs=0.08)  # standard error 0.016
    assert counts.var() == pytest.approx(1 - 1 / 50, rel=0.02)


def test_draws_depend_on_the_seed_alone_and_not_on_patients_names():
    names = np.array(["b", "a", "b", "c"])
    first, again = draw_resamples(names, 20, seed=7), draw_resamples(names, 20, seed=7)
    renamed = draw_resamples([30, 99, 30, 1], 20, seed=7)
    other = draw_resamples(names, 20, seed=8)
    np.testing.assert_array_equal(first.counts, again.counts)
    np.testing.assert_array_equal(first.group, renamed.group)
    assert first.same_as(again)
    assert first.same_as(renamed)
    assert not first.same_as(other)
    assert not np.array_equal(first.counts, other.counts)


def test_the_draws_of_a_seed_never_change():
    expected = [[0, 3, 3, 0, 0], [2, 0, 0, 1, 2], [1, 0, 0, 2, 1]]
    np.testing.assert_array_equal(draw_resamples(["a", "b", "c"], n_resamples=5, seed=0).counts, expected)


def test_blocks_of_resamples_do_not_change_the_result(monkeypatch, table):
    resamples = draw_resamples(table.groups, n_resamples=50)
    at_once = bootstrap("auroc", table.labels, table.scores, resamples).draws
    monkeypatch.setattr("vpe_core.metrics.resamples._BLOCK", 1)
    np.testing.assert_array_equal(bootstrap("auroc", table.labels, table.scores, resamples).draws, at_once)


@pytest.mark.parametrize(
    ("groups", "n_resamples"), [([], 100), ([[1, 2]], 100), ([1, 2], 0)], ids=["none", "not flat", "no resample"]
)
def test_impossible_resamples_are_refused(groups, n_resamples):
    with pytest.raises(MetricError, match="a patient for each sample"):
        draw_resamples(groups, n_resamples)


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_samples_without_a_patient_are_refused(missing):
    with pytest.raises(MetricError, match="2 have none"):
        draw_resamples(np.array(["a", missing, "b", missing], dtype=object))


def test_resamples_of_other_samples_are_refused():
    resamples = draw_resamples([1, 2, 3], 10)
    with pytest.raises(MetricError, match="drawn for these 2 samples, but they were drawn for 3"):
        bootstrap("auroc", [0, 1], np.eye(2), resamples)
    with pytest.raises(MetricError, match="one value a sample"):
        bootstrap_mean(np.eye(3), resamples)


@pytest.mark.parametrize("name", ["auroc", "accuracy", "mcc", "f1"])
def test_summing_up_by_group_changes_no_draw(table, name, monkeypatch):
    resamples = draw_resamples(table.groups, n_resamples=400, seed=5)
    by_group = bootstrap(name, table.labels, table.scores, resamples)
    monkeypatch.setattr("vpe_core.metrics.resamples._FEW_GROUPS", 10**9)
    np.testing.assert_array_equal(by_group.draws, bootstrap(name, table.labels, table.scores, resamples).draws)
