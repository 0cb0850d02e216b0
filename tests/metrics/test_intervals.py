"""Intervals and p-values against their formulas, the textbook and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from vpe_core import metrics
from vpe_core.errors import MetricError
from vpe_core.metrics import (
    Interval,
    bootstrap,
    bootstrap_mean,
    compare,
    compare_unpaired,
    draw_resamples,
    holm,
)
from vpe_core.metrics.intervals import FEWEST_GROUPS


@pytest.mark.parametrize("name", metrics.names())
def test_the_value_is_the_plain_metric(table, name):
    result = bootstrap(name, table.labels, table.scores, draw_resamples(table.groups, 3))
    plain = getattr(metrics, name)(table.labels, table.scores)
    if metrics.get(name).per_class:
        np.testing.assert_array_equal(result.values, plain.values)
        assert [interval.value for interval in result.per_class] == pytest.approx(plain.values, nan_ok=True)
        assert result.overall.value == pytest.approx(plain.macro)
        assert result.n_defined == plain.n_defined
    else:
        assert result.overall.value == pytest.approx(plain, nan_ok=True)
        assert result.per_class == ()


def expanded(draws: np.ndarray, n_groups: int) -> list[float]:
    """Hesterberg's interval, from his formula."""
    if n_groups < FEWEST_GROUPS:
        return [np.nan, np.nan]
    tail = stats.norm.cdf(-np.sqrt(n_groups / (n_groups - 1)) * stats.t.ppf(0.975, n_groups - 1))
    return list(np.nanpercentile(draws, [100 * tail, 100 * (1 - tail)]))


def test_limits_are_percentiles_of_the_draws_further_out_for_few_patients(table):
    result = bootstrap("accuracy", table.labels, table.scores, draw_resamples(table.groups, 500))
    interval, n_groups = result.overall, len(np.unique(table.groups))
    assert (interval.n_groups, interval.n_resamples) == (n_groups, 500)
    assert [interval.low, interval.high] == pytest.approx(expanded(result.draws, n_groups), nan_ok=True)


def test_for_many_patients_they_are_the_plain_percentiles():
    labels = np.tile([0, 1], 1000)
    scores = np.random.default_rng(1).random((2000, 2)) + 0.3 * np.eye(2)[labels]
    result = bootstrap("accuracy", labels, scores, draw_resamples(np.arange(2000), 4000))
    plain = np.percentile(result.draws, [2.5, 97.5])
    assert [result.overall.low, result.overall.high] == pytest.approx(plain, abs=5e-4)


def test_what_tells_about_a_class_are_the_patients_on_its_scarcer_side():
    labels = [0, 0, 0, 1, 1, 2, 0, 1]
    patients = ["a", "a", "b", "c", "c", "c", "d", "d"]
    result = bootstrap("auroc", labels, np.random.default_rng(0).random((8, 3)), draw_resamples(patients, 50))
    # With class 0: a, b, d; without: c, d. With class 1: c, d; without: all. With class 2: c; without: all.
    assert [interval.n_groups for interval in result.per_class] == [2, 2, 1]
    assert result.overall.n_groups == 4


def test_intervals_of_a_rare_class_cover_the_truth():
    truth, positives, rng = stats.norm.cdf(1 / np.sqrt(2)), 6, np.random.default_rng(5)
    labels = np.repeat([0, 1], [54, positives])
    hits = 0
    for seed in range(200):
        score = labels + rng.normal(size=60)
        found = bootstrap("auroc", labels, np.stack([-score, score], 1), draw_resamples(np.arange(60), 400, seed))
        hits += found.per_class[1].low <= truth <= found.per_class[1].high
    assert 0.91 <= hits / 200 <= 0.995  # plain percentiles: 0.88


@pytest.mark.parametrize("patients", [["only"] * 4, ["a", "b", "c", "d"]])
def test_few_patients_give_a_value_but_no_interval(patients):
    labels, scores = [0, 1, 0, 1], [[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.2, 0.8]]
    resamples = draw_resamples(patients, 100)
    result = bootstrap("auroc", labels, scores, resamples)
    assert result.overall.value == 0.75
    assert np.isnan([result.overall.low, result.overall.high]).all()
    assert np.isnan(compare(result, result).overall.p_value)


def test_a_rare_class_is_missing_from_some_resamples_and_that_is_said():
    labels = np.array([0] * 30 + [1] * 30 + [2])
    scores = np.random.default_rng(0).random((61, 3))
    result = bootstrap("auroc", labels, scores, draw_resamples(np.arange(61), 1000))
    assert result.per_class[0].n_resamples == 1000
    assert result.per_class[2].n_resamples == pytest.approx(1000 * (1 - np.exp(-1)), rel=0.06)
    assert result.overall.n_resamples == 1000


def test_an_absent_class_is_undefined_throughout():
    result = bootstrap("auroc", [0, 1, 0, 1], np.random.default_rng(0).random((4, 3)), draw_resamples([1, 2, 3, 4], 50))
    assert result.n_defined == 2
    absent = result.per_class[2]
    assert np.isnan([absent.value, absent.low, absent.high]).all()
    assert absent.n_resamples == 0
    assert np.isnan(compare(result, result).per_class[2].p_value)


def test_a_difference_is_taken_resample_by_resample(table):
    resamples = draw_resamples(table.groups, 400)
    better = np.clip(table.scores + 0.1 * np.eye(table.n_classes)[table.labels], 0, 1)
    marked, unmarked = (bootstrap("auroc", table.labels, scores, resamples) for scores in (better, table.scores))
    gain = compare(marked, unmarked)
    assert gain.overall.interval.value == pytest.approx(marked.overall.value - unmarked.overall.value)
    if resamples.n_groups >= FEWEST_GROUPS:
        draws = np.nanmean(marked.draws - unmarked.draws, axis=0)
        assert gain.overall.interval.low == pytest.approx(expanded(draws, resamples.n_groups)[0])
        first = gain.per_class[0].interval
        expected = expanded(marked.draws[0] - unmarked.draws[0], first.n_groups)
        assert first.high == pytest.approx(expected[1], nan_ok=True)


def test_no_difference_has_a_p_value_of_one(table):
    result = bootstrap("accuracy", table.labels, table.scores, draw_resamples(table.groups, 200))
    same = compare(result, result).overall
    assert same.interval.value == 0
    assert same.p_value == 1 or result.resamples.n_groups < FEWEST_GROUPS


def test_the_p_value_is_that_of_a_paired_t_test():
    before, after = np.random.default_rng(3).normal([[0.0], [0.4]], 1, (2, 30))
    resamples = draw_resamples(np.arange(30), 20_000)
    gain = compare(bootstrap_mean(after, resamples), bootstrap_mean(before, resamples)).overall
    assert gain.p_value == pytest.approx(stats.ttest_rel(after, before).pvalue, rel=0.03)


def test_a_clear_difference_survives_any_number_of_comparisons():
    labels = np.tile([0, 1], 100)
    scores = np.random.default_rng(2).random((200, 2))
    resamples = draw_resamples(np.arange(200), 200)
    better = bootstrap("auroc", labels, scores + np.eye(2)[labels], resamples)
    gain = compare(better, bootstrap("auroc", labels, scores, resamples))
    assert gain.overall.p_value * 1e6 < 0.05  # the count of resamples beyond 0 could not go below 0.01


def test_without_any_spread_all_patients_agree_as_in_a_sign_test():
    labels = np.tile([0, 1], 5)
    resamples = draw_resamples(np.repeat(np.arange(5), 2), 999)
    right, chance = np.eye(2)[labels], np.full((10, 2), 0.5)
    gain = compare(bootstrap("auroc", labels, right, resamples), bootstrap("auroc", labels, chance, resamples))
    assert gain.overall.interval.value == 0.5
    assert gain.overall.p_value == 2**-4


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e6])
@pytest.mark.parametrize("gain", [0.1, 0.25, 0.3, 1 / 3, -0.7])
def test_a_constant_gain_has_one_p_value_whatever_its_digits(gain, scale):
    resamples = draw_resamples(np.repeat(np.arange(6), 7), n_resamples=500)
    before = np.random.default_rng(0).uniform(size=42) * scale
    unmarked, marked = (bootstrap_mean(values, resamples) for values in (before, before + gain * scale))
    assert compare(marked, unmarked).overall.p_value == 2.0**-5


def test_gains_that_cancel_out_up_to_rounding_are_no_difference():
    resamples = draw_resamples(np.repeat(np.arange(6), 7), n_resamples=500)
    before, after = (np.full((2, 500), 0.1), np.array([[0.1 + 0.3], [0.1 - 0.3]]) + np.zeros(500))
    unmarked, marked = (metrics.Bootstrap("any", draws[:, 0], draws, resamples) for draws in (before, after))
    gain = compare(marked, unmarked)
    assert gain.overall.p_value == 1.0
    assert [one.p_value for one in gain.per_class] == [2.0**-5, 2.0**-5]


def test_macro_differences_cover_the_classes_defined_on_both_sides():
    labels, resamples = [0, 0, 1, 1], draw_resamples([1, 2, 3, 4], 20)
    all_first = np.tile([0.9, 0.1], (4, 1))
    result = compare(
        bootstrap("precision", labels, np.eye(2)[labels], resamples),
        bootstrap("precision", labels, all_first, resamples),
    )
    assert result.overall.interval.value == pytest.approx(1.0 - 0.5)  # class 1 is never predicted on the right side
    assert np.isnan(result.per_class[1].interval.value)


def clustered(rng: np.random.Generator, n_patients: int, boxes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two classes, told apart by a normal score at distance 1; boxes of a patient share label and most of the noise."""
    labels = np.repeat(rng.integers(2, size=n_patients), boxes)
    shared = np.repeat(rng.normal(size=n_patients), boxes)
    noise = np.sqrt(0.8) * shared + np.sqrt(0.2) * rng.normal(size=n_patients * boxes)
    score = labels + noise
    return labels, np.stack([-score, score], axis=1), np.repeat(np.arange(n_patients), boxes)


def test_intervals_by_patient_cover_the_truth_and_intervals_by_box_do_not():
    truth = stats.norm.cdf(1 / np.sqrt(2))  # binormal AUROC at distance 1
    rng = np.random.default_rng(10)
    by_patient = by_box = 0
    for seed in range(200):
        labels, scores, patients = clustered(rng, n_patients=60, boxes=5)
        for_patient = bootstrap("auroc", labels, scores, draw_resamples(patients, 400, seed)).overall
        for_box = bootstrap("auroc", labels, scores, draw_resamples(np.arange(len(labels)), 400, seed)).overall
        by_patient += for_patient.low <= truth <= for_patient.high
        by_box += for_box.low <= truth <= for_box.high
    assert 0.90 <= by_patient / 200 <= 0.985
    assert by_box / 200 < 0.80


@pytest.mark.parametrize("n_patients", [5, 50])
def test_p_values_and_intervals_hold_their_level_when_nothing_differs(n_patients):
    rng = np.random.default_rng(11)
    p_values, excluded = [], []
    for seed in range(200):
        labels = rng.permutation(np.arange(3 * n_patients) % 3)
        resamples = draw_resamples(np.repeat(np.arange(n_patients), 3), 400, seed)
        one, other = (rng.normal(size=(len(labels), 3)) + np.eye(3)[labels] for _ in range(2))
        results = [bootstrap("auroc", labels, scores, resamples) for scores in (one, other)]
        gain = compare(*results).overall
        p_values.append(gain.p_value)
        excluded.append(gain.interval.low > 0 or gain.interval.high < 0)
    assert np.mean(np.array(p_values) < 0.05) <= 0.085
    assert np.mean(excluded) <= 0.09
    assert np.mean(np.array(p_values) < 0.5) >= 0.35


def test_the_spread_of_a_mean_is_the_textbook_standard_error():
    values = np.random.default_rng(12).normal(size=400)
    result = bootstrap_mean(values, draw_resamples(np.arange(400), 4000)).overall
    assert (result.high - result.low) / (2 * 1.96) == pytest.approx(values.std() / 20, rel=0.05)


def step_down(p_values: list[float]) -> list[float]:
    """Holm's procedure from its definition: the smallest level at which each hypothesis is rejected."""
    corrected = []
    for p in p_values:
        smaller_or_equal = [other for other in p_values if other <= p]
        at_each_step = [(len(p_values) - sum(q < other for q in p_values)) * other for other in smaller_or_equal]
        corrected.append(min(1.0, max(at_each_step)))
    return corrected


def test_holm_follows_its_definition():
    rng = np.random.default_rng(13)
    for size in (1, 2, 5, 30):
        p_values = rng.random(size) ** 3
        np.testing.assert_allclose(holm(p_values), step_down(list(p_values)))


def test_holm_worked_example_and_missing_values():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.01, np.nan, 0.04]), [0.02, np.nan, 0.04])
    assert holm([]).shape == (0,)


def test_an_interval_prints_as_in_a_table():
    assert str(Interval(0.81249, 0.7801, 0.8499, 40, 2000)) == "0.812 (0.780 to 0.850)"


def test_only_like_is_compared_with_like():
    labels, scores = [0, 1, 1], np.eye(2)[[0, 1, 0]]
    resamples = draw_resamples([1, 2, 3], 10)
    auroc = bootstrap("auroc", labels, scores, resamples)
    for other in (
        bootstrap("auprc", labels, scores, resamples),
        bootstrap("auroc", labels, scores, draw_resamples([1, 2, 3], 10, seed=1)),
        bootstrap("auroc", labels, scores, draw_resamples([1, 1, 3], 10)),
    ):
        with pytest.raises(MetricError, match="same metric on the same samples and resamples"):
            compare(auroc, other)


def test_an_unknown_metric_is_refused_with_a_hint():
    with pytest.raises(MetricError, match="Did you mean 'auroc'"):
        bootstrap("aurocc", [0, 1], np.eye(2), draw_resamples([1, 2], 10))


def test_an_unpaired_difference_is_that_of_two_independent_samples():
    rng = np.random.default_rng(3)
    one, other = rng.normal(0.3, 1, 60), rng.normal(0, 2, 60)  # as many: drawn with one seed, they must not go together
    measured = [bootstrap_mean(values, draw_resamples(np.arange(60), 20_000)) for values in (one, other)]
    found = compare_unpaired(*measured).overall
    error = np.hypot(stats.sem(one), stats.sem(other))
    assert found.interval.value == pytest.approx(one.mean() - other.mean())
    reach = stats.t.ppf(0.975, 59) * error
    assert (found.interval.high - found.interval.low) / 2 == pytest.approx(reach, rel=0.03)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(found.interval.value) / error, 59), abs=0.01)
    with pytest.raises(MetricError, match="same metric"):
        compare_unpaired(measured[0], bootstrap("accuracy", [0, 1] * 30, np.eye(2)[[0, 1] * 30], measured[1].resamples))
