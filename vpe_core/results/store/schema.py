"""The tables of a run folder as Arrow tables, and which parts of the work they cover."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vpe_core.errors import ResultsError
from vpe_core.results.store.manifest import Skipped, Stored

if TYPE_CHECKING:
    import pandas as pd

Coverage = Mapping[str, frozenset[int]]
"""For each variant's key the numbers of the images that are done, those that turned out unreadable included."""


@dataclass(frozen=True, slots=True, eq=False)
class VariantRows:
    """Measured rows of one variant, ascending.

    Attributes:
        samples: (m,) numbers of the samples.
        embeddings: (m, d); rows with `stored` False are not written, because their picture has been.
        stored: (m,) whether the row brings an embedding of its own.
        attention: (m,) share of attention inside the marked place; nan where it was not measured.
        pictures: (m,) the same number for the same picture, 0 where it was not noted; None where none was.
    """

    samples: NDArray[np.int32]
    embeddings: NDArray[np.float32]
    stored: NDArray[np.bool_]
    attention: NDArray[np.float32]
    pictures: NDArray[np.int64] | None = None

    @property
    def noted_pictures(self) -> NDArray[np.int64]:
        """`pictures`, all 0 if there are none."""
        return np.zeros(len(self.samples), np.int64) if self.pictures is None else self.pictures


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """What is written at once: all of some variants of some images.

    Attributes:
        images: Numbers of the images that are done with this chunk.
        rows: For each variant's key its rows.
        sizes_wh: Width and height of the images that could be read.
        problems: Images and samples that could not be used.
        seconds: How long it took.
    """

    images: tuple[int, ...]
    rows: Mapping[str, VariantRows]
    sizes_wh: Mapping[int, tuple[int, int]]
    problems: tuple[Skipped, ...] = ()
    seconds: float = 0.0


def variant_table(key: str, rows: VariantRows, stored: Stored) -> pa.Table:
    """The rows of one variant as a table."""
    dimension = rows.embeddings.shape[1]
    values = pa.array(rows.embeddings.astype(stored).ravel())
    embedding = pa.FixedSizeListArray.from_arrays(values, dimension, mask=pa.array(~rows.stored))
    variant = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(rows.samples), np.int32)), pa.array([key]))
    return pa.table(
        {
            "sample": pa.array(rows.samples, pa.int32()),
            "variant": variant,
            "embedding": embedding,
            "attention_inside": pa.array(rows.attention, pa.float32(), from_pandas=True),
            "picture": pa.array(rows.noted_pictures, pa.int64()),
        }
    )


def pictures_of(table: pa.Table) -> NDArray[np.int64]:
    """What `variant_table` noted of the rows' pictures; 0 in results that were written before it did."""
    if "picture" not in table.column_names:
        return np.zeros(len(table), np.int64)
    return np.asarray(table["picture"].fill_null(0).to_numpy(), np.int64)


def require_storable(samples: pd.DataFrame) -> None:
    """Try whether the samples table can be written.

    Raises:
        ResultsError: A column cannot, for example because a number is too large.
    """
    for name in samples.columns:
        try:
            pa.array(samples[name], from_pandas=True)
        except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())[:160].rstrip(".")
            raise ResultsError(
                f"The {name} of the samples cannot be stored: {reason}. Change it in the data set's table."
            ) from None


def text_table(texts: Sequence[str], embeddings: NDArray[np.float32]) -> pa.Table:
    """Prompts and their embeddings."""
    values = pa.array(np.asarray(embeddings, np.float32).ravel())
    return pa.table(
        {
            "text": pa.array(texts, pa.string()),
            "embedding": pa.FixedSizeListArray.from_arrays(values, embeddings.shape[1]),
        }
    )


def probability_table(key: str, by_suffix: Mapping[str, NDArray[np.float64]]) -> pa.Table:
    """Probabilities (n, k) of one variant, for each suffix of the prompt."""
    tables = []
    for suffix, values in by_suffix.items():
        n, k = values.shape
        tables.append(
            pa.table(
                {
                    "sample": pa.array(np.arange(n), pa.int32()),
                    "variant": pa.array([key] * n).dictionary_encode(),
                    "suffix": pa.array([suffix] * n).dictionary_encode(),
                    "probabilities": pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), k),
                }
            )
        )
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def with_metadata(table: pa.Table, **entries: object) -> pa.Table:
    """The table with entries, as JSON, in its metadata."""
    coded = {name.encode(): json.dumps(value).encode() for name, value in entries.items()}
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **coded})


def metadata(schema: pa.Schema, name: str) -> Any:
    """An entry that `with_metadata` wrote."""
    return json.loads(schema.metadata[name.encode()])


def to_ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Numbers as half-open ranges: {0, 1, 2, 5} -> [[0, 3], [5, 6]].

    Example:
        >>> to_ranges({0, 1, 2, 5})
        [[0, 3], [5, 6]]
    """
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number:
            ranges[-1][1] = number + 1
        else:
            ranges.append([number, number + 1])
    return ranges


def from_ranges(ranges: Iterable[Sequence[int]]) -> frozenset[int]:
    """The numbers of half-open ranges."""
    return frozenset(number for start, stop in ranges for number in range(start, stop))
