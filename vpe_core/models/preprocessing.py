"""What a model does to a picture before it looks: exactly open_clip's own steps, and their geometry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from vpe_core.errors import ModelError
from vpe_core.geometry import SizeWH, View
from vpe_core.images import ImageSource, ImageSources, as_image, as_images

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """A model's preprocessing.

    Attributes:
        picture: From a picture to the RGB picture that the tower sees, before its values are normalised.
        mean: Of red, green and blue, 0 to 1.
        std: The same.
        resize_mode: open_clip's "shortest" (resize and crop), "squash" or "longest" (resize and pad).
        size_wh: What the tower takes, in pixels.
    """

    picture: Callable[[Image], Image]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize_mode: str
    size_wh: SizeWH

    @classmethod
    def of(cls, visual: torch.nn.Module) -> Preprocessing:
        """The preprocessing that open_clip attached to the image tower `visual`."""
        from open_clip.transform import PreprocessCfg, image_transform_v2
        from torchvision.transforms import Compose

        config = PreprocessCfg(**visual.preprocess_cfg)  # type: ignore[arg-type]
        *geometric, _to_tensor, _normalise = image_transform_v2(config, is_train=False).transforms
        height, width = config.input_size[1:]
        return cls(Compose(geometric), tuple(config.mean), tuple(config.std), config.resize_mode, (width, height))

    def prepare(self, image: ImageSource) -> NDArray[np.uint8]:
        """What the tower sees of one image, (height, width, 3)."""
        return np.asarray(self.picture(as_image(image)))

    def prepared(self, images: ImageSources) -> NDArray[np.uint8]:
        """What the tower sees of each image, (n, height, width, 3); an array that is just that is taken as it is."""
        sources, (width, height) = as_images(images), self.size_wh
        if isinstance(sources, np.ndarray) and sources.dtype == np.uint8 and sources.shape[1:] == (height, width, 3):
            return np.require(sources, requirements="W")  # torch takes no array that must not be written
        return np.stack([self.prepare(image) for image in sources])

    def normalise(self, pictures: torch.Tensor) -> torch.Tensor:
        """From uint8 (n, height, width, 3) to float32 (n, 3, height, width): torchvision's own steps, for all at once.

        It runs where the pictures lie: a quarter of the bytes travels to an accelerator.
        """
        mean, std = (pictures.new_tensor(v, dtype=torch.float32).view(3, 1, 1) for v in (self.mean, self.std))
        return pictures.permute(0, 3, 1, 2).contiguous().float().div_(255).sub_(mean).div_(std)

    def view(self, image_wh: SizeWH) -> View:
        """Where the parts of an image of this size lie in the tower's input.

        Raises:
            ModelError: The model crops to something other than a square.
        """
        if self.resize_mode == "squash":
            return View.squash(image_wh, self.size_wh)
        if self.resize_mode == "longest":
            return View.contain(image_wh, self.size_wh)
        width, height = self.size_wh
        if width != height:
            raise ModelError(f"Expected a model with a square input, but this one crops to {width} x {height} pixels.")
        return View.center_crop(image_wh, width)
