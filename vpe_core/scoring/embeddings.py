"""Embeddings in, cosines out: the arithmetic that every scoring shares.

Equal embeddings get equal scores, to the last bit. A matrix product does not promise that (where a row stands decides
in which order its terms are added), and a tie that is broken by rounding changes AUROC; so each is scored once.

Stored embeddings are float16 or float32. They are widened to float64 before they are normalised and multiplied, a block
of rows at a time, since a logit scale of 100 turns a rounding error of 1e-5 into a visible one.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vpe_core.errors import ScoringError

FloatArray: TypeAlias = NDArray[np.float64]

_ROWS_AT_A_TIME = 8192


def normalised(embeddings: ArrayLike) -> FloatArray:
    """The embeddings (..., d) as float64 of length 1.

    Raises:
        ScoringError: An embedding is not finite, or has length 0 and hence no direction.
    """
    wide: FloatArray = np.asarray(embeddings, dtype=np.float64)
    lengths: FloatArray = np.linalg.norm(wide, axis=-1, keepdims=True)
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        raise ScoringError(
            "Expected finite embeddings of non-zero length, but some are not. "
            "Encode those images or texts again; float16 overflows above 65,504."
        )
    return wide / lengths


def cosines(images: ArrayLike, texts: ArrayLike) -> FloatArray:
    """Cosine similarity of each image embedding (n, d) to each text embedding (k, d), giving (n, k).

    Raises:
        ScoringError: The shapes do not match, or an embedding has no direction.
    """
    rows, columns = check_embeddings("images", images), check_embeddings("texts", texts)
    if rows.shape[1] != columns.shape[1]:
        raise ScoringError(
            f"Expected image and text embeddings of one width, but got {rows.shape[1]} and {columns.shape[1]}. "
            "Both must come from the same model."
        )
    (rows, row_of), (columns, column_of) = distinct(rows), distinct(columns)
    directions = normalised(columns).T
    result = np.empty((len(rows), len(columns)))
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        block = slice(start, start + _ROWS_AT_A_TIME)
        result[block] = normalised(rows[block]) @ directions
    return result[np.ix_(row_of, column_of)]


def distinct(embeddings: ArrayLike) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The rows (n, d) that differ in any bit, in the order of their first, and (n,) which of them each row is.

    Example:
        >>> rows, which = distinct([[1.0, 2.0], [0.0, 3.0], [1.0, 2.0]])
        >>> rows[which].tolist()
        [[1.0, 2.0], [0.0, 3.0], [1.0, 2.0]]
    """
    rows = np.ascontiguousarray(embeddings)
    numbers: dict[bytes, int] = {}
    which = np.array([numbers.setdefault(row.tobytes(), len(numbers)) for row in rows], np.int64)
    return rows[np.unique(which, return_index=True)[1]], which


def check_embeddings(what: str, embeddings: ArrayLike) -> NDArray[Any]:
    """The embeddings as an array (rows, d) of numbers, in the precision that they have.

    Raises:
        ScoringError: They are anything else.
    """
    array = np.asarray(embeddings)
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise ScoringError(
            f"Expected the {what} as numbers of shape (rows, embedding width), but got {array.dtype} {array.shape}."
        )
    return array
