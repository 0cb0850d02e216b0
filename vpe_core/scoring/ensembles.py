"""Several looks at one thing, as one: text templates, markers, a crop beside the full image.

An ensemble is averaged either as embeddings, before scoring, or as scores, after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from vpe_core.errors import ScoringError
from vpe_core.scoring.embeddings import FloatArray, normalised
from vpe_core.scoring.methods import ClassTexts, get

Combination = Literal["embedding", "score"]


def mean_embedding(members: ArrayLike, weights: Sequence[float] | None = None) -> FloatArray:
    """The mean direction: members (m, ..., d) are normalised, averaged and normalised again, giving (..., d).

    With text embeddings (templates, classes, d) this is CLIP's prompt ensemble (Radford et al. 2021, section 3.1.4);
    with image embeddings (markers, samples, d) a marker ensemble.

    Args:
        members: What to average, along the first axis.
        weights: (m,) their shares, not negative; equal by default.

    Raises:
        ScoringError: There is no member, the weights do not fit, or the members cancel out.

    Example:
        >>> mean_embedding([[[8.0, 0.0]], [[0.0, 0.5]]]).round(3).tolist()
        [[0.707, 0.707]]
    """
    return normalised(_weighted_mean(normalised(members), weights))


def mean_score(members: ArrayLike, weights: Sequence[float] | None = None) -> FloatArray:
    """The mean of probabilities (or cosines) over members (m, n, k), giving (n, k).

    Args:
        members: What to average, along the first axis.
        weights: (m,) their shares, not negative; equal by default.

    Raises:
        ScoringError: There is no member, or the weights do not fit.
    """
    return _weighted_mean(np.asarray(members, dtype=np.float64), weights)


def score_ensemble(
    variants: Sequence[ArrayLike],
    texts: ClassTexts | Sequence[ClassTexts],
    scoring: str = "paper",
    combine: Combination = "embedding",
    weights: Sequence[float] | None = None,
) -> FloatArray:
    """Score several variants of the same images as one, for example three markers, or the crop and the full image.

    Args:
        variants: Image embeddings (n, d), one array a variant, samples in the same order.
        texts: What to compare them with: one for all, or one a variant, where prompts name the marker. The mean
            embedding is then compared with the mean direction of the texts.
        scoring: A name from `vpe_core.scoring.names()`.
        combine: "embedding" averages the directions and scores once; "score" scores each and averages the scores.
        weights: One share a variant, not negative; equal by default.

    Returns:
        (n, k) scores.

    Raises:
        ScoringError: The variants do not fit each other, or the scoring or the combination is unknown.
    """
    score = get(scoring)
    shapes = {np.shape(variant) for variant in variants}
    if len(shapes) != 1:
        raise ScoringError(f"Expected variants of the same images, hence of one shape, but got {sorted(shapes)}.")
    own = [texts] * len(variants) if isinstance(texts, ClassTexts) else list(texts)
    if len(own) != len(variants):
        raise ScoringError(f"Expected texts for each of the {len(variants)} variants, but got {len(own)}.")
    if combine == "embedding":
        images = mean_embedding(np.stack([np.asarray(variant) for variant in variants]), weights)
        return score(images, own[0] if isinstance(texts, ClassTexts) else _mean_texts(own, weights))
    if combine == "score":
        return mean_score([score(variant, one) for variant, one in zip(variants, own, strict=True)], weights)
    raise ScoringError(f"Expected to combine by 'embedding' or 'score', but got {combine!r}.")


def _mean_texts(texts: Sequence[ClassTexts], weights: Sequence[float] | None) -> ClassTexts:
    positive = mean_embedding(np.stack([np.asarray(one.positive) for one in texts]), weights)
    opposites = [np.asarray(one.negative) for one in texts if one.negative is not None]
    negative = mean_embedding(np.stack(opposites), weights) if opposites else None
    return ClassTexts(positive, texts[0].logit_scale, negative)


def _weighted_mean(members: FloatArray, weights: Sequence[float] | None) -> FloatArray:
    if members.ndim < 2 or len(members) == 0:
        raise ScoringError(f"Expected at least one member along the first axis, but got shape {members.shape}.")
    shares = np.ones(len(members)) if weights is None else np.asarray(weights, dtype=np.float64)
    if shares.shape != (len(members),) or not (np.isfinite(shares).all() and shares.min() >= 0 and shares.sum() > 0):
        raise ScoringError(f"Expected {len(members)} weights, none negative and not all 0, but got {shares.tolist()}.")
    mean = np.zeros(members.shape[1:])
    for share, member in zip(shares / shares.sum(), members, strict=True):  # element by element, so that ties stay ties
        mean += share * member
    return mean
