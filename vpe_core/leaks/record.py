"""What was measured of a data set's boxes, with all that says how: written to and read from JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from vpe_core.documents import DocumentError, read_bytes
from vpe_core.errors import ResultsError
from vpe_core.leaks.boxes import BOTH, GROUPS
from vpe_core.metrics import Interval
from vpe_core.metrics.enough import too_few_of
from vpe_core.settings import get_settings

_ENOUGH_A_CLASS = 100


@dataclass(frozen=True, slots=True)
class TableSource:
    """Where boxes come from.

    Attributes:
        name: As in the registry of data sets; a table of one's own adds its file's name, as in "table-cohort".
        title: For people.
        part: Of the data set.
        file: Name of the table; empty where the boxes come from several files.
        sha256: Of the table's content, unpacked; of several files, the data set's fingerprint.
        url: Where the table was had; empty if it is one's own.
        terms: The conditions of its use, in a sentence.
        citation: The paper to cite.
        image_sizes: Where the sizes of the images come from, in a sentence.
        sizes_known: Whether they are known; else size and place are told in pixels.
        patients_named: Whether the table says whose the images are; else each counts as a patient.
        note: What else must be known to read the figures; may be empty.
        simulated: Nobody's X-rays.
    """

    name: str
    title: str
    part: str
    file: str = ""
    sha256: str = ""
    url: str = ""
    terms: str = ""
    citation: str = ""
    image_sizes: str = ""
    sizes_known: bool = True
    patients_named: bool = True
    note: str = ""
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class GroupLeak:
    """What a classifier reaches that is told some numbers of the boxes, and nothing else.

    Attributes:
        features: Which numbers: keys of `vpe_core.leaks.FEATURES`.
        auroc: Macro mean over the classes, one against the rest; 0.5 gives nothing away.
        per_class: The same for each class.
        accuracy: How often the likeliest class is the true one. Guessing reaches the most frequent class's share.
        balanced_accuracy: Mean over the classes. Guessing reaches 1 / classes.
        true_class_probability: Mean probability that the classifier gives the true class.
    """

    features: tuple[str, ...]
    auroc: Interval
    per_class: Mapping[str, Interval]
    accuracy: Interval
    balanced_accuracy: Interval
    true_class_probability: Interval


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a class leaves for a comparison in which size and place tell nothing; see `vpe_core.leaks.overlap`.

    Attributes:
        effective: How many of its boxes would count, by Kish's count.
        effective_others: How many of the other classes'.
        geometry_before: AUROC of a reader of boxes who learnt from other patients.
        geometry: The same after weighting: 0.5 where size and place tell nothing.
        enough: Whether something could be told of the class.
    """

    effective: float
    effective_others: float
    geometry_before: float
    geometry: float
    enough: bool


@dataclass(frozen=True, slots=True)
class BoxLeak:
    """What the boxes of a data set give away of their classes without any pixel.

    All intervals resample the patients that are judged and keep the forests that judge them, so that they are somewhat
    too narrow where there are few boxes.

    Attributes:
        source: The table.
        boxes: How many were used.
        left_out: How many rows of the table could not be.
        images: On how many images they are.
        patients: Of how many patients.
        class_counts: Boxes of each class.
        groups: By name: "size only", "place only", "both" and, where a marker shows other numbers, the marker's name.
        markers: Marker of the registry -> the group that holds what it shows of a box; "" if it shows nothing.
        overlap: For each class, whether enough boxes could be of it or of another, so that a marker's gain can be asked
            for where size and place tell nothing (`vpe_core.results.analysis.matched`).
        folds: Groups of patients in the cross-validation.
        trees: In each forest of extremely randomised trees.
        resamples: Behind each interval.
        seed: Of forests and resamples.
        app_version: Of this project.
        libraries: Their versions.
        seconds: How long measuring took; None where that was not noted.
        cores: On how many processor cores.
    """

    source: TableSource
    boxes: int
    left_out: int
    images: int
    patients: int
    class_counts: Mapping[str, int]
    groups: Mapping[str, GroupLeak]
    markers: Mapping[str, str]
    overlap: Mapping[str, Overlap]
    folds: int
    trees: int
    resamples: int
    seed: int
    app_version: str
    libraries: Mapping[str, str]
    seconds: float | None = None
    cores: int | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names, sorted."""
        return tuple(self.class_counts)

    @property
    def both(self) -> GroupLeak:
        """What size and place give away together."""
        return self.groups[BOTH]

    @property
    def largest_class_share(self) -> float:
        """The share of the most frequent class: the accuracy of always naming it."""
        return max(self.class_counts.values()) / self.boxes

    @property
    def matchable(self) -> tuple[str, ...]:
        """The classes of which a gain can be asked for where size and place tell nothing."""
        return tuple(label for label, one in self.overlap.items() if one.enough)

    @property
    def matchable_boxes(self) -> float:
        """How many of their boxes would count, by Kish's count."""
        return sum(self.overlap[label].effective for label in self.matchable)

    @property
    def too_few(self) -> str:
        """Why the figures say little, such as "6 boxes: too few to tell"; empty if there are enough."""
        return too_few_of(self.class_counts, "boxes")

    @property
    def of_whom(self) -> str:
        """How many images of how many patients, in words; where the table names no patients, an image counts as one."""
        if not self.source.patients_named:
            return f"{self.images:,} images, each counted as a patient"
        return f"{self.images:,} images of {self.patients:,} patients"

    @property
    def below_half(self) -> str:
        """Why an AUROC below 0.5 is no leak of few boxes, in a sentence; empty if there are enough.

        A fold whose patients have more of a class is judged by forests that have seen less of it.
        """
        if self.boxes >= _ENOUGH_A_CLASS * len(self.classes):
            return ""
        return (
            "Of so few boxes, cross-validation puts those that tell nothing below 0.5 on average, so such a value is "
            "no leak"
        )

    def of_marker(self, marker: str) -> GroupLeak | None:
        """What is given away by what this marker shows of a box; None if it shows nothing.

        Raises:
            ResultsError: The marker was not measured.
        """
        if marker not in self.markers:
            raise ResultsError(f"Expected one of the markers {', '.join(self.markers)}, but got {marker!r}.")
        return self.groups[self.markers[marker]] if self.markers[marker] else None

    def to_json(self) -> str:
        """As text; `read_leak` reads it again."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


_JSON = TypeAdapter(BoxLeak)


def _check_whole(leak: BoxLeak) -> None:
    classes = set(leak.class_counts)
    by_class = [leak.overlap, *(group.per_class for group in leak.groups.values())]
    named = {*GROUPS, *filter(None, leak.markers.values())}
    counted = 0 < leak.boxes == sum(leak.class_counts.values())
    if not counted or not named <= set(leak.groups) or any(set(one) != classes for one in by_class):
        raise DocumentError("its parts do not fit together")


def stored_leaks() -> dict[str, BoxLeak]:
    """What the project has measured, by the name of the data set: `scripts.measure_box_leaks` writes it."""
    files = sorted((get_settings().precomputed_dir / "leaks").glob("*.json"))
    return {leak.source.name: leak for leak in map(read_leak, files)}


def read_leak(path: Path) -> BoxLeak:
    """A stored measurement.

    Raises:
        ResultsError: There is no such file, or it holds something else.
    """
    try:
        leak = _JSON.validate_json(read_bytes(path))
        _check_whole(leak)
    except (OSError, DocumentError, ValidationError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error).partition("\n")[0]
        raise ResultsError(
            f"Expected what boxes give away, as `python -m vpe_core leak --out` writes it, in {path}, but it cannot be "
            f"read: {reason}."
        ) from None
    return leak
