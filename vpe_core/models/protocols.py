"""What a network offers to the library, and what a model offers to pages, benchmark and attention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypedDict, Unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import torch
    from numpy.typing import NDArray
    from PIL.Image import Image

    from vpe_core.geometry import SizeWH, View
    from vpe_core.images import ImageSource, ImageSources
    from vpe_core.models.predictor import Predictor
    from vpe_core.models.preprocessing import Preprocessing
    from vpe_core.models.reading import Reading
    from vpe_core.models.specs import ModelRecord, ModelSpec
    from vpe_core.models.towers import Towers
    from vpe_core.types import Prediction


Texts: TypeAlias = "str | Iterable[str]"
"""One text or many."""


class Wording(TypedDict, total=False):
    """How classes become prompts; see `VisionLanguageModel.encode_classes`."""

    template: str | Sequence[str] | None
    suffix: str


class Network(Protocol):
    """A `torch.nn.Module` with two towers that are called as open_clip calls its own.

    Attributes:
        visual: The image tower, a `torch.nn.Module` with open_clip's `preprocess_cfg`: size, mean, std, resize_mode.
        logit_scale: Natural logarithm of what cosines are multiplied with, a tensor.
    """

    visual: Any
    logit_scale: Any

    def encode_image(self, image: torch.Tensor, /) -> torch.Tensor:
        """From (n, 3, height, width) to (n, dimension)."""
        ...

    def encode_text(self, text: torch.Tensor, /) -> torch.Tensor:
        """From token ids (n, `context_length`) to (n, dimension)."""
        ...


class Model(Protocol):
    """A model, ready to answer, of any family; `VisionLanguageModel` documents what its parts do and is one."""

    spec: ModelSpec
    record: ModelRecord
    visual: torch.nn.Module
    towers: Towers
    predictor: Predictor
    preprocessing: Preprocessing

    @property
    def name(self) -> str: ...
    @property
    def device(self) -> str: ...
    @property
    def device_title(self) -> str: ...
    @property
    def logit_scale(self) -> float: ...
    @property
    def dimension(self) -> int: ...

    def asking(self, predictor: Predictor, /) -> Model: ...
    def view(self, image_wh: SizeWH, /) -> View: ...
    def seen(self, image: ImageSource, /) -> Image: ...
    def prepare(self, image: ImageSource, /) -> NDArray[np.uint8]: ...
    def encode_images(self, images: ImageSources, /, *, batch_size: int = 32) -> NDArray[np.float32]: ...
    def encode_texts(self, texts: Texts, /, *, batch_size: int = 64) -> NDArray[np.float32]: ...
    def encode_classes(self, classes: Texts, /, **wording: Unpack[Wording]) -> NDArray[np.float32]: ...
    def classify(self, images: ImageSources, classes: Texts, /, **wording: Unpack[Wording]) -> NDArray[np.float32]: ...
    def predict(self, images: ImageSources, classes: Texts, /, **wording: Unpack[Wording]) -> Prediction: ...
    def unknown_words(self, texts: Texts, /) -> tuple[str, ...]: ...
    def reading(self, texts: Texts, /) -> Reading: ...
