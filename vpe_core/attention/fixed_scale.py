"""Maps on a fixed scale: for each patch the probability of each class, 0 to 1, the same for all pictures and models.

Attention is a softmax over the picture, and the other methods are stretched to their own maximum: a healthy picture
looks as bright as a sick one. Here each patch is asked the question that is asked of the whole picture. Its token after
the last block, projected as the class token is, is compared with the prompts of all classes and of "no finding", and a
softmax over the classes, at the model's own temperature, gives the probability of each: where nothing is found, the map
of every finding is empty.

Zero-shot labels of patches are MaskCLIP's (Zhou et al., ECCV 2022), which changes the last block; CLIP Surgery (Li et
al., 2023, arXiv 2304.05653) takes the common part of all classes away, as the softmax over classes does here. The tower
stays as it is: no layer is replaced, so any tower with patch tokens will do. CLIP models are not trained to align
patches with texts, so whether the map is empty where nothing is there has to be seen for each model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.errors import PromptError
from vpe_core.images import as_images
from vpe_core.models.predictor import A_PASS
from vpe_core.prompts import PAPER_TEMPLATE, as_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vpe_core.images import ImageSources
    from vpe_core.models.protocols import Model
    from vpe_core.types import Floats

NOTHING = "no finding"
"""The class that is added, so that a patch with nothing to find need not choose a finding."""
_SAYS_NOTHING = (NOTHING, "no abnormality", "normal", "healthy")
"""Beside one of these it is not added."""
SHOWN = 0.5
"""A patch shows a class if it is likelier than all others together; a map is empty where no patch does."""


@dataclass(frozen=True, slots=True, eq=False)
class FixedScale:
    """What each patch of some pictures says.

    Attributes:
        classes: Those that were asked for and, last unless one of them says so, "no finding".
        cosines: (n, classes, rows, columns), -1 to 1.
        probabilities: The same shape, 0 to 1; over the classes they add up to 1.
    """

    classes: tuple[str, ...]
    cosines: Floats
    probabilities: Floats

    def of(self, target: str) -> Floats:
        """The probability of a class for each patch, (n, rows, columns).

        Raises:
            PromptError: It was not asked for.
        """
        if target not in self.classes:
            raise PromptError(f"Expected a class out of {', '.join(self.classes)}, but got {target[:40]!r}.")
        return self.probabilities[:, self.classes.index(target)]

    def reached(self, target: str) -> NDArray[np.bool_]:
        """Which patches show a class, (n, rows, columns): those where its probability is at least `SHOWN`."""
        reached: NDArray[np.bool_] = self.of(target) >= SHOWN
        return reached

    def empty(self, target: str) -> NDArray[np.bool_]:
        """Which pictures' maps are empty, (n)."""
        return np.asarray(~self.reached(target).any(axis=(1, 2)))


def says_nothing(name: str) -> bool:
    """Whether a class means that there is nothing to find."""
    return name.lower() in _SAYS_NOTHING


def fixed_scale(
    model: Model,
    images: ImageSources,
    classes: Sequence[str],
    *,
    template: str | Sequence[str] | None = PAPER_TEMPLATE,
    suffix: str = "",
) -> FixedScale:
    """Ask each patch of some pictures for all classes, in one pass.

    Args:
        model: A loaded model.
        images: One or several, as in `VisionLanguageModel.encode_images`.
        classes: At least one.
        template: As in `VisionLanguageModel.encode_classes`.
        suffix: The same.

    Raises:
        AttentionError: The tower has no patch tokens that can be read.
        PromptError: A class or the template is not valid.

    Example:
        >>> found = fixed_scale(model, [xray, twin], ["lung mass", "pneumothorax"])
        >>> found.of("lung mass").shape, found.empty("lung mass").tolist()
        ((2, 14, 14), [False, True])
    """
    from vpe_core.attention.wants import PatchEmbeddings
    from vpe_core.models.encoder import probabilities

    names = as_texts(classes)
    names = names if any(map(says_nothing, names)) else [*names, NOTHING]
    texts = model.encode_classes(names, template=template, suffix=suffix)
    sources = as_images(images)
    if not len(sources):
        none = np.empty((0, len(names), 0, 0), np.float32)
        return FixedScale(tuple(names), none, none)
    (patches,) = model.predictor.in_batches(sources, PatchEmbeddings(), A_PASS)
    n, rows, columns, _ = patches.shape
    flat = patches.reshape(n * rows * columns, -1)
    chances = probabilities(flat, texts, model.logit_scale)
    by_class = [
        np.moveaxis(np.asarray(values, np.float32).reshape(n, rows, columns, -1), 3, 1)
        for values in (flat @ texts.T, chances)
    ]
    return FixedScale(tuple(names), by_class[0], by_class[1])
