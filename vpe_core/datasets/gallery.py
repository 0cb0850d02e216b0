"""The X-rays that the app offers: simulated ones that it carries, and real, public ones that it fetches on demand."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

from vpe_core import datasets
from vpe_core.datasets.nih14 import NO_FINDING
from vpe_core.datasets.simulated import HEALTHY
from vpe_core.errors import DatasetError, RegionError
from vpe_core.folders import named_path
from vpe_core.settings import get_settings
from vpe_core.types import Box, Sample

SAMPLES_TABLE = "samples/samples.csv"
TWINS = "healthy"
"""Folder beside the samples with the same chests without their findings, under the same names."""
NO_ABNORMALITY = HEALTHY.capitalize()
"""Title of an X-ray with nothing to find: the name of the class."""
REAL_TABLE = "real_samples.csv"
REAL_PREFIX = "nih-"
REAL_SOURCE = "NIH ChestX-ray14 (Wang et al., CVPR 2017)"


@dataclass(frozen=True, slots=True)
class Finding:
    """A known finding: its name and where it is, in image pixels."""

    label: str
    box: Box


@dataclass(frozen=True, slots=True)
class GalleryImage:
    """An X-ray on offer.

    Attributes:
        name: Its name in links.
        path: Its file; it may have to be fetched first.
        title: A few words for people.
        note: One sentence of background; may be empty.
        difficulty: "easy", "hard" or empty.
        findings: What is known to be there, with a place.
        simulated: False for a real X-ray.
        patient: Whose it is; empty if it is not known.
        twin: The file of the same chest without its findings; None where there is none.
    """

    name: str
    path: Path
    title: str
    note: str
    difficulty: str
    findings: tuple[Finding, ...]
    simulated: bool
    patient: str = ""
    twin: Path | None = None


@dataclass(frozen=True, slots=True)
class RealXray:
    """A real X-ray's entry in the shipped table: where it lies in public, and how to know that it is the right file."""

    file: str
    url: str
    sha256: str
    size_bytes: int
    image: GalleryImage


def simulated_gallery(table: Path | None = None) -> tuple[GalleryImage, ...]:
    """The simulated X-rays of the samples table; empty if there is no table.

    Args:
        table: A table of one row a finding; None takes the one in the settings' `precomputed_dir`.

    Raises:
        DatasetError: The table is malformed.
    """
    table = table or get_settings().precomputed_dir / SAMPLES_TABLE
    rows = _rows(table)
    images = []
    for file, findings in groupby(rows, key=lambda row: row["image"]):
        group = list(findings)
        images.append(
            GalleryImage(
                name=Path(file).stem,
                path=_beside(table, file),
                title=group[0]["title"],
                note=group[0]["note"],
                difficulty=group[0]["difficulty"],
                findings=tuple(Finding(row["finding"], _box(row, table)) for row in group if row["x0"]),
                simulated=True,
                patient=group[0].get("patient", ""),
                twin=twin if (twin := table.parent / TWINS / file).is_file() else None,
            )
        )
    return tuple(images)


def another_patient(images: Sequence[GalleryImage], *, patient: str, simulated: bool) -> GalleryImage | None:
    """The first X-ray with nothing to find that is not this patient's: of the same kind, or else a simulated one.

    Args:
        images: In a fixed order, such as `offered()`.
        patient: Whose X-ray it must not be.
        simulated: The kind.
    """
    others = [image for image in images if _has_nothing(image) and (not patient or image.patient != patient)]
    return next((image for image in others if image.simulated is simulated), next(iter(others), None))


def _has_nothing(image: GalleryImage) -> bool:
    """Whether there is nothing to find; of a real X-ray, whose findings often have no place, only its title tells."""
    return image.title == NO_ABNORMALITY if not image.simulated else not image.findings


def real_xrays(table: Path | None = None) -> tuple[RealXray, ...]:
    """The real X-rays of the shipped table, fetched or not; empty if there is no table.

    Raises:
        DatasetError: The table is malformed.
    """
    table = table or get_settings().precomputed_dir / REAL_TABLE
    return tuple(_real_xray(row, table) for row in _rows(table))


def real_xray_dir() -> Path:
    """Where fetched real X-rays are kept."""
    return get_settings().cache_dir / "xrays"


def offered() -> tuple[GalleryImage, ...]:
    """All X-rays that can be shown now: the simulated ones, then the real ones that have been fetched."""
    fetched = (xray.image for xray in real_xrays() if xray.image.path.is_file())
    return (*simulated_gallery(), *fetched)


def set_sample_name(dataset: str, image_id: str) -> str:
    """The name in links of an image of a data set."""
    return f"{dataset}.{image_id}"


BoxedSamples: TypeAlias = Mapping[str, Sequence[Sample]]
"""The samples of a data set that have a box, by image."""


def boxed_samples(dataset: str) -> BoxedSamples:
    """All findings with a place in a data set, as `datasets.open_dataset` names it; none if it cannot be read."""
    spec = datasets.get(dataset)
    parts = (spec.default_part,) if spec.simulated else spec.parts  # of the simulated sets, one part is carried
    found: dict[str, list[Sample]] = {}
    for part in parts:
        with suppress(DatasetError):
            in_part: dict[str, list[Sample]] = {}
            for sample in datasets.open_dataset(dataset, part=part):
                if sample.box:
                    in_part.setdefault(sample.image_id, []).append(sample)
            found = in_part | found  # the first part that has an image counts
    return found


def set_image(name: str, boxed: Callable[[str], BoxedSamples] = boxed_samples) -> GalleryImage | None:
    """The image that `set_sample_name` names, with all its findings; None if it is not on this machine.

    Args:
        name: The name in a link; anyone may have made it up.
        boxed: `boxed_samples`, or what remembers them.
    """
    dataset, _, image_id = name.partition(".")
    spec = datasets.spec_of(dataset)
    samples = boxed(spec.name).get(image_id) if spec else None
    if spec is None or samples is None:
        return None
    return GalleryImage(
        name=name,
        path=samples[0].image_path,
        title=f"{dataset} {image_id}: {', '.join(sample.label for sample in samples)}",
        note=spec.title,
        difficulty="",
        findings=tuple(Finding(sample.label, sample.box) for sample in samples if sample.box),
        simulated=spec.simulated,
        patient=samples[0].patient_id,
        twin=samples[0].twin_path,
    )


def _real_xray(row: dict[str, str], table: Path) -> RealXray:
    labels = row["labels"].replace("_", " ").split("|")
    people = f"{row['sex']}, {row['age']} years, {row['view']}"
    try:
        box = [float(row[f"box_{side}"]) for side in "xywh"] if row["box_label"] else None
        findings = (Finding(row["box_label"].replace("_", " ").lower(), Box.from_xywh(*box)),) if box else ()
        image = GalleryImage(
            name=REAL_PREFIX + Path(row["file"]).stem,
            path=_beside(real_xray_dir() / "any", row["file"]),
            title=NO_ABNORMALITY if labels == [NO_FINDING] else ", ".join(labels).capitalize(),
            note=f"{people}. {REAL_SOURCE}.",
            difficulty="",
            findings=findings,
            simulated=False,
            patient=row["file"].partition("_")[0],
        )
        return RealXray(row["file"], row["url"], row["sha256"], int(row["bytes"]), image)
    except (ValueError, RegionError) as error:
        raise DatasetError(f"The table {table.name} has a malformed row for {row['file']!r}: {error}") from None


def _rows(table: Path) -> list[dict[str, str]]:
    try:
        with named_path(table, DatasetError).open(encoding="utf-8", newline="") as file:
            return [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(file)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError, csv.Error) as error:
        raise DatasetError(f"The table {table} cannot be read: {error}") from None


def _beside(table: Path, file: str) -> Path:
    if not file or Path(file).name != file:
        raise DatasetError(f"Expected a bare file name in {table.name}, but got {file[:60]!r}.")
    return table.parent / file


def _box(row: dict[str, str], table: Path) -> Box:
    try:
        return Box(*(float(row[name]) for name in ("x0", "y0", "x1", "y1")))
    except (ValueError, RegionError) as error:
        raise DatasetError(f"The table {table.name} has a malformed box for {row['image']!r}: {error}") from None
