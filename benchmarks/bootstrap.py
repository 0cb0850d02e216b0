"""How much faster is the vectorised bootstrap than scikit-learn in a loop, on one core?

    python -m benchmarks.bootstrap
    python -m benchmarks.bootstrap --samples 1000 --classes 8 --resamples 2000 --loop-resamples 50

Both give macro AUROC over the same patient-level resamples. The loop repeats the rows of the drawn patients and calls
`roc_auc_score` on them; being slow, it runs on a few resamples only, and times are compared per resample. The draws
themselves must agree.
"""

from __future__ import annotations

import time

import numpy as np
import typer
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from vpe_core.metrics import bootstrap, draw_resamples


def main(samples: int = 1000, classes: int = 8, resamples: int = 2000, loop_resamples: int = 50, seed: int = 0) -> None:
    """Time both and print the ratio."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=samples)
    logits = rng.normal(size=(samples, classes)) + np.eye(classes)[labels]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    patients = rng.integers(max(1, samples // 2), size=samples)

    with threadpool_limits(1):
        start = time.perf_counter()
        drawn = draw_resamples(patients, resamples, seed)
        result = bootstrap("auroc", labels, scores, drawn)
        interval = result.overall
        vectorised_s = time.perf_counter() - start

        start = time.perf_counter()
        looped = []
        for counts in drawn.counts.T[:loop_resamples]:
            rows = np.repeat(np.arange(samples), counts[drawn.group])
            looped.append(roc_auc_score(labels[rows], scores[rows], multi_class="ovr"))
        loop_s = time.perf_counter() - start

    np.testing.assert_allclose(result.draws.mean(axis=0)[:loop_resamples], looped, rtol=1e-10)
    ratio = (loop_s / loop_resamples) / (vectorised_s / resamples)
    typer.echo(f"{samples} samples, {classes} classes: macro AUROC {interval}")
    typer.echo(f"vectorised   {resamples:5d} resamples in {vectorised_s:.3f} s")
    typer.echo(f"scikit-learn {loop_resamples:5d} resamples in {loop_s:.3f} s, the same draws")
    typer.echo(f"per resample the vectorised bootstrap is {ratio:.0f} times faster")


if __name__ == "__main__":
    typer.run(main)
