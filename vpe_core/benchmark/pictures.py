"""From an image and its samples to what the model takes: everything that a thread can do while the model is busy."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vpe_core.benchmark.job import AnnotatedImage
from vpe_core.cache import BoundedCache
from vpe_core.errors import ImageReadError, MarkerError, RegionError
from vpe_core.geometry import SizeWH, View
from vpe_core.images import XrayPixels, read_pixels
from vpe_core.images.blank import blank_pixels
from vpe_core.markers import VariantRenderer, get
from vpe_core.results.store.manifest import Skipped
from vpe_core.types import Box, Sample
from vpe_core.variants import Variant

_KEPT_IMAGES, _KEPT_BYTES = 12, 400_000_000


@dataclass(frozen=True, slots=True, eq=False)
class ModelInput:
    """One picture, ready for the network.

    Attributes:
        key: Of its variant.
        pixels: As `VisionLanguageModel.prepare` gives them, uint8 (height, width, 3).
        samples: Which samples it stands for: all of the image if it is unmarked, else those of one region.
        places: For each the marked place (unmarked: the finding), as a share of the picture's width and height; None
            where it cannot be told, as in a crop.
    """

    key: str
    pixels: NDArray[np.uint8]
    samples: tuple[int, ...]
    places: tuple[Box | None, ...]

    @property
    def digest(self) -> int:
        """The same for equal pictures, and for hardly any others: 64 bits of a hash, as a signed number."""
        content = hashlib.blake2b(np.ascontiguousarray(self.pixels).data, digest_size=8)
        content.update(str(self.pixels.shape).encode())
        return int.from_bytes(content.digest(), "little", signed=True)


@dataclass(frozen=True, slots=True, eq=False)
class RenderedImage:
    """All pictures made of an image, its size (None if it cannot be read), and what could not be used."""

    image: AnnotatedImage
    inputs: tuple[ModelInput, ...]
    size_wh: SizeWH | None
    problems: tuple[Skipped, ...]


Decode: TypeAlias = Callable[[Path], XrayPixels]
"""The pixels of a file, read once even if two threads want it at the same time; the latest few are kept."""


class PictureMaker:
    """Makes the pictures of an image. Safe to call from several threads.

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
        self._images = BoundedCache(_KEPT_IMAGES, _KEPT_BYTES)

    def __call__(self, image: AnnotatedImage, variants: Iterable[Variant]) -> RenderedImage:
        """The image in all these variants; what cannot be read or drawn is reported, not raised."""
        try:
            size_wh = self._decode(image.path).size_wh
        except ImageReadError as error:
            return RenderedImage(image, (), None, (self._skipped(image.path, error),))
        renderers = _Renderers(self._decode, image, size_wh)
        inputs: list[ModelInput] = []
        problems: dict[Skipped, None] = {}
        for variant in filter(image.can_show, variants):
            for numbers in image.shown_together(variant):
                try:
                    inputs.append(self._input(variant, numbers, renderers, size_wh))
                except ImageReadError as error:
                    problems[self._skipped(image.path_of(variant.picture) or image.path, error)] = None
                except (RegionError, MarkerError) as error:
                    problems[self._skipped(image.path, error)] = None
        return RenderedImage(image, tuple(inputs), size_wh, tuple(problems))

    def _input(self, variant: Variant, numbers: tuple[int, ...], renderers: _Renderers, size_wh: SizeWH) -> ModelInput:
        samples = [renderers.image.samples[number] for number in numbers]
        renderer, shown_wh = renderers.get(variant)
        sx, sy = shown_wh[0] / size_wh[0], shown_wh[1] / size_wh[1]
        if variant.marked:
            sample = samples[0]
            if sample.box is None:
                raise RegionError(f"The sample {sample.sample_id} has no box, so nothing can be marked.")
            region = variant.region(sample.box, size_wh, sample.sample_id).scaled(sx, sy)
            picture = renderer.render(region, variant.marker, color=variant.color, width=variant.width, keep_grey=True)
        else:
            picture = renderer.render()
        places = tuple(self._place(variant, sample, size_wh, picture.size) for sample in samples)
        return ModelInput(variant.key, self._prepare(picture), numbers, places)

    def _place(self, variant: Variant, sample: Sample, size_wh: SizeWH, picture_wh: SizeWH) -> Box | None:
        if sample.box is None or get(variant.marker).crops:
            return None
        place = variant.place_of(sample.box, size_wh, sample.sample_id)
        view = self._view(picture_wh)
        seen = view.to_view(place.scaled(picture_wh[0] / size_wh[0], picture_wh[1] / size_wh[1]))
        return seen.scaled(1 / view.size_wh[0], 1 / view.size_wh[1])

    def _decode(self, path: Path) -> XrayPixels:
        return self._images.get_or_compute(path, lambda: read_pixels(path))

    def _skipped(self, path: Path, error: Exception) -> Skipped:
        inside = path.is_relative_to(self._root)
        return Skipped(
            file=path.relative_to(self._root).as_posix() if inside else path.name, row=None, reason=str(error)
        )


class _Renderers:
    """The renderers of one image and of what stands in for it, each made when it is first needed."""

    def __init__(self, decode: Decode, image: AnnotatedImage, size_wh: SizeWH) -> None:
        self.image = image
        self._decode = decode
        self._size_wh = size_wh
        self._made: dict[tuple[str, str], tuple[VariantRenderer, SizeWH]] = {}

    def get(self, variant: Variant) -> tuple[VariantRenderer, SizeWH]:
        """The renderer, and the size of the picture that it draws on."""
        name = (variant.picture, variant.protocol)
        if name not in self._made:
            path = self.image.path_of(variant.picture)
            pixels = blank_pixels(self._size_wh) if path is None else self._decode(path)
            source = pixels if variant.protocol == "paper" else pixels.grey().convert("RGB")
            self._made[name] = VariantRenderer(source, variant.protocol), pixels.size_wh
        return self._made[name]
