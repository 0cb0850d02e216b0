"""Weights under which size and place of a box tell nothing: overlap weights from cross-validated propensities.

For each class against the rest, a sample of the class weighs 1 - e and another one e, where e is the chance that a box
of this size and place has the class (Li, Morgan and Zaslavsky, Balancing covariates via propensity score weighting,
JASA 113, 2018). So what counts are boxes that could be either; no weight exceeds 1, and nothing must be clipped. Where
e comes from a logistic model, the weighted means of its covariates are the same on both sides, exactly. The covariates
are the box's own numbers and the log odds that a forest gives it that has not seen its patient, so that what is not
linear is in it too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpe_core.leaks.boxes import LabelledBoxes
from vpe_core.metrics.arrays import BoolArray, FloatArray, divide
from vpe_core.metrics.ranking import Ranking

FEWEST_EFFECTIVE = 10.0
"""So many samples must be left of a class, and of the others, by Kish's count, or nothing is told of it."""
MOST_LEFT_TO_TELL = 0.05
"""So far from 0.5 may the weighted AUROC of size and place lie, or they still tell the class."""
_SMALLEST = 1e-3  # of a forest's probability: 100 trees do not tell smaller ones apart
_RIDGE = 100.0  # inverse strength; only a class that its box gives away fully needs any


@dataclass(frozen=True, slots=True, eq=False)
class OverlapWeights:
    """Weights for each class against the rest, and what they leave.

    Attributes:
        weights: (n, k) of each sample in the comparison of each class with the rest, 0 to 1; 0 for a class that has
            no samples.
        effective: (k,) how many samples of each class are left, by Kish's count (sum of weights squared, by sum of
            squared weights).
        effective_others: (k,) the same of all other classes' samples.
        auroc_before: (k,) AUROC of size and place for each class, unweighted.
        auroc_after: (k,) the same, weighted: 0.5 where they tell nothing any more.
        difference_before: (k,) largest difference of means between a class and the others among the box's numbers, in
            standard deviations.
        difference_after: (k,) the same, weighted. Below 0.1 is the usual rule for balance.
    """

    weights: FloatArray
    effective: FloatArray
    effective_others: FloatArray
    auroc_before: FloatArray
    auroc_after: FloatArray
    difference_before: FloatArray
    difference_after: FloatArray

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
        known: The boxes.
        probabilities: (n, k) of each class from these numbers: `class_probabilities`.
    """
    numbers = known.numbers()
    columns = [
        _of_class(known.labels == number, probabilities[:, number], numbers) for number in range(len(known.classes))
    ]
    weights, *others = (np.stack(column, axis=-1) for column in zip(*columns, strict=True))
    return OverlapWeights(weights, *others)


def effective_size(weights: FloatArray) -> float:
    """Kish's effective number of samples: of how many equal weights the mean would be as sure."""
    return float(divide(np.square(weights.sum()), np.square(weights).sum()[None])[0]) if weights.any() else 0.0


def _of_class(positive: BoolArray, chance: FloatArray, numbers: FloatArray) -> tuple[FloatArray | float, ...]:
    n_positive = int(positive.sum())
    if n_positive in (0, len(positive)):
        return np.zeros(len(positive)), 0.0, 0.0, np.nan, np.nan, np.nan, np.nan
    clipped = np.clip(chance, _SMALLEST, 1 - _SMALLEST)
    log_odds = np.log(clipped / (1 - clipped))
    propensity = _logistic(np.column_stack([log_odds, numbers]), positive)
    weights = np.where(positive, 1 - propensity, propensity)
    once, ranking = np.ones(len(positive)), Ranking.of(positive, chance)
    before, after = ranking.auroc(np.column_stack([once, weights]))
    return (
        weights, effective_size(weights[positive]), effective_size(weights[~positive]), before, after,
        _largest_difference(numbers, positive, once), _largest_difference(numbers, positive, weights),
    )  # fmt: skip


def _logistic(covariates: FloatArray, positive: BoolArray) -> FloatArray:
    from sklearn.linear_model import LogisticRegression

    spread = covariates.std(axis=0)
    standard = (covariates - covariates.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    model = LogisticRegression(C=_RIDGE, max_iter=1000).fit(standard, positive)
    chance: FloatArray = model.predict_proba(standard)[:, 1]
    return chance


def _largest_difference(numbers: FloatArray, positive: BoolArray, weights: FloatArray) -> float:
    """Of the means, by the unweighted standard deviation within the two sides."""
    sides = [(numbers[side], weights[side]) for side in (positive, ~positive)]
    if not all(side.any() for _, side in sides):
        return np.nan
    means = [np.average(values, axis=0, weights=side) for values, side in sides]
    spread = np.sqrt(np.mean([values.var(axis=0) for values, _ in sides], axis=0))
    return float(np.max(divide(np.abs(means[0] - means[1]), spread), initial=0.0))
