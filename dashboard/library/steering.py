"""Which X-rays of the gallery a rough marker steers, measured by `scripts.measure_gallery`, and their order by it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from vpe_core.datasets.gallery import Finding, GalleryImage
from vpe_core.datasets.simulated import HEALTHY
from vpe_core.settings import get_settings

TABLE = "samples/steering.csv"
WAYS = ("circle_tight", "circle_loose", "circle_double", "box_tight", "box_loose", "box_double", "arrow")
"""Columns: the share of markers of this kind and size, at their place and beside it, that lead to the finding."""
EASY_SHARE, HARD_SHARE = 0.95, 0.75
"""From and below which share of markers an X-ray is called easy or hard to steer."""
COLUMNS = (
    "sample", "finding", "said_unmarked", "unmarked", *WAYS, "lowest", "mean", "attention_unmarked",
    "attention_circle", "peak_unmarked", "peak_circle", "model", "weights_sha256", "command",
)  # fmt: skip


def class_of(finding: str, classes: Sequence[str]) -> str | None:
    """The class that a finding is answered by: its own, or of a "benign lung nodule" lung nodule; None if neither."""
    if finding in classes:
        return finding
    return next((name for name in classes if finding.endswith(f" {name}")), None)


@dataclass(frozen=True, slots=True)
class SteeredFinding:
    """What was measured of one finding.

    Attributes:
        label: Its name.
        named: The class that the unmarked answer names.
        unmarked: The finding's probability without a marker, 0 to 1.
        mean: The mean of it over all markers.
        shares: For each of `WAYS` the share of markers that lead to the finding.
        attention_unmarked: Share of the attention inside the finding's circle, before it is drawn; nan without a place.
        attention_circle: The same once it is drawn.
    """

    label: str
    named: str
    unmarked: float
    mean: float
    shares: Mapping[str, float]
    attention_unmarked: float
    attention_circle: float

    @property
    def gain(self) -> float:
        """What the markers add to its probability, on average."""
        return self.mean - self.unmarked

    @property
    def is_turned(self) -> bool:
        """Whether every circle leads to it, and the unmarked answer names another class."""
        named_at_once = class_of(self.label, (self.named,)) is not None
        return not named_at_once and all(self.shares[way] == 1 for way in WAYS if way.startswith("circle"))


@dataclass(frozen=True, slots=True)
class Steering:
    """What was measured on one X-ray.

    Attributes:
        share: Share of all markers that lead to the finding that they mark, over its findings.
        lowest: The lowest probability of a marked finding under any of the markers.
        gain: What the markers add to the probability of the findings, on average.
        findings: How many findings were measured; 0 for an X-ray without any.
        agrees: Whether the unmarked answer, every marked one and the attention agree on the finding: it is strongest
            there, with and without a circle, and the circle draws more of it there.
        each: The findings one by one.
    """

    share: float
    lowest: float
    gain: float
    findings: int
    agrees: bool
    each: tuple[SteeredFinding, ...] = ()

    @property
    def in_words(self) -> str:
        """For the picker; empty between the two."""
        if self.share >= EASY_SHARE:
            return "easy to steer"
        return "hard to steer" if self.share < HARD_SHARE else ""


def measured() -> dict[str, Steering]:
    """What was measured, by the name of the X-ray; what cannot be read is left out, for only the order needs it."""
    table = get_settings().precomputed_dir / TABLE
    try:
        changed = table.stat().st_mtime_ns
    except (OSError, ValueError):
        return {}
    return _read(table, changed)


def in_order(entries: Sequence[GalleryImage]) -> tuple[GalleryImage, ...]:
    """The gallery from what is easy to steer to what is hard; what was not measured keeps its place behind.

    A plain picture comes first: easy to read, with one finding on which the unmarked answer, every marked one and the
    attention agree, and which a marker makes surer; of several such, the one of the largest gain. The second is the one
    whose answer every circle turns, by the most probability; an X-ray without a finding is the third.
    """
    known = measured()
    ranked = sorted(
        (entry for entry in entries if entry.name in known),
        key=lambda entry: (-known[entry.name].share, -known[entry.name].lowest),
    )
    by_gain = sorted(ranked, key=lambda entry: -known[entry.name].gain)
    plain = [
        one for one in by_gain
        if one.difficulty == "easy" and known[one.name].agrees and known[one.name].gain > 0
    ]  # fmt: skip
    turned = most_turned(ranked)
    firsts = [plain, [turned[0]] if turned else [], [one for one in ranked if not one.findings]]
    top = list(dict.fromkeys(group[0] for group in firsts if group))
    rest = [entry for entry in ranked if entry not in top]
    return (*top, *rest, *(entry for entry in entries if entry.name not in known))


def most_turned(entries: Sequence[GalleryImage]) -> tuple[GalleryImage, Finding] | None:
    """The finding that every circle, however loose, makes the answer, which named another: by the most probability."""
    known = measured()
    found = [
        (steered.gain, entry, finding)
        for entry in entries
        if entry.name in known
        for steered in known[entry.name].each
        for finding in entry.findings
        if finding.label == steered.label and steered.is_turned
    ]
    return max(found, key=lambda one: one[0])[1:] if found else None


@lru_cache(maxsize=4)
def _read(table: Path, changed_ns: int) -> dict[str, Steering]:  # noqa: ARG001 - part of the cache's key
    try:
        with table.open(encoding="utf-8", newline="") as file:
            rows = [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(file)]
    except (OSError, ValueError, csv.Error):
        return {}
    found = {}
    for sample, group in groupby(rows, key=lambda row: row.get("sample", "")):
        with suppress(KeyError, ValueError):
            found[sample] = _steering(list(group))
    return found


def _steering(rows: list[dict[str, str]]) -> Steering:
    shares = [float(row[way]) for row in rows for way in WAYS]
    (only,) = rows if len(rows) == 1 else ({},)
    return Steering(
        share=sum(shares) / len(shares),
        lowest=min(float(row["lowest"]) for row in rows),
        gain=sum(float(row["mean"]) - float(row["unmarked"]) for row in rows) / len(rows),
        findings=sum(row["finding"] != HEALTHY for row in rows),
        agrees=bool(only)
        and only["said_unmarked"] == only["finding"] != HEALTHY
        and min(shares) == 1
        and float(only["attention_circle"]) > float(only["attention_unmarked"])
        and only["peak_unmarked"] == only["peak_circle"] == "1",
        each=tuple(map(_finding, rows)),
    )


def _finding(row: dict[str, str]) -> SteeredFinding:
    return SteeredFinding(
        label=row["finding"],
        named=row["said_unmarked"],
        unmarked=float(row["unmarked"]),
        mean=float(row["mean"]),
        shares={way: float(row[way]) for way in WAYS},
        attention_unmarked=float(row["attention_unmarked"] or "nan"),
        attention_circle=float(row["attention_circle"] or "nan"),
    )
