"""What has to be done, as plain data that pickles: a job says all of it, its chunks what is still missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vpe_core.types import Sample
from vpe_core.variants import Picture, Variant, seeded

if TYPE_CHECKING:
    from vpe_core.models import ModelRecord
    from vpe_core.results.store.schema import Coverage

BATCHES_A_CHUNK = 4
"""What a run that is stopped may lose: 128 pictures on a CPU, a minute or two with a large model."""


@dataclass(frozen=True, slots=True)
class AnnotatedImage:
    """An image with all its samples.

    Attributes:
        number: Of the image within the data set, in the order of their first samples.
        samples: Its samples, at least one, by their number within the data set.
        other_path: The image of another patient that "other" shows; None if there is no other patient.
    """

    number: int
    samples: Mapping[int, Sample]
    other_path: Path | None = None

    @property
    def path(self) -> Path:
        return self.first.image_path

    def path_of(self, picture: Picture) -> Path | None:
        """The file that stands for a variant's picture; None for a blank one, and where there is none."""
        paths = {"image": self.path, "twin": self.first.twin_path, "other": self.other_path}
        return paths.get(picture)

    def can_show(self, variant: Variant) -> bool:
        """Whether there is a picture to draw the variant on."""
        return variant.picture == "blank" or self.path_of(variant.picture) is not None

    def shown_together(self, variant: Variant) -> tuple[tuple[int, ...], ...]:
        """The numbers of the samples, grouped by what a variant shows of them: one picture a group.

        An unmarked picture stands for all of them, a marked one for those with the same box (a box may have two
        labels). A random place belongs to one sample.
        """
        if not variant.marked:
            return (tuple(self.samples),)
        groups: dict[object, list[int]] = {}
        for number, sample in self.samples.items():
            alone = variant.place == "random" or sample.box is None
            groups.setdefault(sample.sample_id if alone else sample.box, []).append(number)
        return tuple(map(tuple, groups.values()))

    def n_pictures(self, variants: Iterable[Variant]) -> int:
        """How many pictures these variants make of it, if all goes well."""
        return sum(len(self.shown_together(variant)) for variant in variants if self.can_show(variant))

    @property
    def first(self) -> Sample:
        """The first of its samples."""
        return next(iter(self.samples.values()))


@dataclass(frozen=True, slots=True)
class ChunkSpec:
    """A chunk that is to be made: all of some variants of some images.

    Attributes:
        images: Their numbers, in the order of work.
        variants: Which variants.
    """

    images: tuple[int, ...]
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True)
class BatchDone:
    """What an engine tells between chunks: so many pictures more have been through the network."""

    n_pictures: int


@dataclass(frozen=True, slots=True)
class WorkingOn:
    """What an engine tells at its start, if the work is done elsewhere: the devices, as people name them."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Variants of a data set's images, to be encoded by a model.

    Attributes:
        model: Which weights in which arithmetic; whoever has not loaded them can by this record.
        root: The data set's folder.
        images: All of them, by number.
        wanted: The variants, and of how many images each, from the first.
        batch_size: Pictures that go through the network together.
        seed: Of the order of work; what it does to the images is in `images`.
    """

    model: ModelRecord
    root: Path
    images: tuple[AnnotatedImage, ...]
    wanted: Mapping[Variant, int]
    batch_size: int
    seed: int

    def missing(self, covered: Coverage) -> list[ChunkSpec]:
        """What is not yet covered, as chunks: images that miss the same variants, partners near each other."""
        groups: dict[tuple[Variant, ...], list[int]] = {}
        for number in working_order(len(self.images), self.seed):
            missing = tuple(v for v, n in self.wanted.items() if number < n and number not in covered.get(v.key, ()))
            if missing:
                groups.setdefault(missing, []).append(number)
        chunks: list[ChunkSpec] = []
        for variants, numbers in groups.items():
            chunks += [ChunkSpec(images, variants) for images in self._cut(numbers, variants)]
        return chunks

    def n_pictures(self, chunk: ChunkSpec) -> int:
        """How many pictures a chunk takes, if all goes well."""
        return sum(self.images[number].n_pictures(chunk.variants) for number in chunk.images)

    def _cut(self, numbers: Sequence[int], variants: tuple[Variant, ...]) -> list[tuple[int, ...]]:
        parts: list[list[int]] = [[]]
        n_pictures = 0
        for number in numbers:
            if n_pictures >= BATCHES_A_CHUNK * self.batch_size:
                parts.append([])
                n_pictures = 0
            parts[-1].append(number)
            n_pictures += self.images[number].n_pictures(variants)
        return list(map(tuple, parts))


def annotated_images(samples: Iterable[Sample], seed: int) -> tuple[AnnotatedImage, ...]:
    """The images of a data set with their samples and partners, in the order of their first samples."""
    groups: dict[str, dict[int, Sample]] = {}
    for number, sample in enumerate(samples):
        groups.setdefault(sample.image_id, {})[number] = sample
    images = [AnnotatedImage(number, group) for number, group in enumerate(groups.values())]
    others = partners([(image.path, image.first.patient_id) for image in images], seed)
    return tuple(replace(image, other_path=other) for image, other in zip(images, others, strict=True))


def working_order(n_images: int, seed: int) -> list[int]:
    """The numbers of the images in a random order, because neighbours in a data set are often of the same class."""
    return [int(number) for number in seeded("partners", str(seed)).permutation(n_images)]


def partners(images: Sequence[tuple[Path, str]], seed: int) -> list[Path | None]:
    """For each image one of another patient: the next one in the order of work.

    Args:
        images: (path, patient) of every image.
        seed: Of the order.

    Returns:
        None where all are of one patient. Worked through in that order, hardly any file has to be read twice.
    """
    order = working_order(len(images), seed)
    found: list[Path | None] = [None] * len(images)
    for position, number in enumerate(order):
        following = (images[order[(position + step) % len(order)]] for step in range(1, len(order)))
        found[number] = next((path for path, patient in following if patient != images[number][1]), None)
    return found
