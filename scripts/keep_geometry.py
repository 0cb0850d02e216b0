"""Keep what a plain classifier makes of the boxes of the stored results, so that the benchmark page need not wait.

    python -m scripts.keep_geometry

The forests are trained anew; each set of boxes gets a file in `precomputed/results/geometry`.
"""

from __future__ import annotations

import numpy as np

from vpe_core.results import find_runs
from vpe_core.results.analysis.geometry import RunBoxes
from vpe_core.results.store.files import write_atomically
from vpe_core.settings import get_settings


def main() -> None:
    runs = find_runs(get_settings().precomputed_dir / "results" / "benchmark")
    kept = {boxes.file: boxes for boxes in map(RunBoxes.of, runs)}
    for stale in {file for folder in {file.parent for file in kept} for file in folder.glob("*.npy")} - set(kept):
        stale.unlink()  # of boxes that are no longer there
    for file, boxes in kept.items():
        scores = boxes.scores()
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, lambda stream, scores=scores: np.save(stream, scores, allow_pickle=False))


if __name__ == "__main__":
    main()
