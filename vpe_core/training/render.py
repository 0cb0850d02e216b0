"""The training images: thousands of simulated cases, rendered once into arrays that every run reads."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock
from numpy.typing import NDArray

from vpe_core.errors import TrainingError
from vpe_core.folders import make_folder
from vpe_core.simulation.bases import Base, load_base
from vpe_core.simulation.cases import DRAWING_ORDER, plan_case, plan_nodule_case, render_case

CLASSES = DRAWING_ORDER
IMAGE_SIZE, COVERAGE_SIZE = 288, 28
CHUNK = 250  # cases that one task renders
NODULE_SHARE = 0.15  # of the cases: one nodule with a benign or malignant look


@dataclass(frozen=True)
class TrainingCases:
    """Rendered cases on disk.

    Attributes:
        folder: images.npy uint8 (n, 288, 288); coverage.npy uint8 (n, 10, 28, 28), share of each cell that a finding
            covers, x 255; findings.parquet, one row a finding with its case, look, box, side, zone and severity.
    """

    folder: Path

    @cached_property
    def images(self) -> NDArray[np.uint8]:
        return np.asarray(np.load(self.folder / "images.npy", mmap_mode="r"))

    @cached_property
    def coverage(self) -> NDArray[np.uint8]:
        return np.asarray(np.load(self.folder / "coverage.npy", mmap_mode="r"))

    @cached_property
    def findings(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "findings.parquet")

    def __len__(self) -> int:
        return len(self.images)


def render_training_cases(
    folder: Path, bases: list[Path], cases: int, seed: int, progress: Callable[[int], None] = lambda _: None
) -> TrainingCases:
    """Renders `cases` cases from the base patients, on all cores; what is there already is kept.

    Two trainings started together, of a model and its twin say, share one folder: the second waits for the first.

    Raises:
        TrainingError: there are no base patients, or the folder holds cases of another recipe or of another version
            of the simulator, which shows when its first case is rendered again.
    """
    if not bases:
        raise TrainingError("Expected at least one base patient to render training cases from, found none.")
    recipe = {"cases": cases, "seed": seed, "bases": [path.name for path in bases], "size": IMAGE_SIZE}
    done = folder / "recipe.json"
    if not done.exists():
        make_folder(folder, TrainingError)
        with FileLock(folder / ".lock"):
            if not done.exists():  # another training may have rendered them meanwhile
                _render(folder, bases, cases, seed, progress)
                part = done.with_suffix(".part")
                part.write_text(json.dumps(recipe))
                part.replace(done)
                return TrainingCases(folder)
    if json.loads(done.read_text()) != recipe:
        raise TrainingError(f"{folder} holds training cases of another recipe. Name another folder or delete it.")
    kept = TrainingCases(folder)
    pictures, covered, _ = _render_chunk(bases, 0, 1, seed)
    if not (np.array_equal(pictures[0], kept.images[0]) and np.array_equal(covered[0], kept.coverage[0])):
        raise TrainingError(
            f"{folder} holds training cases of another version of the simulator. Delete it and start anew."
        )
    return kept


def _render(folder: Path, bases: list[Path], cases: int, seed: int, progress: Callable[[int], None]) -> None:
    images = np.lib.format.open_memmap(folder / "images.npy", "w+", np.uint8, (cases, IMAGE_SIZE, IMAGE_SIZE))
    grid = (cases, len(CLASSES), COVERAGE_SIZE, COVERAGE_SIZE)
    coverage = np.lib.format.open_memmap(folder / "coverage.npy", "w+", np.uint8, grid)
    tables = []
    starts = range(0, cases, CHUNK)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        render = partial(_render_chunk, bases, seed=seed)
        stops = [min(start + CHUNK, cases) for start in starts]
        for start, (pictures, covered, table) in zip(starts, pool.map(render, starts, stops), strict=True):
            images[start : start + len(pictures)] = pictures
            coverage[start : start + len(covered)] = covered
            tables.append(table)
            progress(len(pictures))
    images.flush()
    coverage.flush()
    pd.concat(tables, ignore_index=True).to_parquet(folder / "findings.parquet")


def _render_chunk(
    bases: list[Path], start: int, stop: int, seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], pd.DataFrame]:
    pictures = np.empty((stop - start, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    covered = np.zeros((stop - start, len(CLASSES), COVERAGE_SIZE, COVERAGE_SIZE), np.uint8)
    rows = []
    cache: dict[Path, Base] = {}
    for k, index in enumerate(range(start, stop)):
        rng = np.random.default_rng([seed, index])
        path = bases[int(rng.integers(len(bases)))]
        base = cache[path] = cache.get(path) or load_base(path)
        case_seed = int(rng.integers(2**31))
        planner = plan_nodule_case if rng.random() < NODULE_SHARE else plan_case
        plan = planner(case_seed, base.patient)
        case = render_case(plan, base, IMAGE_SIZE)
        pictures[k] = case.image
        for found, mask in zip(case.findings, case.masks, strict=True):
            look, name = (plan.nodule, "lung nodule") if plan.nodule else ("", found.finding)
            covered[k, CLASSES.index(name)] = _cell_share(mask)
            rows.append((index, CLASSES.index(name), look, *found.box, found.side, found.zone, found.severity))
    columns = ["case", "finding", "look", "x0", "y0", "x1", "y1", "side", "zone", "severity"]
    return pictures, covered, pd.DataFrame(rows, columns=columns)


def _cell_share(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """How much of each of 28 x 28 cells a mask covers, x 255; a cell that it only touches still gets a quarter."""
    edges = np.linspace(0, mask.shape[0], COVERAGE_SIZE + 1).round().astype(int)
    sums = np.add.reduceat(np.add.reduceat(mask.astype(np.float32), edges[:-1], 0), edges[:-1], 1)
    area = np.outer(np.diff(edges), np.diff(edges))
    share = sums / area
    return np.asarray(np.clip(np.where(share > 0, share * 0.75 + 0.25, 0) * 255, 0, 255), np.uint8)
