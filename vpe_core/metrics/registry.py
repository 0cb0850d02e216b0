"""All metrics, with what tables and charts need to know of each: a new one is a function and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from numpy.typing import ArrayLike

from vpe_core.errors import MetricError
from vpe_core.metrics import confusion
from vpe_core.metrics.arrays import Statistic
from vpe_core.metrics.calibration import ece_statistic
from vpe_core.metrics.discrimination import auprc_statistic, auroc_statistic, confusion_statistic
from vpe_core.registry import Registry


@dataclass(frozen=True)
class Metric:
    """One metric of labels (n,) and scores (n, k).

    Attributes:
        title: For headings.
        statistic: Labels and scores -> the metric as a function of the samples' weights; see `mean_statistic` and
            `confusion_statistic` for the usual ones.
        per_class: Whether each class has a value of its own, the table's being their mean.
        higher_is_better: Whether a gain is good.
        needs_probabilities: Whether the scores must lie in 0..1.
        chance: What guessing reaches; None where that depends on the classes.
    """

    title: str
    statistic: Callable[[ArrayLike, ArrayLike], Statistic]
    per_class: bool = False
    higher_is_better: bool = True
    needs_probabilities: bool = False
    chance: float | None = None


METRICS: Registry[Metric] = Registry("metric", MetricError)
METRICS.add("auroc", Metric("AUROC", auroc_statistic, per_class=True, chance=0.5))
METRICS.add("auprc", Metric("AUPRC", auprc_statistic, per_class=True))
METRICS.add("accuracy", Metric("Accuracy", confusion_statistic(confusion.accuracy_of)))
METRICS.add("balanced_accuracy", Metric("Balanced accuracy", confusion_statistic(confusion.balanced_accuracy_of)))
METRICS.add("mcc", Metric("MCC", confusion_statistic(confusion.mcc_of)))
METRICS.add("f1", Metric("F1", confusion_statistic(confusion.f1_of), per_class=True))
METRICS.add("precision", Metric("Precision", confusion_statistic(confusion.precision_of), per_class=True))
METRICS.add("recall", Metric("Recall", confusion_statistic(confusion.recall_of), per_class=True))
METRICS.add("ece", Metric("ECE", ece_statistic, higher_is_better=False, needs_probabilities=True))

names, get = METRICS.names, METRICS.get
