"""Weights under which size and place of a box tell nothing: overlap weights from cross-validated propensities.

For each class against the rest, a sample of the class weighs 1 - e and another one e, where e is the chance that a box
of this size and place has the class (Li, Morgan and Zaslavsky, Balancing covariates via propensity score weighting,
JASA 113, 2018). So what counts are boxes that could be either; no weight exceeds 1, and nothing must be clipped. Where
e comes from a logistic model, as here, the weighted means of its covariates are the same on both sides, up to the
ridge. The covariates are smooth functions of the box's numbers all over their range (a Nystroem sample of a Gaussian
kernel: kernel balancing, Hazlett, Statistica Sinica 30, 2020), and the log odds that a forest gives the box that has
not seen its patient, which know of edges.

Whether it worked cannot be asked of that forest, which is balanced by construction. It is asked of a reader of boxes
that the weights know nothing of: patients are parted into halves, a forest that learnt from one half reads the other,
and the weights there are made from that half alone. With half of the boxes they are a little worse than those in use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpe_core.leaks.boxes import LabelledBoxes
from vpe_core.leaks.forest import SEED, class_probabilities, forest_probabilities, patient_folds
from vpe_core.metrics.arrays import BoolArray, FloatArray, divide
from vpe_core.metrics.ranking import Ranking

FEWEST_EFFECTIVE = 10.0
"""So many samples must be left of a class, and of the others, by Kish's count, or nothing is told of it."""
MOST_LEFT_TO_TELL = 0.1
"""So far from 0.5 may the weighted AUROC of size and place lie for one class, or they still tell it."""
_SMALLEST = 1e-3  # of a forest's probability: 100 trees do not tell smaller ones apart
_KERNELS, _GAMMA = 100, 0.3  # of standardised numbers: bumps that are about 1.3 standard deviations wide
_RIDGE = 30.0  # inverse strength


@dataclass(frozen=True, slots=True, eq=False)
class OverlapWeights:
    """Weights for each class against the rest, and what they leave.

    Attributes:
        weights: (n, k) of each sample in the comparison of each class with the rest, 0 to 1; 0 for a class that has
            no samples, or no others.
        effective: (k,) how many samples of each class are left, by Kish's count (sum of weights squared, by sum of
            squared weights).
        effective_others: (k,) the same of all other classes' samples.
        difference_before: (k,) largest difference of means between a class and the others among the box's numbers, in
            standard deviations.
        difference_after: (k,) the same, weighted. Below 0.1 is the usual rule for balance.
        reader: (n, k) what a forest that learnt from the other half of the patients makes of size and place.
        reader_weights: (n, k) weights that are made from a sample's own half alone, to check that reader by.
        auroc_before: (k,) AUROC of that reader, unweighted.
        auroc_after: (k,) the same, weighted: 0.5 where size and place tell nothing any more.
    """

    weights: FloatArray
    effective: FloatArray
    effective_others: FloatArray
    difference_before: FloatArray
    difference_after: FloatArray
    reader: FloatArray
    reader_weights: FloatArray
    auroc_before: FloatArray
    auroc_after: FloatArray

    @property
    def enough(self) -> BoolArray:
        """(k,): of which classes something can be told.

        At least `FEWEST_EFFECTIVE` samples of the class and of the others are left, and size and place tell the class
        by no more than `MOST_LEFT_TO_TELL` on either side of 0.5.
        """
        left = np.minimum(self.effective, self.effective_others) >= FEWEST_EFFECTIVE
        return np.asarray(left & (np.abs(self.auroc_after - 0.5) <= MOST_LEFT_TO_TELL))


def overlap_weights(known: LabelledBoxes, probabilities: FloatArray) -> OverlapWeights:
    """Weights under which the boxes' numbers tell no class from the others.

    Args:
        known: The boxes, of two patients or more.
        probabilities: (n, k) of each class from these numbers: `class_probabilities`.
    """
    numbers, positive = known.numbers(), known.labels[:, None] == np.arange(len(known.classes))
    weights = _weights(known, probabilities)
    reader, reader_weights = _independent_reader(known)
    once = np.ones_like(weights)
    return OverlapWeights(
        weights,
        _effective(weights * positive),
        _effective(weights * ~positive),
        _largest_differences(numbers, positive, once),
        _largest_differences(numbers, positive, weights),
        reader,
        reader_weights,
        _aurocs(positive, reader, once),
        _aurocs(positive, reader, reader_weights),
    )


def _effective(weights: FloatArray) -> FloatArray:
    """(k,): of how many equal weights a mean would be as sure as of these (n, k), by Kish; 0 without any."""
    return np.nan_to_num(divide(np.square(weights.sum(axis=0)), np.square(weights).sum(axis=0)))


def _weights(known: LabelledBoxes, probabilities: FloatArray) -> FloatArray:
    kernels = _smooth_functions(known.numbers())
    clipped = np.clip(probabilities, _SMALLEST, 1 - _SMALLEST)
    log_odds = np.log(clipped / (1 - clipped))
    weights = np.zeros_like(log_odds)
    for number in range(len(known.classes)):
        positive = known.labels == number
        if positive.any() and not positive.all():
            propensity = _logistic(np.column_stack([log_odds[:, number], kernels]), positive)
            weights[:, number] = np.where(positive, 1 - propensity, propensity)
    return weights


def _smooth_functions(numbers: FloatArray) -> FloatArray:
    """(n, up to 100): bumps over place and, on a logarithmic scale, size."""
    from sklearn.kernel_approximation import Nystroem

    place, size = numbers[:, :2], numbers[:, 2:]
    standard = _standardised(np.column_stack([place, np.log(np.maximum(size, _SMALLEST))]))
    kernels = Nystroem(gamma=_GAMMA, n_components=min(_KERNELS, len(numbers)), random_state=SEED)
    bumps: FloatArray = kernels.fit_transform(standard)
    return bumps


def _standardised(covariates: FloatArray) -> FloatArray:
    spread = covariates.std(axis=0)
    standard: FloatArray = (covariates - covariates.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return standard


def _logistic(covariates: FloatArray, positive: BoolArray) -> FloatArray:
    from sklearn.linear_model import LogisticRegression

    standard = _standardised(covariates)
    model = LogisticRegression(C=_RIDGE, solver="newton-cholesky", max_iter=200).fit(standard, positive)
    chance: FloatArray = model.predict_proba(standard)[:, 1]
    return chance


def _independent_reader(known: LabelledBoxes) -> tuple[FloatArray, FloatArray]:
    """Scores from the other half of the patients, and weights from the own one."""
    n_classes = len(known.classes)
    scores, weights = (np.zeros((len(known), n_classes)) for _ in range(2))
    numbers = known.numbers()
    for learnt, read in patient_folds(known.labels, known.patients, 2):
        scores[read] = forest_probabilities(numbers[learnt], known.labels[learnt], numbers[read], n_classes)
        half = known.at(read)
        if half.n_patients > 1:
            own = class_probabilities(numbers[read], half.labels, half.patients, n_classes)
            weights[read] = _weights(half, own)
    return scores, weights


def _aurocs(positive: BoolArray, scores: FloatArray, weights: FloatArray) -> FloatArray:
    columns = zip(positive.T, scores.T, weights.T, strict=True)
    return np.array([Ranking.of(side, score).auroc(weight[:, None])[0] for side, score, weight in columns])


def _largest_differences(numbers: FloatArray, positive: BoolArray, weights: FloatArray) -> FloatArray:
    """(k,): of the means of a class and the others, by the unweighted standard deviation within the two sides."""
    largest = np.full(positive.shape[1], np.nan)
    for number, (side, weight) in enumerate(zip(positive.T, weights.T, strict=True)):
        if weight[side].any() and weight[~side].any():
            means = [np.average(numbers[one], axis=0, weights=weight[one]) for one in (side, ~side)]
            spread = np.sqrt((numbers[side].var(axis=0) + numbers[~side].var(axis=0)) / 2)
            largest[number] = np.nanmax(divide(np.abs(means[0] - means[1]), spread), initial=0.0)
    return largest
