"""Whole results as a ZIP file: to take to another machine, and to read one that a stranger may have made.

Nothing of a ZIP file is trusted: only files of known names are unpacked, into a folder of their own that is deleted
when nobody holds its results any more, and every table is read once before anything is computed from it.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import stat
import weakref
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pandas.api.types import infer_dtype

from vpe_core.documents import DocumentError, read_bytes
from vpe_core.errors import MarkerError, ResultsError
from vpe_core.results.exchange.importer import import_experiments, part_called
from vpe_core.results.exchange.parquet_size import TooLargeError, require_size
from vpe_core.results.store.manifest import MANIFEST, SCHEMA_VERSION, parse_manifest
from vpe_core.results.store.run import EMBEDDINGS, PROBABILITIES, SAMPLES, TEXTS, Run
from vpe_core.scratch import scratch_folder

MAX_UNPACKED_BYTES = 300_000_000
MAX_FILES = 5_000
MAX_VALUES = 100_000_000
"""Of one table, unpacked: a few bytes of Parquet can stand for billions of equal values."""

_MAX_MANIFEST_BYTES = 12_000_000
"""JSON takes up to fifty times its length in memory. A run lists each image that it left out in about 200 bytes."""
_RUN_FILES = (MANIFEST, SAMPLES, EMBEDDINGS, TEXTS, PROBABILITIES)
_OFFICIAL_FILES = ("results.csv", "metrics.csv", "metrics.json")
_SAMPLE_COLUMNS = (
    "sample_id",
    "image_id",
    "patient_id",
    "label",
    "x0",
    "y0",
    "x1",
    "y1",
    "image_width",
    "image_height",
)
_IMPORTED = "imported"
_BLOCK_BYTES = 1 << 20
_MAX_DEPTH = 50
_FOREIGN = re.compile(r'[<>:"|?*%\x00-\x1f]')


class LoadedRun(Run):
    """Results out of a ZIP file, in a folder that lives as long as they do. Made by `read_archive`.

    Attributes:
        fingerprint: Of the file's content, so that a copied manifest does not pass for the results it was copied from.
    """

    def __init__(self, folder: Path, home: _Home, fingerprint: str, file: str) -> None:
        super().__init__(folder)
        self.fingerprint = fingerprint
        self.place = home.as_named(str(folder), file)
        self._home = home


class _Home:
    """A new folder that is deleted with this object."""

    def __init__(self) -> None:
        self.folder = scratch_folder()
        self.files = self.folder / "files"
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def as_named(self, text: str, file: str) -> str:
        """The text with the names that things have in the ZIP file instead of those in this folder."""
        for folder in (self.files, self.folder / _IMPORTED, self.folder):
            text = text.replace(f"{folder}{os.sep}", f"{file}/").replace(str(folder), file)
        return text


def pack_run(run: Run) -> bytes:
    """The run folder as a ZIP file, as DATASET/MODEL: it can be unpacked into a results folder.

    Raises:
        ResultsError: A file cannot be read.
    """
    content = io.BytesIO()
    try:
        with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:  # Parquet is compressed already
            for name in _RUN_FILES:
                if (path := run.folder / name).is_file():
                    archive.write(path, f"{place_of(run)}/{name}")
    except OSError as error:
        raise ResultsError(f"The results in {run.folder} cannot be read: {error.strerror}.") from None
    return content.getvalue()


def place_of(run: Run) -> str:
    """Where a results folder keeps such results: DATASET[-PART]/MODEL, in signs that every file system takes."""
    data, part = run.manifest.dataset.name, run.manifest.dataset.part
    names = (data if part in ("", "all", "test") else f"{data}-{part}", run.manifest.model.name)
    return "/".join(re.sub(r"[^\w.-]+", "-", name).strip(".-") or "unnamed" for name in names)


def read_archive(data: bytes, file: str) -> tuple[LoadedRun, ...]:
    """The results in a ZIP file of run folders, or of the official code's folder of experiments.

    Args:
        data: The file.
        file: Its name, for messages.

    Raises:
        ResultsError: It is no such file, too large, damaged, or tries to write elsewhere; the message says which.
    """
    try:
        home = _Home()
        _unpack(data, file, home.files)
    except OSError as error:
        raise ResultsError(f"{file} cannot be unpacked here: {error.strerror or error}.") from None
    digest = hashlib.sha256(data).hexdigest()
    folders = sorted(path.parent for path in home.folder.rglob(MANIFEST))
    for folder in folders:
        _require_manifest(folder / MANIFEST, home, file)
    if not folders and any(home.folder.rglob("results.csv")):
        folders = _imported(home, file)
    if not folders:
        raise ResultsError(
            f"Expected a run folder with a {MANIFEST} in {file}, or experiments of the official code, but it holds "
            "neither. Zip the folder of one data set and model, such as results/sim-multi/simclip."
        )
    runs = tuple(
        LoadedRun(folder, home, f"{digest}/{folder.relative_to(home.folder).as_posix()}", file) for folder in folders
    )
    for run in runs:
        _require_sound(run, file)
    return runs


def _require_manifest(path: Path, home: _Home, file: str) -> None:
    try:
        parse_manifest(read_bytes(path, _MAX_MANIFEST_BYTES))
    except DocumentError as error:
        raise ResultsError(
            f"{home.as_named(str(path), file)} is not a manifest of this version ({SCHEMA_VERSION}): {error}. Zip the "
            "folder of results as the program wrote it."
        ) from None


def _imported(home: _Home, file: str) -> list[Path]:
    """The folders of results that experiments of the official code are brought into."""
    try:
        return [run.folder for run in import_experiments(_experiments(home.folder), home.folder / _IMPORTED)]
    except ResultsError as error:
        raise ResultsError(home.as_named(str(error), file)) from None


def _unpack(data: bytes, file: str, into: Path) -> None:
    """Write the files of known names, after all that the archive says of itself has been looked at."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_FILES:
                raise ResultsError(f"Expected at most {MAX_FILES:,} files in {file}, but got {len(entries):,}.")
            places = [(entry, _place_inside(entry, file)) for entry in entries]
            known = [(entry, place) for entry, place in places if place.name in _RUN_FILES + _OFFICIAL_FILES]
            left = MAX_UNPACKED_BYTES
            if sum(entry.file_size for entry, _ in known) > left:
                raise _too_large(file)
            for entry, place in known:
                path = into / place
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("xb") as target:
                    for block in _blocks(archive, entry):
                        left -= len(block)  # what an archive says of its sizes may not be true
                        if left < 0:
                            raise _too_large(file)
                        target.write(block)
    except (FileExistsError, NotADirectoryError):
        raise ResultsError(f"{file} holds a file twice. Zip the folder again.") from None
    except (ResultsError, OSError):
        raise
    except Exception as error:  # zipfile and its decompressors raise many kinds; all mean the same here
        reason = " ".join(str(error).split())[:160].rstrip(".")
        raise ResultsError(f"{file} is no ZIP file that can be read: {reason}. Zip the folder again.") from None


def _place_inside(entry: zipfile.ZipInfo, file: str) -> Path:
    """Where an entry goes below the folder that is unpacked into; folders and what macOS adds have no name there.

    Windows writes a backslash between folders (APPNOTE 4.4.17.1 wants a slash). Signs that Windows does not take in
    names are written as %3A, so that a folder may be called after a time of day.

    Raises:
        ResultsError: The path leads out of the folder, or the entry is a link.
    """
    name = entry.filename.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    leaves = name.startswith("/") or any(not part.strip(" .") for part in parts)
    drive = bool(parts) and re.match(r"[A-Za-z]:", parts[0]) is not None
    if len(parts) > _MAX_DEPTH:
        raise ResultsError(f"Expected at most {_MAX_DEPTH} folders in one another in {file}, but got {len(parts):,}.")
    if leaves or drive or stat.S_ISLNK(entry.external_attr >> 16):
        raise ResultsError(
            f"{file} holds {entry.filename[:80]!r}, which leads out of its folder. Zip the folder itself."
        )
    if name.endswith("/") or "__MACOSX" in parts:
        return Path()
    return Path(*(_FOREIGN.sub(lambda sign: f"%{ord(sign[0]):02X}", part) for part in parts))


def _blocks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content of an entry; what is wrong with it is no error of the disk that is written to."""
    try:
        with archive.open(entry) as source:
            while block := source.read(_BLOCK_BYTES):
                yield block
    except OSError as error:
        raise ValueError(str(error)) from None


def _too_large(file: str) -> ResultsError:
    return ResultsError(f"Expected at most {MAX_UNPACKED_BYTES / 1e6:,.0f} MB in {file} when unpacked, but got more.")


def _experiments(folder: Path) -> Path:
    """The folder that the official code's --output_dir named: its tables lie in DATASET/MODEL/ANNOTATION[/…]."""
    tables = [path.relative_to(folder).parts for path in folder.rglob("results.csv")]
    common = folder
    for names in zip(*tables, strict=False):
        if len(set(names)) > 1 or part_called(names[0]):
            break
        common /= names[0]
    return common


def _require_sound(run: LoadedRun, file: str) -> None:
    """Read every table once, so that what is wrong is said here and not by a chart.

    Raises:
        ResultsError: A table is missing, damaged, enormous, or does not fit the manifest.
    """
    try:
        for name in (SAMPLES, *((EMBEDDINGS, TEXTS) if run.has_embeddings else (PROBABILITIES,))):
            _require_reasonable(run.folder / name, file)
        _require_samples(run)
        for key in run.manifest.variants:
            _require_variant(run, key)
        if run.has_embeddings and run.text_embedding(run.texts).shape[1:] != (run.manifest.model.dimension,):
            raise ValueError(f"{TEXTS} has other lengths than the manifest says")
    except (ResultsError, MarkerError) as error:
        raise ResultsError(f"{file} does not hold results that can be used. {error}") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, pa.ArrowException) as error:
        if damaged := _damaged_table(run):
            raise ResultsError(
                f"{file} does not hold results that can be used: {damaged} is damaged, it cannot be read as Parquet. "
                "Zip the folder of results again."
            ) from None
        reason = " ".join(str(error).split())[:160].rstrip(".")
        raise ResultsError(f"{file} does not hold results that can be used: {reason}.") from None


def _damaged_table(run: LoadedRun) -> str:
    """Name of the first table whose content cannot be read; empty if all can."""
    for path in (run.folder / name for name in (SAMPLES, EMBEDDINGS, TEXTS, PROBABILITIES)):
        if not path.is_file():
            continue
        try:
            require_size(str(path), max_cells=MAX_VALUES, max_bytes=MAX_UNPACKED_BYTES)
            for _ in pq.ParquetFile(path).iter_batches():
                pass
        except TooLargeError:
            continue
        except (OSError, ValueError, pa.ArrowException):
            return path.name
    return ""


def _require_reasonable(path: Path, file: str) -> None:
    if not path.is_file():
        raise ValueError(f"{path.name} is missing")
    try:
        require_size(str(path), max_cells=MAX_VALUES, max_bytes=MAX_UNPACKED_BYTES)
    except TooLargeError:
        raise _too_large(file) from None


def _require_samples(run: Run) -> None:
    samples, data = run.samples, run.manifest.dataset
    if missing := [name for name in _SAMPLE_COLUMNS if name not in samples]:
        raise ValueError(f"{SAMPLES} lacks {', '.join(missing)}")
    for name in _SAMPLE_COLUMNS[:4]:
        if infer_dtype(samples[name], skipna=False) != "string":
            raise ValueError(f"{SAMPLES} has a {name} that is no text")
    if samples["sample_id"].duplicated().any():
        twice = samples["sample_id"][samples["sample_id"].duplicated()].iloc[0]
        raise ValueError(f"{SAMPLES} has the sample {str(twice)[:60]!r} twice")
    if len(samples) != data.samples or not set(samples["label"]) <= set(data.classes):
        raise ValueError(f"{SAMPLES} has other samples or labels than the manifest says")
    samples[list(_SAMPLE_COLUMNS[4:])].to_numpy(np.float64)


def _require_variant(run: Run, key: str) -> None:
    rows = run.rows(key)
    if not len(rows) or rows[0] < 0 or rows[-1] >= len(run.samples) or (np.diff(rows) <= 0).any():
        raise ValueError(f"the rows of {key} do not fit {SAMPLES}")
    if run.has_embeddings:
        _require_values(key, run.embeddings(key), len(rows), run.manifest.model.dimension)
        shares = run.attention(key)
        if shares is not None and len(shares) != len(rows):
            raise ValueError(f"{key} has other attention than samples")
    for suffix in run.suffixes(key):
        _require_values(key, run.probabilities(key, suffix), len(rows), len(run.manifest.dataset.classes))


def _require_values(key: str, values: NDArray[Any], n_rows: int, width: int | None) -> None:
    if values.shape != (n_rows, width) or not np.isfinite(values).all():
        raise ValueError(f"the values of {key} do not fit the manifest, or are no numbers")
