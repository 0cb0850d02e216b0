"""What a model does to a picture before it looks: exactly open_clip's own steps, and their geometry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vpe_core.errors import ModelError
from vpe_core.geometry import SizeWH, View

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """A model's preprocessing.

    Attributes:
        tensor: From a picture to the tower's input, (3, height, width).
        picture: The same up to the point where values are normalised.
        resize_mode: open_clip's "shortest" (resize and crop), "squash" or "longest" (resize and pad).
        size_wh: What the tower takes, in pixels.
    """

    tensor: Callable[[Image], torch.Tensor]
    picture: Callable[[Image], Image]
    resize_mode: str
    size_wh: SizeWH

    @classmethod
    def of(cls, visual: torch.nn.Module) -> Preprocessing:
        """The preprocessing that open_clip attached to the image tower `visual`."""
        from open_clip.transform import PreprocessCfg, image_transform_v2
        from torchvision.transforms import Compose

        config = PreprocessCfg(**visual.preprocess_cfg)  # type: ignore[arg-type]
        whole = image_transform_v2(config, is_train=False)
        *geometric, _to_tensor, _normalise = whole.transforms
        height, width = config.input_size[1:]
        return cls(whole, Compose(geometric), config.resize_mode, (width, height))

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
