"""The simulated data sets and how a folder of one is written: pictures, finding-free twins, and one table."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from vpe_core.datasets.simulated import HEALTHY
from vpe_core.errors import SimulationError
from vpe_core.registry import Registry
from vpe_core.simulation.bases import Base, load_base
from vpe_core.simulation.cases import CasePlan, plan_case, plan_nodule_case, render_case

COLUMNS = (
    "image", "twin", "patient", "finding", "x0", "y0", "x1", "y1", "side", "zone", "size_mm", "severity", "habitus",
    "portable", "photons_per_mm2", "contrast", "simulated",
)  # fmt: skip
PARTS = ("train", "val", "test")
DESCRIPTION = "Simulated chest X-ray, not a patient."
"""Carried by every PNG, wherever it ends up. Not by WebP: a data set's fingerprint follows the size of its files."""


@dataclass(frozen=True)
class SimulatedSet:
    """A recipe for cases with a fixed split by base patient.

    Attributes:
        patients: first base patient of train, val and test and the one after the last; the three never overlap.
        images: number of images of train, val and test.
        counts: probability of 0, 1, 2 … findings an image.
        healthy: share of the images of val and test that have none: a class of its own there.
        nodules: one nodule an image, benign against malignant, instead of `counts`.
        portable: AP, tilted, noisy, with lines and tubes.
    """

    name: str
    title: str
    patients: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
    images: tuple[int, int, int]
    counts: tuple[float, ...] = (0, 0, 0.4, 0.35, 0.25)
    healthy: float = 0.0
    nodules: bool = False
    portable: bool = False
    seed: int = 20261124

    def part(self, name: str) -> tuple[range, int]:
        """Base patients and number of images of a part.

        Raises:
            SimulationError: there is no such part.
        """
        if name not in PARTS:
            raise SimulationError(f"Expected a part of {self.name} out of {', '.join(PARTS)}, got {name!r}.")
        k = PARTS.index(name)
        return range(*self.patients[k]), self.images[k]

    def plan(self, index: int, patients: Sequence[int], part: str = "") -> CasePlan:
        """The case with this number."""
        rng = np.random.default_rng([self.seed, PARTS.index(part) if part in PARTS else 9, index])
        patient, seed = int(patients[index % len(patients)]), int(rng.integers(2**31))
        if self.nodules:
            return plan_nodule_case(seed, patient)
        if part in PARTS[1:] and rng.random() < self.healthy:
            return CasePlan(seed, patient, self.portable, ())
        return plan_case(seed, patient, self.portable, self.counts)


SETS: Registry[SimulatedSet] = Registry("simulated data set", SimulationError)
_STANDING = ((1000, 1260), (2000, 2024), (3000, 3060))
SETS.add(
    "sim-multi",
    SimulatedSet(
        "sim-multi", "Simulated X-rays, none or 2 to 4 findings each", _STANDING, (34000, 240, 600), healthy=0.12
    ),
)
SETS.add(
    "sim-nodule",
    SimulatedSet(
        "sim-nodule", "Simulated X-rays, one benign or malignant nodule", _STANDING, (6000, 240, 400), nodules=True
    ),
)
SETS.add(
    "sim-shift",
    SimulatedSet(
        "sim-shift",
        "Simulated portable X-rays, none or 2 to 4 findings each",
        ((5000, 5100), (5200, 5212), (4000, 4024)),
        (6000, 120, 300),
        healthy=0.12,
        portable=True,
    ),
)


def write_cases(
    folder: Path,
    plans: Sequence[CasePlan],
    bases: Sequence[Path],
    size: int,
    twins: bool = False,
    quality: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> pd.DataFrame:
    """Renders cases into `folder`/images (and /healthy), and writes the table samples.csv beside them.

    A case without findings has one row, with the box of a finding of another case, so that neither size nor place tells
    that nothing is there. It has no twin: there is nothing to leave out.

    Args:
        folder: written to.
        plans: the cases.
        bases: the base patient's file of each plan.
        size: edge length in px.
        twins: also render every case that has findings without them.
        quality: lossy WebP of this quality; None = PNG.
        progress: called with the number of cases done since the last call.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    if twins:
        (folder / "healthy").mkdir(exist_ok=True)
    chunks = [range(start, min(start + 20, len(plans))) for start in range(0, len(plans), 20)]
    rows: list[dict[str, object]] = []
    planned, files = ([[of[k] for k in chunk] for chunk in chunks] for of in (plans, bases))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        write = partial(_write_chunk, folder, size=size, twins=twins, quality=quality)
        for written, done in pool.map(write, chunks, planned, files):
            rows += written
            progress(done)
    table = pd.DataFrame(_with_boxes(rows, plans), columns=list(COLUMNS))
    table.to_csv(folder / "samples.csv", index=False)
    return table


def _write_chunk(
    folder: Path,
    numbers: Sequence[int],
    plans: Sequence[CasePlan],
    bases: Sequence[Path],
    size: int,
    twins: bool,
    quality: int | None,
) -> tuple[list[dict[str, object]], int]:
    rows: list[dict[str, object]] = []
    loaded: dict[Path, Base] = {}
    suffix = "png" if quality is None else "webp"
    for number, plan, path in zip(numbers, plans, bases, strict=True):
        base = loaded[path] = loaded.get(path) or load_base(path)
        case = render_case(plan, base, size)
        name = f"images/{number:05d}.{suffix}"
        _save(folder / name, case.image, quality)
        twin = ""
        if twins and case.findings:
            twin = f"healthy/{number:05d}.{suffix}"
            _save(folder / twin, render_case(plan.without_findings(), base, size).image, quality)
        about = {
            "image": name,
            "twin": twin,
            "patient": f"{'ap' if plan.portable else 'pa'}{plan.patient}",
            "habitus": base.habitus,
            "portable": plan.portable,
            "photons_per_mm2": round(case.exposure.photons_per_mm2),
            "contrast": round(case.exposure.contrast, 2),
            "simulated": True,
        }
        for found in case.findings:
            box = {key: round(value * size, 1) for key, value in zip(("x0", "y0", "x1", "y1"), found.box, strict=True)}
            rows.append(
                {
                    **about,
                    **box,
                    "finding": found.finding,
                    "side": found.side,
                    "zone": found.zone,
                    "size_mm": found.size_mm,
                    "severity": found.severity,
                }
            )
        if not case.findings:
            rows.append({**about, "finding": HEALTHY})
    return rows, len(plans)


def _with_boxes(rows: Sequence[dict[str, object]], plans: Sequence[CasePlan]) -> list[dict[str, object]]:
    """The rows; one without a finding has the box of any finding of the others, each as likely."""
    boxes = [{key: row[key] for key in ("x0", "y0", "x1", "y1")} for row in rows if row["finding"] != HEALTHY]
    seeds = iter([plan.seed for plan in plans if not plan.findings])
    return [
        {**row, **boxes[int(np.random.default_rng([next(seeds), 101]).integers(len(boxes)))]}
        if row["finding"] == HEALTHY and boxes
        else row
        for row in rows
    ]


def _save(path: Path, pixels: np.ndarray, quality: int | None) -> None:
    image = Image.fromarray(pixels)
    if quality is None:
        about = PngInfo()
        about.add_text("Description", DESCRIPTION)
        image.save(path, optimize=True, pnginfo=about)
    else:
        image.convert("RGB").save(path, quality=quality, method=6)
