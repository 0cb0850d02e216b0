"""Which findings of a data set a study looks for, and where what it found is stored."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from vpe_core.attention.fixed_scale import says_nothing
from vpe_core.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vpe_core.datasets import Dataset
    from vpe_core.types import Sample

FOLDER = "lab"
"""Of both the results of this user and what the project carries."""
StudyOfSet: TypeAlias = Literal["scan", "maps"]
_DIGITS = 5


def findings_of(dataset: Dataset) -> list[Sample]:
    """What has a box and is there, in the data set's order.

    Simulated sets have boxes of "no abnormality", too, so that no box gives the answer away; they hold nothing to find.
    """
    return [one for one in dataset if one.box is not None and not says_nothing(dataset.class_words[one.label])]


def drawn_at_random(findings: Sequence[Sample], limit: int | None = None) -> list[Sample]:
    """So many of them, or all, in an order that is random and always the same.

    The first ones of a table are often of few patients or classes. In this order, whatever a study has done when it is
    stopped tells about all, and a larger limit goes on with what a smaller one drew.
    """
    return [findings[place] for place in np.random.default_rng(0).permutation(len(findings))[:limit].tolist()]


def how_many(n: int, n_all: int) -> str:
    """Of how many findings something is told: "1,501 findings", or "120 findings drawn at random from 1,501"."""
    return f"{n:,} finding{'s' * (n != 1)}" + (f" drawn at random from {n_all:,}" if n < n_all else "")


def own_file(study: StudyOfSet, dataset: str, part: str, model: str) -> Path:
    """Where a study of a data set is stored unless told otherwise, and where pages find it."""
    name = f"{study}-{dataset}-{part}-{model.replace('/', '--')}.json"
    return get_settings().results_dir / FOLDER / name


def stored_files(study: StudyOfSet) -> list[Path]:
    """What is stored of a study: the user's own, then what the project carries."""
    settings = get_settings()
    folders = dict.fromkeys(root / FOLDER for root in (settings.results_dir, settings.precomputed_dir))
    return [file for folder in folders for file in sorted(folder.glob(f"{study}-*.json"))]


def rounded(value: Any) -> Any:
    """Numbers as they are stored: five digits after the point; None where one is not known, as JSON has no nan."""
    if isinstance(value, float):
        return round(value, _DIGITS) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list | tuple) else value


def unrounded(value: Any) -> Any:
    """What `rounded` stored, of a record that has numbers alone where it says None: nan for these."""
    if value is None:
        return float("nan")
    if isinstance(value, dict):
        return {name: unrounded(one) for name, one in value.items()}
    return [unrounded(one) for one in value] if isinstance(value, list) else value
