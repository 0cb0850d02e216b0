"""From embeddings to scores: the paper's softmax over classes, and alternatives.

A scoring is a function of image embeddings (n, d) and `ClassTexts`, and gives scores (n, k) in float64; the higher, the
more the image looks like that class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from vpe_core.errors import ScoringError
from vpe_core.registry import Registry
from vpe_core.scoring.embeddings import FloatArray, cosines, distinct


@dataclass(frozen=True, eq=False)
class ClassTexts:
    """What the images are compared with.

    Attributes:
        positive: (k, d) one text embedding a class, "… signs of nodule".
        logit_scale: The model's factor from cosine to logit (the exponential of CLIP's parameter), often 100.
        negative: (k, d) the opposite of each, "… no nodule"; only `pairs` needs it.
    """

    positive: ArrayLike
    logit_scale: float
    negative: ArrayLike | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.logit_scale) and self.logit_scale > 0):
            raise ScoringError(f"Expected a positive logit scale, but got {self.logit_scale}.")


Scoring: TypeAlias = Callable[[ArrayLike, ClassTexts], FloatArray]

SCORINGS: Registry[Scoring] = Registry("scoring", ScoringError)


@SCORINGS.register("paper")
def paper(images: ArrayLike, texts: ClassTexts) -> FloatArray:
    """Softmax over the classes of logit scale times cosine (Denner et al. 2025): each row sums to 1.

    Example:
        >>> texts = ClassTexts(positive=[[1.0, 0.0], [0.0, 1.0]], logit_scale=2.0)
        >>> paper([[3.0, 0.0], [1.0, 1.0]], texts).round(3).tolist()
        [[0.881, 0.119], [0.5, 0.5]]

    Raises:
        ScoringError: The embeddings do not fit each other.
    """
    logits, which = distinct(texts.logit_scale * cosines(images, texts.positive))
    return softmax(logits)[which]


@SCORINGS.register("cosine")
def cosine(images: ArrayLike, texts: ClassTexts) -> FloatArray:
    """The bare cosine in -1..1: each class on its own, whatever the others are. No probabilities.

    Raises:
        ScoringError: The embeddings do not fit each other.
    """
    return cosines(images, texts.positive)


@SCORINGS.register("pairs")
def pairs(images: ArrayLike, texts: ClassTexts) -> FloatArray:
    """Softmax over a class's positive and negative text (CheXzero, Tiu et al. 2022): rows need not sum to 1.

    Raises:
        ScoringError: There are no negative texts, or the embeddings do not fit each other.
    """
    if texts.negative is None:
        raise ScoringError(
            "Expected a negative text for each class, but there are none. Give prompts such as 'no {class}'."
        )
    present, absent = cosines(images, texts.positive), cosines(images, texts.negative)
    if present.shape != absent.shape:
        raise ScoringError(
            f"Expected one negative text for each of the {present.shape[1]} classes, but got {absent.shape[1]}."
        )
    from scipy.special import expit

    logits, which = distinct(texts.logit_scale * (present - absent))
    return np.asarray(expit(logits), dtype=np.float64)[which]


def softmax(logits: FloatArray) -> FloatArray:
    """Each row of (n, k) brought to a sum of 1. That of `scipy.special` takes a tenth of a second to import."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


names, get = SCORINGS.names, SCORINGS.get
