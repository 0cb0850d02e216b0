"""Discrimination against scikit-learn, against counting pairs by hand, and at the edges."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn import metrics as reference

from vpe_core import metrics
from vpe_core.errors import MetricError

UNIT = [0.0, 1.0]


def is_defined(table) -> np.ndarray:
    present = np.bincount(table.labels, minlength=table.n_classes)
    return (present > 0) & (present < len(table.labels))


def by_class(table, score) -> np.ndarray:
    """A binary reference score for each class against the rest; nan where there is nothing to compare."""
    return np.array(
        [
            score(table.labels == number, table.scores[:, number]) if defined else np.nan
            for number, defined in enumerate(is_defined(table))
        ]
    )


def count_pairs(positive: np.ndarray, scores: np.ndarray) -> float:
    """AUROC by its definition, pair by pair."""
    pairs = list(itertools.product(scores[positive], scores[~positive]))
    return sum(1.0 if high > low else 0.5 if high == low else 0.0 for high, low in pairs) / len(pairs)


def test_auroc_is_the_share_of_pairs_in_the_right_order(table):
    np.testing.assert_allclose(
        metrics.auroc(table.labels, table.scores).values, by_class(table, count_pairs), rtol=1e-14
    )


def test_auroc_equals_scikit_learn(table):
    expected = by_class(table, reference.roc_auc_score)
    np.testing.assert_allclose(metrics.auroc(table.labels, table.scores).values, expected, rtol=1e-12)


def test_auprc_equals_scikit_learn(table):
    expected = by_class(table, reference.average_precision_score)
    np.testing.assert_allclose(metrics.auprc(table.labels, table.scores).values, expected, rtol=1e-12)


@pytest.mark.parametrize("n_classes", [3, 8])
def test_macro_auroc_equals_the_papers_call_of_scikit_learn(n_classes):
    rng = np.random.default_rng(n_classes)
    labels = rng.integers(n_classes, size=200)
    probabilities = rng.multinomial(16, rng.dirichlet(np.ones(n_classes), size=200)) / 16  # many ties, sum 1
    expected = reference.roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")
    assert metrics.auroc(labels, probabilities).macro == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("metric", [metrics.auroc, metrics.auprc])
def test_macro_is_the_mean_of_the_defined_classes_and_says_how_many(table, metric):
    result = metric(table.labels, table.scores)
    assert result.n_defined == is_defined(table).sum()
    assert result.macro == pytest.approx(np.nanmean(result.values))
    names = [f"class {number}" for number in range(table.n_classes)]
    assert result.undefined(names) == tuple(itertools.compress(names, ~is_defined(table)))


def test_confusion_matrix_equals_scikit_learn(table):
    expected = reference.confusion_matrix(table.labels, table.scores.argmax(axis=1), labels=np.arange(table.n_classes))
    np.testing.assert_array_equal(metrics.confusion_matrix(table.labels, table.scores), expected)


def test_measures_of_the_predicted_class_equal_scikit_learn(table):
    predicted, present = table.scores.argmax(axis=1), np.unique(table.labels)
    ours = (table.labels, table.scores)
    assert metrics.accuracy(*ours) == pytest.approx(reference.accuracy_score(table.labels, predicted))
    expected_recall = reference.recall_score(table.labels, predicted, labels=present, average="macro")
    assert metrics.balanced_accuracy(*ours) == pytest.approx(expected_recall)
    by_present = reference.f1_score(table.labels, predicted, labels=present, average=None)
    np.testing.assert_allclose(metrics.f1(*ours).values[present], by_present)
    np.testing.assert_allclose(
        metrics.recall(*ours).values[present],
        reference.recall_score(table.labels, predicted, labels=present, average=None),
    )
    np.testing.assert_allclose(
        metrics.precision(*ours).values[present],
        reference.precision_score(table.labels, predicted, labels=present, average=None, zero_division=np.nan),
    )
    absent = np.setdiff1d(np.arange(table.n_classes), present)
    for metric in (metrics.f1, metrics.recall, metrics.precision):
        assert np.isnan(metric(*ours).values[absent]).all()


def test_mcc_equals_scikit_learn(table):
    predicted = table.scores.argmax(axis=1)
    if len(np.unique(predicted)) == 1:
        assert np.isnan(metrics.mcc(table.labels, table.scores))
    else:
        expected = reference.matthews_corrcoef(table.labels, predicted)
        assert metrics.mcc(table.labels, table.scores) == pytest.approx(expected)


def test_mcc_of_a_large_table_does_not_overflow():
    labels = np.repeat([0, 1, 2], 60_000)
    scores = np.eye(3)[labels]
    assert metrics.mcc(labels, scores) == pytest.approx(1.0)


def test_curves_equal_scikit_learn(table):
    for number in np.flatnonzero(is_defined(table)):
        positive, scores = table.labels == number, table.scores[:, number]
        roc = metrics.roc_curve(positive, scores)
        x, y, thresholds = reference.roc_curve(positive, scores, drop_intermediate=False)
        np.testing.assert_allclose(roc.x, x)
        np.testing.assert_allclose(roc.y, y)
        np.testing.assert_allclose(roc.thresholds, thresholds)
        pr = metrics.pr_curve(positive, scores)
        precision, recall, thresholds = reference.precision_recall_curve(positive, scores)
        np.testing.assert_allclose(pr.x, recall[::-1])
        np.testing.assert_allclose(pr.y, precision[::-1])
        np.testing.assert_allclose(pr.thresholds[1:], thresholds[::-1])


def test_the_areas_are_those_under_the_curves(table):
    aurocs, auprcs = metrics.auroc(table.labels, table.scores).values, metrics.auprc(table.labels, table.scores).values
    for number in np.flatnonzero(is_defined(table)):
        positive, scores = table.labels == number, table.scores[:, number]
        roc, pr = metrics.roc_curve(positive, scores), metrics.pr_curve(positive, scores)
        assert aurocs[number] == pytest.approx(np.trapezoid(roc.y, roc.x))
        assert auprcs[number] == pytest.approx((np.diff(pr.x) * pr.y[1:]).sum())


def test_a_class_with_no_positive_or_no_negative_has_no_curve():
    for positive in ([False, False], [True, True], []):
        scores = np.linspace(0, 1, len(positive))
        assert not metrics.roc_curve(positive, scores).defined
        assert not metrics.pr_curve(positive, scores).defined


def test_one_class_for_all_samples_leaves_every_auroc_undefined():
    result = metrics.auroc([1, 1, 1], np.random.default_rng(0).random((3, 3)))
    assert np.isnan(result.values).all()
    assert np.isnan(result.macro)
    assert result.n_defined == 0


def test_no_samples_leave_everything_undefined():
    labels, scores = np.empty(0, dtype=int), np.empty((0, 3))
    for name in metrics.names():
        values = metrics.get(name).statistic(labels, scores)(np.empty((0, 1)))
        assert np.isnan(values).all(), name


def test_auroc_does_not_depend_on_the_order_of_samples_or_a_monotone_change(table):
    order = np.random.default_rng(0).permutation(len(table.labels))
    expected = metrics.auroc(table.labels, table.scores).values
    np.testing.assert_array_equal(metrics.auroc(table.labels[order], table.scores[order]).values, expected)
    np.testing.assert_array_equal(metrics.auroc(table.labels, np.exp(3 * table.scores)).values, expected)
    np.testing.assert_allclose(metrics.auroc(table.labels, -table.scores).values, 1 - expected, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32])
def test_any_number_type_will_do(dtype):
    scores = np.array([[2, 1], [1, 2], [3, 0]]).astype(dtype)
    assert metrics.auroc(np.array([0, 1, 0], dtype=np.uint8), scores).macro == 1.0


def test_inputs_are_left_alone(table):
    labels, scores = table.labels.copy(), table.scores.copy()
    labels.flags.writeable = scores.flags.writeable = False
    for metric in (metrics.auroc, metrics.auprc, metrics.f1, metrics.mcc):
        metric(labels, scores)


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 1], [0.1, 0.9], "shape \\(samples, classes\\)"),
        ([0, 1], np.empty((2, 0)), "shape \\(samples, classes\\)"),
        ([0, 1, 1], np.eye(2), "one label for each of the 2 rows"),
        ([0.0, 1.0], np.eye(2), "class numbers"),
        ([0, 2], np.eye(2), "labels in 0..1"),
        ([-1, 1], np.eye(2), "labels in 0..1"),
        ([0, 1], [[np.nan, 1.0], UNIT], "finite"),
        ([0, 1], [[np.inf, 1.0], UNIT], "finite"),
        ([0, 1], [["a", "b"], ["c", "d"]], "finite"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(labels, scores, message):
    with pytest.raises(MetricError, match=message):
        metrics.auroc(labels, scores)


@pytest.mark.parametrize(
    ("positive", "scores", "message"),
    [
        ([0, 1, 2], [0.1, 0.2, 0.3], "true and false"),
        ([True, False], [0.1], "one score for each of the 2"),
        ([True, False], [0.1, np.nan], "finite"),
    ],
)
def test_curves_refuse_what_does_not_fit(positive, scores, message):
    with pytest.raises(MetricError, match=message):
        metrics.roc_curve(positive, scores)
