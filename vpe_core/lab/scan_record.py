"""What is stored of the scans of a data set: an order, a row a finding, and the means that follow from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vpe_core.errors import LabError
from vpe_core.lab.findings import how_many, rounded
from vpe_core.plots.percent import percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.metrics.intervals import Interval

WAYS = ("scan", "attention", "chance")


@dataclass(frozen=True, slots=True)
class ScanOrder:
    """What is scanned, and with what: a stored file goes on only for the same.

    Attributes:
        dataset: Its name.
        part: Its part.
        fingerprint: Of its samples and images.
        simulated: Whether nobody's X-rays.
        model: The model's name.
        weights_sha256: Of its weights.
        marker: What is slid.
        color: Its colour.
        width: Its line width.
        n: Places a side.
        side: Share of the X-ray's shorter side that the marker is wide, at size 1.
        sizes: Relative to that.
        classes: What the model chooses from.
        template: The prompt.
    """

    dataset: str
    part: str
    fingerprint: str
    simulated: bool
    model: str
    weights_sha256: str
    marker: str
    color: str
    width: float
    n: int
    side: float
    sizes: tuple[float, ...]
    classes: tuple[str, ...]
    template: str


@dataclass(frozen=True, slots=True)
class ScannedFinding:
    """One finding; a hit is 1 or 0, and attention is None where it cannot be read.

    Attributes:
        sample_id: As in the data set.
        patient_id: The same.
        label: Its class.
        scan_hit: Whether the peak of the scan map lies in the box.
        scan_iou: Of its bright part with the box.
        attention_hit: The same of the unmarked X-ray's attention.
        attention_iou: The same.
        chance_hit: Share of the picture that the box covers.
        chance_iou: The bright part of the scan map anywhere else.
        rise: The largest probability of the map minus that without a marker.
    """

    sample_id: str
    patient_id: str
    label: str
    scan_hit: float
    scan_iou: float
    attention_hit: float | None
    attention_iou: float | None
    chance_hit: float
    chance_iou: float
    rise: float


class Measured(NamedTuple):
    """Means over findings with 95% intervals over patients; attention is None where it cannot be read.

    Attributes:
        label: The class; empty for all.
        findings: How many.
        values: By "scan", "attention" and "chance".
        gains: Scan minus each of the others, paired.
    """

    label: str
    findings: int
    values: dict[str, Interval]
    gains: dict[str, Interval]


@dataclass(frozen=True)
class ScanRecord:
    """What is stored.

    Attributes:
        order: What was scanned, and with what.
        total: How many findings are to be scanned.
        command: How it is made.
        findings: Those that are done.
        n_all: How many findings with a place the set has; what is done of them was drawn at random.
    """

    order: ScanOrder
    total: int
    command: str = ""
    findings: tuple[ScannedFinding, ...] = ()
    n_all: int = 0
    version: int = field(default=1)

    @property
    def is_complete(self) -> bool:
        """Whether all findings are done."""
        return len(self.findings) >= self.total

    @classmethod
    def read(cls, path: Path) -> ScanRecord:
        """A stored record.

        Raises:
            LabError: The file is no such record.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(cls).validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            reason = str(error).partition("\n")[0]
            raise LabError(
                f"Expected the stored scans of a data set in {path}, but: {reason}. Delete the file, or name another."
            ) from None

    def write(self, path: Path) -> None:
        """Store it, in full or not at all.

        Raises:
            ResultsError: It cannot be written.
        """
        from vpe_core.results.store.files import write_atomically

        content = (json.dumps(rounded(asdict(self)), indent=None, separators=(",", ":")) + "\n").encode()
        write_atomically(path, lambda stream: stream.write(content))

    def summary(self, quantity: str = "hit") -> tuple[Measured, ...]:
        """All findings together, then class by class.

        Args:
            quantity: "hit" or "iou".
        """
        labels = dict.fromkeys(one.label for one in self.findings)
        groups = [
            ("", self.findings),
            *((name, [one for one in self.findings if one.label == name]) for name in labels),
        ]
        return tuple(_measured(label, rows, quantity) for label, rows in groups if rows)

    def words(self) -> str:
        """What it comes to, in two sentences that follow the numbers."""
        if not self.findings:
            return "Nothing is scanned yet."
        whole = self.summary("hit")[0]
        hit, chance = whole.values["scan"], whole.values["chance"]
        gain = whole.gains["chance"]
        against = (
            "more often than by chance" if gain.low > 0 else "less often than by chance" if gain.high < 0
            else "not clearly more often than by chance"
        )  # fmt: skip
        attention = whole.values.get("attention")
        looks = f"; the peak of unmarked attention lies there in {percent(attention.value)}" if attention else ""
        return (
            f"A sliding {self.order.color} {self.order.marker} peaks in the finding's box in {percent(hit.value)} of "
            f"{how_many(whole.findings, self.n_all)} ({_span(hit)}), by chance in "
            f"{percent(chance.value)}: {against}{looks}."
        )


def _measured(label: str, rows: Sequence[ScannedFinding], quantity: str) -> Measured:
    from vpe_core.metrics.intervals import bootstrap_mean
    from vpe_core.metrics.resamples import draw_resamples

    resamples = draw_resamples([one.patient_id for one in rows])
    columns: dict[str, NDArray[np.float64]] = {}
    for way in WAYS:
        values = [getattr(one, f"{way}_{quantity}") for one in rows]
        if None not in values:
            columns[way] = np.array(values, np.float64)
    values_of = {way: bootstrap_mean(column, resamples).overall for way, column in columns.items()}
    gains = {
        way: bootstrap_mean(columns["scan"] - column, resamples).overall
        for way, column in columns.items() if way != "scan"
    }  # fmt: skip
    return Measured(label, len(rows), values_of, gains)


def _span(interval: Interval) -> str:
    if interval.low != interval.low:  # nan: of too few patients
        return "too few patients for an interval"
    return f"95% interval {percent(interval.low)} to {percent(interval.high)}"
