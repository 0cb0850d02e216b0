"""Where a circle on nothing makes a model name a finding, measured by `scripts.measure_fooling`."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vpe_core.settings import get_settings

TABLE = "samples/fooling.csv"
COLUMNS = ("sample", "model", "places", "small", "big", "x", "y", "finding", "chance", "weights_sha256", "command")


@dataclass(frozen=True, slots=True)
class Fooling:
    """What was measured with one model on one finding-free twin.

    Attributes:
        sample: Name of the X-ray whose twin it is.
        places: How many places were tried.
        small: At how many of them a small circle makes the model name a finding.
        big: The same of a big one.
        place_xy: Where it does so most surely, in parts of the picture's sides.
        chance: The probability of that finding, 0 to 1.
    """

    sample: str
    places: int
    small: int
    big: int
    place_xy: tuple[float, float]
    chance: float

    @property
    def rank(self) -> tuple[bool, float]:
        """The higher, the more it is fooled."""
        return (self.small + self.big > 0, self.chance)


def measured_fooling(model: str) -> Sequence[Fooling]:
    """What was measured with a model, a twin each; none where that was not done or cannot be read."""
    table = get_settings().precomputed_dir / TABLE
    try:
        return _read(table, table.stat().st_mtime_ns).get(model, ())
    except (OSError, ValueError):
        return ()


@lru_cache(maxsize=4)
def _read(table: Path, changed_ns: int) -> dict[str, list[Fooling]]:  # noqa: ARG001 - part of the cache's key
    found: dict[str, list[Fooling]] = {}
    with table.open(encoding="utf-8", newline="") as file, suppress(csv.Error):
        for row in csv.DictReader(file):
            with suppress(KeyError, TypeError, ValueError):
                found.setdefault(row["model"], []).append(_fooling(row))
    return found


def _fooling(row: dict[str, str]) -> Fooling:
    return Fooling(
        sample=row["sample"],
        places=int(row["places"]),
        small=int(row["small"]),
        big=int(row["big"]),
        place_xy=(float(row["x"]), float(row["y"])),
        chance=float(row["chance"]),
    )
