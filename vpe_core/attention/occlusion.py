"""Occlusion: how much of the score for a text is lost when a grey square covers a place."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.attention.base import AttentionMethod
from vpe_core.attention.resample import patch_edges
from vpe_core.errors import AttentionError
from vpe_core.models.predictor import A_PASS, EMBEDDING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.models.protocols import Model
    from vpe_core.types import Floats

SQUARES_A_SIDE = 7
"""So many squares side by side would cover the picture; they are slid by half a side."""


def drops(model: Model, pictures: NDArray[np.uint8], text: Floats) -> Floats:
    """What covering each place takes from the cosine with the text, (n, rows, columns), of either sign.

    Squares of a seventh of the picture, a whole number of patches, are slid by half of that; the value of a place is
    the mean over the squares that cover it. They are filled with the mean colour of the pictures that the model was
    trained on, which is 0 after normalisation.

    Captum's `Occlusion` computes the same (a test compares them), but it holds the network from the first square to the
    last, 169 pictures for a ViT-B/16; here every batch is a question of its own to the predictor, and others have their
    turns in between.

    Args:
        model: Asked for embeddings alone: any tower will do.
        pictures: Prepared, (n, height, width, 3).
        text: For each, (n, dimension), of length 1.
    """
    rows, columns = _grid_of(model)
    height, width = pictures.shape[1:3]
    ends_y, ends_x = patch_edges(height, rows), patch_edges(width, columns)
    squares = list(product(_spans(rows), _spans(columns)))
    grey = even_grey(model)

    def covered(picture: NDArray[np.uint8], some: list[tuple[slice, slice]]) -> NDArray[np.uint8]:
        copies = np.repeat(picture[None], len(some), axis=0)
        for copy, (down, across) in zip(copies, some, strict=True):
            copy[ends_y[down.start] : ends_y[down.stop], ends_x[across.start] : ends_x[across.stop]] = grey
        return copies

    whole = (model.predictor.in_batches(pictures, EMBEDDING, A_PASS)[0] * text).sum(axis=1)
    found = np.zeros((len(pictures), rows, columns), np.float64)
    times = np.zeros((rows, columns))
    for square in squares:
        times[square] += 1
    for number, picture in enumerate(pictures):
        for start in range(0, len(squares), A_PASS):
            some = squares[start : start + A_PASS]
            asked = model.predictor.submit(covered(picture, some), EMBEDDING)
            scores = model.predictor.result_of(asked)[0] @ text[number]
            for square, score in zip(some, scores, strict=True):
                found[(number, *square)] += whole[number] - score
    return np.asarray(found / times, np.float32)


def even_grey(model: Model) -> NDArray[np.uint8]:
    """The mean colour of the pictures that the model was trained on, (3,): what says nothing to it."""
    return np.asarray(np.rint(255 * np.asarray(model.preprocessing.mean)), np.uint8)


def occlusion(model: Model, pictures: NDArray[np.uint8], text: Floats) -> Floats:
    """`drops` where the score falls, 0 where it rises."""
    return np.maximum(drops(model, pictures, text), 0)


def _spans(n: int) -> list[slice]:
    """The squares along an axis of n patches; the last one ends at the edge."""
    side = max(1, round(n / SQUARES_A_SIDE))
    starts = [*range(0, n - side, max(1, side // 2)), n - side]
    return [slice(start, start + side) for start in starts]


def _grid_of(model: Model) -> tuple[int, int]:
    """The tower's patches, or as many places as a ViT-B/16 has of a tower that has none."""
    from vpe_core.attention.tracing import TracedTower

    try:
        return TracedTower(model.visual).grid_hw
    except AttentionError:
        return 2 * SQUARES_A_SIDE, 2 * SQUARES_A_SIDE


METHOD = AttentionMethod(
    name="occlusion", title="Occlusion", reads_text=True, probing=occlusion, slow=True,
    source="Zeiler and Fergus, Visualizing and understanding convolutional networks, ECCV 2014, arXiv 1311.2901",
    reason="What the score of the class loses when a grey square covers a place: no look inside the model at all.",
)  # fmt: skip
