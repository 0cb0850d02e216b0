"""The distance from real films: none between like samples, told where something differs, patients kept together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from vpe_core.errors import SimulationError
from vpe_core.simulation.film_features import EDGE, layout, reduce_film
from vpe_core.simulation.realism import PATCHES, Films, auroc_interval, compare, folds


def _film(seed: int, blur: float = 0.0) -> np.ndarray:
    """Texture of every scale on a bright ground with two dark fields that begin and end at known places."""
    rng = np.random.default_rng(seed)
    film = sum(ndimage.gaussian_filter(rng.standard_normal((320, 320)), s) * s for s in (1, 2, 4, 8, 16))
    film = 150 + 8 * film
    film[64:208, 40:130] -= 80
    film[64:208, 190:280] -= 80
    film = ndimage.gaussian_filter(film, blur) if blur else film
    return np.clip(film, 0, 255).astype(np.uint8)


def _films(seeds: range, blur: float = 0.0) -> Films:
    return Films([reduce_film(_film(seed, blur)) for seed in seeds], [str(seed // 2) for seed in seeds])


def test_what_is_alike_is_not_told_apart_and_what_is_blurred_is() -> None:
    real = _films(range(16))
    alike, blurred = compare(real, _films(range(100, 116))), compare(real, _films(range(100, 116), blur=1.5))
    for group, told in alike.items():
        assert told.auroc.low < 0.5 < told.auroc.high, group
        assert told.p_value is None or told.p_value > 0.01, group
    for group in ("spectrum", PATCHES):
        assert blurred[group].auroc.value > 0.95, group
    assert blurred["spectrum"].p_value == pytest.approx(0.001)
    ranked = {feature.name: feature for feature in blurred["spectrum"].features}
    assert ranked["power at 98 cycles"].auroc.value == 0
    assert ranked["slope"].simulated < ranked["slope"].real


def test_a_patient_is_never_on_both_sides() -> None:
    patients = [str(k // 3) for k in range(60)]
    simulated = np.arange(60) >= 30
    judged = []
    for learn, judge in folds(simulated, patients, seed=0):
        assert not {patients[k] for k in learn} & {patients[k] for k in judge}
        assert len(set(simulated[judge])) == 2
        judged += judge.tolist()
    assert sorted(judged) == list(range(60))


def test_the_interval_stays_open_without_a_mistake_and_counts_patients() -> None:
    truth = np.arange(40) >= 20
    patients = [str(k) for k in range(40)]
    alone = auroc_interval(truth, truth.astype(float), patients)
    in_pairs = auroc_interval(truth, truth.astype(float), [str(k // 2) for k in range(40)])
    assert alone.value == in_pairs.value == alone.high == 1
    assert 0.8 < in_pairs.low < alone.low < 1
    chance = auroc_interval(truth, np.zeros(40), patients)
    assert chance.low + chance.high == pytest.approx(1)
    # Hanley and McNeil's standard error at 0.5 with 20 and 20
    assert chance.high - chance.low == pytest.approx(2 * 1.96 * np.sqrt((0.25 + 38 / 12) / 400), rel=0.1)


def test_the_domes_are_found_where_they_are() -> None:
    told = layout(reduce_film(_film(1)))
    for side in ("image left", "image right"):
        assert told[f"lung top, {side}"] == pytest.approx(64 / 320, abs=4 / EDGE)
        assert told[f"dome, {side}"] == pytest.approx(208 / 320, abs=4 / EDGE)


def test_too_few_patients_are_refused() -> None:
    with pytest.raises(SimulationError, match="at least 5 patients of each kind, got 2 real and 12 simulated"):
        compare(_films(range(4)), _films(range(24)))
