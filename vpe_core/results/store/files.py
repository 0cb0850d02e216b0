"""Files that are either there in full or not at all, whatever stops the program: written beside, synced, renamed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from vpe_core.errors import ResultsError

TEMPORARY = ".tmp"


def write_atomically(path: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Create or replace a file.

    Args:
        path: Where it shall be.
        write: Writes its content.

    Raises:
        ResultsError: It cannot be written (disk full, no permission …); what was there before is untouched.
    """
    beside = path.with_name(f"{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        with beside.open("wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ResultsError(
            f"Cannot write {path}: {error.strerror or error}. Make room or choose another folder, then start again; "
            "what was finished is kept."
        ) from error


def write_parquet(path: Path, *tables: pa.Table) -> None:
    """Write tables of one schema as one file, a row group each; the same tables give the same bytes."""

    def write(stream: IO[bytes]) -> None:
        floats = [name for name in ("embedding", "probabilities") if name in tables[0].column_names]
        with pq.ParquetWriter(
            stream,
            tables[0].schema,
            compression="zstd",
            compression_level=9,
            use_dictionary=[f.name for f in tables[0].schema if pa.types.is_dictionary(f.type)],
            use_byte_stream_split=[f"{name}.list.element" for name in floats],
            column_encoding={name: "DELTA_BINARY_PACKED" for name in ("sample",) if name in tables[0].column_names},
        ) as writer:
            for table in tables:
                writer.write_table(table, row_group_size=max(len(table), 1))

    write_atomically(path, write)


def remove_leftovers(folder: Path) -> None:
    """Delete what a killed program had begun to write."""
    for path in folder.glob(f"*{TEMPORARY}"):
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make a rename outlast a power cut."""
    if os.name != "posix":  # pragma: no cover  # folders cannot be opened elsewhere
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
