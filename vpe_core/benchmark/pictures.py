"""From an X-ray and its samples to the pictures that a model is shown: everything that a thread can do ahead."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vpe_core.cache import BoundedCache
from vpe_core.errors import ImageReadError, MarkerError, RegionError
from vpe_core.geometry import SizeWH, View
from vpe_core.images import XrayPixels, as_pixels, read_pixels
from vpe_core.markers import VariantRenderer, get
from vpe_core.results.store.manifest import Skipped
from vpe_core.types import Box, Sample
from vpe_core.variants import Variant, seeded

BLANK_GREY = 110
_KEPT_IMAGES = 12


@dataclass(frozen=True, slots=True)
class ImageTask:
    """One image and what is to be made of it.

    Attributes:
        number: Of the image within the data set.
        samples: (number, sample) of all its samples.
        variants: Which variants.
        other: The image of another patient that "other" shows; None if there is no other patient.
    """

    number: int
    samples: tuple[tuple[int, Sample], ...]
    variants: tuple[Variant, ...]
    other: Path | None


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One picture.

    Attributes:
        key: Of its variant.
        picture: As the model is shown it, uint8 (height, width, 3).
        samples: Which samples it stands for: all of the image if it is unmarked, else those of one region.
        places: For each the marked place (unmarked: the finding), as a share of the picture's width and height; None
            where it cannot be told, as in a crop.
    """

    key: str
    picture: NDArray[np.uint8]
    samples: tuple[int, ...]
    places: tuple[Box | None, ...]

    @property
    def digest(self) -> int:
        """The same for equal pictures, and for hardly any others: 64 bits of a hash, as a signed number."""
        content = hashlib.blake2b(np.ascontiguousarray(self.picture).data, digest_size=8)
        content.update(str(self.picture.shape).encode())
        return int.from_bytes(content.digest(), "little", signed=True)


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """All pictures of a task, the size of the image (None if it cannot be read), and what could not be used."""

    task: ImageTask
    shown: tuple[Shown, ...]
    size_wh: SizeWH | None
    problems: tuple[Skipped, ...]


Decode: TypeAlias = Callable[[Path], XrayPixels]
"""The pixels of a file, read once even if two threads want it at the same time; the latest few are kept."""


class PictureMaker:
    """Makes the pictures of a task. Safe to call from several threads.

    Args:
        prepare: From a drawn picture to what the model takes: `VisionLanguageModel.prepare`.
        view: How the model sees a picture of some size: `VisionLanguageModel.view`.
        root: The data set's folder, for messages.
    """

    def __init__(
        self, prepare: Callable[[Image.Image], NDArray[np.uint8]], view: Callable[[SizeWH], View], root: Path
    ) -> None:
        self._prepare = prepare
        self._view = view
        self._root = root
        self._images = BoundedCache(_KEPT_IMAGES)

    def __call__(self, task: ImageTask) -> Rendered:
        """All pictures of an image; what cannot be read or drawn is reported, not raised."""
        path = task.samples[0][1].image_path
        try:
            size_wh = self._decode(path).size_wh
        except ImageReadError as error:
            return Rendered(task, (), None, (self._skipped(path, error),))
        renderers = _Renderers(self._decode, task, size_wh)
        shown: list[Shown] = []
        problems: dict[Skipped, None] = {}
        for variant in task.variants:
            for samples in shown_together(variant, task.samples):
                try:
                    shown += self._show(variant, samples, renderers, size_wh)
                except ImageReadError as error:
                    problems[self._skipped(renderers.path_of(variant) or path, error)] = None
                except (RegionError, MarkerError) as error:
                    problems[self._skipped(path, error)] = None
        return Rendered(task, tuple(shown), size_wh, tuple(problems))

    def _show(
        self, variant: Variant, samples: tuple[tuple[int, Sample], ...], renderers: _Renderers, size_wh: SizeWH
    ) -> Iterator[Shown]:
        if not renderers.has(variant):
            return
        renderer, shown_wh = renderers.get(variant)
        sx, sy = shown_wh[0] / size_wh[0], shown_wh[1] / size_wh[1]
        if variant.marked:
            sample = samples[0][1]
            if sample.box is None:
                raise RegionError(f"The sample {sample.sample_id} has no box, so nothing can be marked.")
            region = variant.region(sample.box, size_wh, sample.sample_id).scaled(sx, sy)
            picture = renderer.render(region, variant.marker, color=variant.color, width=variant.width)
        else:
            picture = renderer.render()
        places = [self._place(variant, sample, size_wh, picture.size) for _, sample in samples]
        yield Shown(variant.key, self._prepare(picture), tuple(number for number, _ in samples), tuple(places))

    def _place(self, variant: Variant, sample: Sample, size_wh: SizeWH, picture_wh: SizeWH) -> Box | None:
        if sample.box is None or get(variant.marker).crops:
            return None
        place = variant.place_of(sample.box, size_wh, sample.sample_id)
        view = self._view(picture_wh)
        seen = view.to_view(place.scaled(picture_wh[0] / size_wh[0], picture_wh[1] / size_wh[1]))
        return seen.scaled(1 / view.size_wh[0], 1 / view.size_wh[1])

    def _decode(self, path: Path) -> XrayPixels:
        return self._images.once(path, lambda: read_pixels(path))

    def _skipped(self, path: Path, error: Exception) -> Skipped:
        inside = path.is_relative_to(self._root)
        return Skipped(
            file=path.relative_to(self._root).as_posix() if inside else path.name, row=None, reason=str(error)
        )


class _Renderers:
    """The renderers of one image and of what stands in for it, each made when it is first needed."""

    def __init__(self, decode: Decode, task: ImageTask, size_wh: SizeWH) -> None:
        self._decode = decode
        self._paths = {
            "image": task.samples[0][1].image_path,
            "twin": task.samples[0][1].twin_path,
            "other": task.other,
        }
        self._size_wh = size_wh
        self._made: dict[tuple[str, str], tuple[VariantRenderer, SizeWH]] = {}

    def path_of(self, variant: Variant) -> Path | None:
        return self._paths.get(variant.picture)

    def has(self, variant: Variant) -> bool:
        return variant.picture == "blank" or self._paths[variant.picture] is not None

    def get(self, variant: Variant) -> tuple[VariantRenderer, SizeWH]:
        """The renderer, and the size of the picture that it draws on."""
        name = (variant.picture, variant.protocol)
        if name not in self._made:
            path = self.path_of(variant)
            pixels = _blank(self._size_wh) if path is None else self._decode(path)
            source = pixels if variant.protocol == "paper" else pixels.grey().convert("RGB")
            self._made[name] = VariantRenderer(source, variant.protocol), pixels.size_wh
        return self._made[name]


def _blank(size_wh: SizeWH) -> XrayPixels:
    """An even grey. Two corner pixels span the full range, because the paper's protocol stretches what it is given."""
    grey = np.full(size_wh[::-1], BLANK_GREY, np.uint8)
    grey[0, 0], grey[-1, -1] = 0, 255
    return as_pixels(grey)


def shown_together(
    variant: Variant, samples: Sequence[tuple[int, Sample]]
) -> tuple[tuple[tuple[int, Sample], ...], ...]:
    """The samples of an image, grouped by what a variant shows of them: one picture a group.

    An unmarked picture stands for all of them, a marked one for those with the same box (a box may have two labels). A
    random place belongs to one sample.
    """
    if not variant.marked:
        return (tuple(samples),)
    groups: dict[object, list[tuple[int, Sample]]] = {}
    for number, sample in samples:
        alone = variant.place == "random" or sample.box is None
        groups.setdefault(sample.sample_id if alone else sample.box, []).append((number, sample))
    return tuple(map(tuple, groups.values()))


def partners(images: Sequence[tuple[Path, str]], seed: int) -> tuple[list[int], list[Path | None]]:
    """An order of the images, and for each image one of another patient: the next one in that order.

    Args:
        images: (path, patient) of every image.
        seed: Of the order, which is random so that a neighbour in the data set (often of the same class) is no partner.

    Returns:
        The order as numbers of images, and for each image its partner, None if all are of one patient. Worked through
        in that order, hardly any file has to be read twice.
    """
    order = [int(number) for number in seeded("partners", str(seed)).permutation(len(images))]
    found: list[Path | None] = [None] * len(images)
    for position, number in enumerate(order):
        following = (images[order[(position + step) % len(order)]] for step in range(1, len(order)))
        found[number] = next((path for path, patient in following if patient != images[number][1]), None)
    return order, found


def by_image(samples: Iterable[Sample]) -> list[tuple[tuple[int, Sample], ...]]:
    """The numbered samples of each image, images in the order of their first sample."""
    groups: dict[str, list[tuple[int, Sample]]] = {}
    for number, sample in enumerate(samples):
        groups.setdefault(sample.image_id, []).append((number, sample))
    return [tuple(group) for group in groups.values()]
