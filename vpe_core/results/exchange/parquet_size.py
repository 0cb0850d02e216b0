"""How large a Parquet file becomes when it is read, found out before: a few bytes can stand for billions of cells.

The file's own list of contents tells the rows, the columns and the bytes of each column before compression. What it
does not tell is how often a text is repeated: so texts are read as a dictionary, which holds each once, and counted.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vpe_core.results.exchange.text_tables import MAX_CELL_CHARS, MAX_COLUMNS

_TEXTS = ("string", "large_string", "string_view", "binary", "large_binary", "binary_view")


class TooLargeError(ValueError):
    """The table would take more cells or bytes than allowed."""


def require_size(source: bytes | str, *, max_cells: int, max_bytes: int) -> None:
    """Refuse a Parquet file that would become too large.

    Args:
        source: Its content, or its path.
        max_cells: Numbers and texts in all columns, gaps included.
        max_bytes: What they take in memory.

    Raises:
        TooLargeError: It is too large.
        ValueError: A column is neither of numbers nor of texts, nor of rows of as many numbers each; or the file is
            damaged (as all of pyarrow's errors that are no `OSError`).
    """
    file = _open(source)
    about = file.metadata
    groups = [about.row_group(number) for number in range(about.num_row_groups)]
    n_rows = max(about.num_rows, sum(group.num_rows for group in groups))
    if about.num_columns > MAX_COLUMNS:
        raise TooLargeError(f"expected at most {MAX_COLUMNS:,} columns, but got {about.num_columns:,}")
    columns = [group.column(number) for group in groups for number in range(group.num_columns)]
    schema = file.schema_arrow
    if (longest := max(map(len, schema.names), default=0)) > MAX_CELL_CHARS:
        raise ValueError(f"it has a column whose name has {longest:,} characters, and {MAX_CELL_CHARS:,} are the most")
    n_cells = max(sum(column.num_values for column in columns), n_rows * sum(_length(field.type) for field in schema))
    if n_cells > max_cells:
        raise TooLargeError(f"expected at most {max_cells:,} cells, but got {n_cells:,}")
    n_bytes = max(
        sum(column.total_uncompressed_size for column in columns), n_rows * sum(_width(field.type) for field in schema)
    )
    texts = [field.name for field in schema if _is_text(field.type)]
    if n_bytes <= max_bytes and texts:
        n_bytes += _bytes_of_texts(source, texts, about.num_row_groups)
    if n_bytes > max_bytes:
        raise TooLargeError(f"expected at most {max_bytes / 1e6:,.0f} MB, but got {n_bytes / 1e6:,.0f} MB")


def _open(source: bytes | str, texts: list[str] | None = None) -> pq.ParquetFile:
    return pq.ParquetFile(pa.BufferReader(source) if isinstance(source, bytes) else source, read_dictionary=texts)


def _bytes_of_texts(source: bytes | str, texts: list[str], n_groups: int) -> int:
    file, total = _open(source, texts), 0
    for group in range(n_groups):
        for column in file.read_row_group(group, texts, use_threads=False).columns:
            for chunk in column.chunks:
                each = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
                lengths = pc.binary_length(each.cast(pa.large_binary()))
                if pa.types.is_dictionary(chunk.type):
                    lengths = lengths.take(chunk.indices)
                total += pc.sum(lengths.cast(pa.int64())).as_py() or 0
    return total


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return str(kind) in _TEXTS


def _length(kind: pa.DataType) -> int:
    """Cells of a row."""
    return int(kind.list_size) * _length(kind.value_type) if pa.types.is_fixed_size_list(kind) else 1


def _width(kind: pa.DataType) -> int:
    """Bytes of a row, without those of texts."""
    if pa.types.is_fixed_size_list(kind) and not _is_text(kind.value_type):
        return int(kind.list_size) * _width(kind.value_type)
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if _is_text(kind) or pa.types.is_null(kind):
        return 8
    if pa.types.is_nested(kind):
        raise ValueError(f"expected columns of numbers and of texts, but got one of {str(kind)[:60]}")
    return -(-int(kind.bit_width) // 8)
