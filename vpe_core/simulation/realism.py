"""How far simulated films are from real ones: two-sample statistics, by what they look at.

    told = compare(real, simulated)            # two `Films`
    told["layout"].auroc                       # a classifier's, cross-validated by patient: 0.5 = cannot tell them
    told["layout"].energy                      # a distance that still falls where the classifier is always right
    told["layout"].features                    # single features, the most telling first

A classifier two-sample test (Lopez-Paz & Oquab, ICLR 2017) beside an energy distance (Székely & Rizzo, J. Stat. Plan.
Inference 143, 2013) with a permutation test. Intervals of an AUROC are Newcombe's (Stat. Med. 25, 2006, part 2, method
5), of patients: unlike a bootstrap's they do not close up where few films are told apart without a mistake. They
hold for these classifiers; another sample to learn from adds to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats
from scipy.spatial.distance import cdist

from vpe_core.errors import SimulationError
from vpe_core.simulation.fields import Array
from vpe_core.simulation.film_features import EDGE, GROUPS, feature_table

Floats = NDArray[np.float64]
PATCHES = "patches"
"""The group of the classifier that sees pieces of `PATCH_PX` pixels instead of features."""
PATCH_PX, PATCHES_A_FILM = 32, 40
N_FOLDS, N_REPEATS, N_PERMUTATIONS = 5, 4, 999
_COMPONENTS, _TREES = 32, 100
_TINY = 1e-6
_Z_95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, eq=False)
class Films:
    """Films and whose they are.

    Attributes:
        films: as `film_features.reduce_film` returns them.
        patients: the patient of each.
    """

    films: Sequence[Array]
    patients: Sequence[str]

    @property
    def n_patients(self) -> int:
        return len(set(self.patients))

    def of(self, patients: Sequence[str]) -> Films:
        """Only those of some patients."""
        kept = [k for k, patient in enumerate(self.patients) if patient in set(patients)]
        return Films([self.films[k] for k in kept], [self.patients[k] for k in kept])


@dataclass(frozen=True)
class Auroc:
    """How well simulated films are told from real ones, with its 95% interval; 0.5 = not at all."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Feature:
    """One feature on its own.

    Attributes:
        auroc: of ranking films by it; above 0.5 if it is higher in simulated films, below if it is lower.
        real: its median in real films.
        simulated: its median in simulated ones.
    """

    name: str
    auroc: Auroc
    real: float
    simulated: float


@dataclass(frozen=True)
class Separability:
    """What one group of features tells.

    Attributes:
        auroc: of a classifier, film by film.
        energy: energy distance of the features, in the real films' standard deviations; 0 = the same distribution.
            None for patches.
        p_value: of that distance, by permuting patients. None for patches.
        patch_auroc: of the single patch, for patches.
        one_feature: mean over the features of the AUROC of each, turned to be 0.5 or more; by chance alone about 0.57
            with 15 and 60 films. None for patches.
        features: the most telling first. Empty for patches.
    """

    auroc: Auroc
    energy: float | None = None
    p_value: float | None = None
    patch_auroc: Auroc | None = None
    one_feature: float | None = None
    features: tuple[Feature, ...] = ()


def compare(real: Films, simulated: Films, seed: int = 0) -> dict[str, Separability]:
    """Tries to tell simulated films from real ones, by each group of features and by patches.

    Raises:
        SimulationError: fewer than `N_FOLDS` patients on a side.
    """
    if min(real.n_patients, simulated.n_patients) < N_FOLDS:
        raise SimulationError(
            f"Expected films of at least {N_FOLDS} patients of each kind, got {real.n_patients} real and "
            f"{simulated.n_patients} simulated."
        )
    told = {group: _by_features(real, simulated, group, seed) for group in GROUPS}
    return {**told, PATCHES: _by_patches(real, simulated, seed)}


def auroc_interval(positive: NDArray[np.bool_], scores: Floats, patients: Sequence[str]) -> Auroc:
    """An AUROC with Newcombe's interval, which counts patients."""
    n_positive = int(positive.sum())
    pairs = n_positive * (len(positive) - n_positive)
    value = float((stats.rankdata(scores)[positive].sum() - n_positive * (n_positive + 1) / 2) / pairs)
    m, n = (len(set(np.asarray(patients)[kind])) for kind in (positive, ~positive))
    half = (m + n) / 2 - 1

    def beyond(area: float) -> float:
        spread = area * (1 - area) * (1 + half * (1 - area) / (2 - area) + half * area / (1 + area)) / (m * n)
        return float((area - value) ** 2 - _Z_95**2 * spread)

    low = float(optimize.brentq(beyond, 0, min(value, 1 - _TINY))) if value > 0 else 0.0
    high = float(optimize.brentq(beyond, max(value, _TINY), 1)) if value < 1 else 1.0
    return Auroc(value, low, high)


def folds(simulated: NDArray[np.bool_], patients: Sequence[str], seed: int) -> Iterator[tuple[NDArray[np.int64], ...]]:
    """Rows to learn from and rows to judge; no patient is on both sides, and both kinds are on each."""
    from sklearn.model_selection import StratifiedGroupKFold

    split = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    yield from split.split(np.zeros(len(patients)), simulated, patients)


def _joined(real: Films, simulated: Films) -> tuple[list[str], NDArray[np.bool_]]:
    patients = [f"real {p}" for p in real.patients] + [f"simulated {p}" for p in simulated.patients]
    return patients, np.arange(len(patients)) >= len(real.films)


def _by_features(real: Films, simulated: Films, group: str, seed: int) -> Separability:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    names, known = feature_table(real.films, group)
    _, asked = feature_table(simulated.films, group)
    patients, truth = _joined(real, simulated)
    numbers = np.concatenate([known, asked])
    scores = np.zeros(len(numbers))
    for repeat in range(N_REPEATS):
        for learn, judge in folds(truth, patients, seed + repeat):
            model = make_pipeline(
                StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", solver="newton-cholesky")
            )
            scores[judge] += model.fit(numbers[learn], truth[learn]).decision_function(numbers[judge])
    scaled = (numbers - known.mean(0)) / np.maximum(known.std(0), 1e-3) / np.sqrt(len(names))
    energy, p_value = _permuted(scaled, truth, patients, seed)
    features = [
        Feature(name, auroc_interval(truth, column, patients), *_medians(column, truth))
        for name, column in zip(names, numbers.T, strict=True)
    ]
    ranked = sorted(features, key=lambda feature: -abs(feature.auroc.value - 0.5))
    one_feature = 0.5 + float(np.mean([abs(feature.auroc.value - 0.5) for feature in features]))
    return Separability(
        auroc_interval(truth, scores, patients), energy, p_value, one_feature=one_feature, features=tuple(ranked)
    )


def _medians(column: Floats, truth: NDArray[np.bool_]) -> tuple[float, float]:
    return float(np.median(column[~truth])), float(np.median(column[truth]))


def _permuted(numbers: Floats, truth: NDArray[np.bool_], patients: Sequence[str], seed: int) -> tuple[float, float]:
    """The energy distance, and how often one as large comes about when patients are dealt out at random."""
    of, group = np.unique(patients, return_inverse=True)
    kind = np.zeros(len(of), bool)
    kind[group] = truth
    between = cdist(numbers, numbers)

    def energy(simulated: NDArray[np.bool_]) -> float:
        a, b = ~simulated, simulated
        n, m = int(a.sum()), int(b.sum())
        within = between[np.ix_(a, a)].sum() / max(1, n * (n - 1)) + between[np.ix_(b, b)].sum() / max(1, m * (m - 1))
        return float(2 * between[np.ix_(a, b)].mean() - within)

    found = energy(truth)
    rng = np.random.default_rng([seed, 7])
    larger = sum(energy(rng.permutation(kind)[group]) >= found for _ in range(N_PERMUTATIONS))
    return found, (larger + 1) / (N_PERMUTATIONS + 1)


def _by_patches(real: Films, simulated: Films, seed: int) -> Separability:
    from sklearn.decomposition import PCA
    from sklearn.ensemble import ExtraTreesClassifier

    films = [*real.films, *simulated.films]
    patients, truth = _joined(real, simulated)
    rng = np.random.default_rng([seed, 9])
    patches = np.stack([_patches(film, rng) for film in films])
    flat, contrast = patches.reshape(-1, PATCH_PX**2), np.log10(patches.std(2).reshape(-1, 1) + 1e-4)
    of_film = np.repeat(np.arange(len(films)), PATCHES_A_FILM)
    scores = np.zeros(len(flat))
    for learn, judge in folds(truth, patients, seed):
        known, asked = np.isin(of_film, learn), np.isin(of_film, judge)
        pca = PCA(_COMPONENTS, svd_solver="randomized", iterated_power=2, random_state=seed).fit(flat[known])
        forest = ExtraTreesClassifier(_TREES, min_samples_leaf=5, class_weight="balanced", random_state=seed)
        forest.fit(np.hstack([pca.transform(flat[known]), contrast[known]]), truth[of_film[known]])
        scores[asked] = forest.predict_proba(np.hstack([pca.transform(flat[asked]), contrast[asked]]))[:, 1]
    by_film = scores.reshape(len(films), PATCHES_A_FILM).mean(1)
    single = auroc_interval(truth[of_film], scores, [patients[k] for k in of_film])
    return Separability(auroc_interval(truth, by_film, patients), patch_auroc=single)


def _patches(film: Array, rng: np.random.Generator) -> Array:
    """Pieces of a film, (PATCHES_A_FILM, PATCH_PX ** 2), each less its mean: grey levels are asked elsewhere."""
    corners = rng.integers(EDGE // 16, EDGE - EDGE // 16 - PATCH_PX, (PATCHES_A_FILM, 2))
    pieces = np.stack([film[y : y + PATCH_PX, x : x + PATCH_PX].ravel() for y, x in corners])
    return np.asarray(pieces - pieces.mean(1, keepdims=True), np.float32)
