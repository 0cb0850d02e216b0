"""The kernel of AUROC and average precision: sort a class once, weigh its samples as often as wanted.

Both areas only need, at every positive sample, the total weight of the negatives that score higher. Once the samples
are sorted that is a look-up in a cumulative sum, so a bootstrap of m resamples costs O(n m) and no further sorting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpe_core.metrics.arrays import BoolArray, FloatArray, IntArray, divide, one_hot, sum_by_cell


@dataclass(frozen=True, eq=False)
class Ranking:
    """One class against the rest, p positives and q negatives, each in descending order of score.

    Attributes:
        positives: (p,) sample numbers.
        negatives: (q,) sample numbers.
        above: (p,) how many negatives score strictly higher than each positive.
        not_below: (p,) how many negatives score at least as high.
        tie_end: (p,) place of the last positive with the same score.
    """

    positives: IntArray
    negatives: IntArray
    above: IntArray
    not_below: IntArray
    tie_end: IntArray

    @classmethod
    def of(cls, positive: BoolArray, scores: FloatArray) -> Ranking:
        """Sort the samples: `positive` (n,) and `scores` (n,)."""
        positives, negatives = np.flatnonzero(positive), np.flatnonzero(~positive)
        positives = positives[np.argsort(-scores[positives], kind="stable")]
        negatives = negatives[np.argsort(-scores[negatives], kind="stable")]
        ascending_positives, ascending_negatives = -scores[positives], -scores[negatives]
        return cls(
            positives,
            negatives,
            above=np.searchsorted(ascending_negatives, ascending_positives, side="left"),
            not_below=np.searchsorted(ascending_negatives, ascending_positives, side="right"),
            tie_end=np.searchsorted(ascending_positives, ascending_positives, side="right") - 1,
        )

    def auroc(self, weights: FloatArray) -> FloatArray:
        """Area under the ROC curve for weights (n, m): the share of pairs ranked rightly, a tie counting half.

        With whole-number weights every sum is exact, so the result is the true quotient, rounded once.

        Returns:
            (m,); nan where all positives or all negatives weigh 0.
        """
        positive_weights, higher = weights[self.positives], self._cumulative_negatives(weights)
        total_negative = higher[-1]
        wrong_twice = np.einsum("pm,pm->m", positive_weights, higher[self.above] + higher[self.not_below])
        all_pairs = positive_weights.sum(axis=0) * total_negative
        return divide(all_pairs - wrong_twice / 2, all_pairs)

    def average_precision(self, weights: FloatArray) -> FloatArray:
        """Area under the precision-recall curve as the sum of precision times step in recall, without interpolation.

        Returns:
            (m,); nan where all positives or all negatives weigh 0.
        """
        positive_weights, higher = weights[self.positives], self._cumulative_negatives(weights)
        true_positive = np.cumsum(positive_weights, axis=0)[self.tie_end]
        precision = divide(true_positive, true_positive + higher[self.not_below])
        gained = np.where(positive_weights > 0, positive_weights * precision, 0.0).sum(axis=0)
        return np.where(higher[-1] > 0, divide(gained, positive_weights.sum(axis=0)), np.nan)

    def by_group(self, group: IntArray, n_groups: int) -> GroupedRanking:
        """The pairs counted by group: `group` (n,) numbers the group of each sample."""
        higher = self._cumulative_negatives(one_hot(group, n_groups))
        with_positives, place = np.unique(group[self.positives], return_inverse=True)
        return GroupedRanking(
            with_positives,
            n_positive=np.bincount(group[self.positives], minlength=n_groups),
            n_negative=np.bincount(group[self.negatives], minlength=n_groups),
            wrong_twice=sum_by_cell(place, len(with_positives), higher[self.above] + higher[self.not_below]),
        )

    def _cumulative_negatives(self, weights: FloatArray) -> FloatArray:
        """(q + 1, m): row i is the weight of the i highest negatives."""
        cumulative = np.zeros((len(self.negatives) + 1, weights.shape[1]))
        np.cumsum(weights[self.negatives], axis=0, out=cumulative[1:])
        return cumulative


@dataclass(frozen=True, eq=False)
class GroupedRanking:
    """How many pairs of a positive of one group and a negative of another are ranked wrongly.

    The AUROC is a ratio of two forms that are quadratic in the groups' weights, so with few groups thousands of
    resamples cost one small matrix product, whatever the number of samples.

    Attributes:
        with_positives: (r,) the groups that hold a positive.
        n_positive: (groups,) positives in each group.
        n_negative: (groups,) negatives in each group.
        wrong_twice: (r, groups) twice the number of wrong pairs, a tie being half a wrong one.
    """

    with_positives: IntArray
    n_positive: IntArray
    n_negative: IntArray
    wrong_twice: FloatArray

    def auroc(self, weights: FloatArray) -> FloatArray:
        """`Ranking.auroc` for weights of groups (groups, m), giving (m,)."""
        wrong_twice = np.einsum("rm,rm->m", weights[self.with_positives], self.wrong_twice @ weights)
        all_pairs = (self.n_positive @ weights) * (self.n_negative @ weights)
        return divide(all_pairs - wrong_twice / 2, all_pairs)
