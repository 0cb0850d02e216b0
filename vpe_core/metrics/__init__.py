"""Metrics as pure functions of arrays: how good, how sure, and how calibrated.

from vpe_core.metrics import auroc, bootstrap, compare, draw_resamples

auroc(labels, scores).macro                         # one value a class, nan = undefined
resamples = draw_resamples(patient_ids)             # patients, not images, are resampled
marked = bootstrap("auroc", labels, scores, resamples)
marked.overall                                      # Interval(value, low, high, …)
"""

from vpe_core.metrics.arrays import Statistic, mean_statistic
from vpe_core.metrics.calibration import Reliability, ece, reliability, top_label
from vpe_core.metrics.correlation import rank_correlation, rank_correlation_statistic
from vpe_core.metrics.curves import Curve, pr_curve, roc_curve
from vpe_core.metrics.delong import DeLongTest, delong_covariance, delong_test
from vpe_core.metrics.discrimination import (
    PerClass,
    accuracy,
    auprc,
    auroc,
    balanced_accuracy,
    confusion_matrix,
    confusion_statistic,
    f1,
    mcc,
    precision,
    recall,
)
from vpe_core.metrics.intervals import (
    Bootstrap,
    Comparison,
    Difference,
    Interval,
    bootstrap,
    bootstrap_mean,
    bootstrap_statistic,
    bootstrap_weighted_auroc,
    compare,
    compare_unpaired,
    holm,
)
from vpe_core.metrics.registry import METRICS, Metric, get, names
from vpe_core.metrics.resamples import Resamples, draw_resamples

__all__ = [
    "METRICS",
    "Bootstrap",
    "Comparison",
    "Curve",
    "DeLongTest",
    "Difference",
    "Interval",
    "Metric",
    "PerClass",
    "Reliability",
    "Resamples",
    "Statistic",
    "accuracy",
    "auprc",
    "auroc",
    "balanced_accuracy",
    "bootstrap",
    "bootstrap_mean",
    "bootstrap_statistic",
    "bootstrap_weighted_auroc",
    "compare",
    "compare_unpaired",
    "confusion_matrix",
    "confusion_statistic",
    "delong_covariance",
    "delong_test",
    "draw_resamples",
    "ece",
    "f1",
    "get",
    "holm",
    "mcc",
    "mean_statistic",
    "names",
    "pr_curve",
    "precision",
    "rank_correlation",
    "rank_correlation_statistic",
    "recall",
    "reliability",
    "roc_curve",
    "top_label",
]
