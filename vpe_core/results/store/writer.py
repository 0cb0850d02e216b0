"""Writing a run folder in chunks, so that a run killed at any moment goes on where it stopped.

    results/sim-multi/simclip/
        .lock                   held by the one process that writes
        chunks/run.json         which weights, data and seed the chunks come from
        chunks/0000000-….parquet
        manifest.json …         appear at the end, when the chunks are merged and deleted

A folder that is complete can be extended by further variants; it stays readable meanwhile.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from vpe_core.errors import BenchmarkError, ResultsError
from vpe_core.results.store.files import remove_leftovers, write_atomically, write_parquet
from vpe_core.results.store.manifest import MANIFEST, Manifest, Skipped, Stored, read_manifest
from vpe_core.results.store.run import EMBEDDINGS, SAMPLES, TEXTS
from vpe_core.results.store.schema import (
    Chunk,
    Coverage,
    VariantRows,
    from_ranges,
    metadata,
    pictures_of,
    text_table,
    to_ranges,
    variant_table,
    with_metadata,
)
from vpe_core.variants import Variant

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

CHUNKS, RUN, LOCK = "chunks", "run.json", ".lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What all chunks of a folder must have in common.

    Attributes:
        dataset: Name and part.
        fingerprint: Of the data set.
        weights_sha256: Of the model.
        precision: Arithmetic of the image tower.
        stored: How embeddings are stored.
        seed: Of the controls.
    """

    dataset: str
    fingerprint: str | None
    weights_sha256: str | None
    precision: str | None
    stored: Stored | None
    seed: int | None

    @classmethod
    def of(cls, manifest: Manifest) -> Identity:
        """The identity of complete results."""
        data = manifest.dataset
        return cls(
            dataset=f"{data.name} {data.part}".strip(),
            fingerprint=data.fingerprint,
            weights_sha256=manifest.model.weights_sha256,
            precision=manifest.precision,
            stored=manifest.stored,
            seed=manifest.seed,
        )


class RunWriter:
    """A run folder, locked for writing. Use it as a context manager.

    Args:
        folder: The run folder; made if it is not there.
        identity: What is about to be written.
        fresh: Delete the results that are there first.

    Raises:
        BenchmarkError: Another process writes here, or the folder holds results of something else.
        ResultsError: The folder cannot be written.
    """

    def __init__(self, folder: Path, identity: Identity, *, fresh: bool = False) -> None:
        self.folder = folder
        self.identity = identity
        self._fresh = fresh
        self.started = datetime.now(UTC)
        self._chunks = folder / CHUNKS
        self._lock = FileLock(folder / LOCK)

    def __enter__(self) -> RunWriter:
        try:
            self._chunks.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResultsError(f"Cannot make the folder {self._chunks}: {error.strerror}. Choose another.") from None
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise BenchmarkError(
                f"Another run is writing into {self.folder}. Wait until it has finished, or write elsewhere."
            ) from None
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def covered(self) -> Coverage:
        """Which images are done, for each variant."""
        done: dict[str, frozenset[int]] = dict(self._merged_coverage())
        for path in self._chunk_paths():
            schema = pq.read_schema(path)
            images = from_ranges(metadata(schema, "images"))
            for key in metadata(schema, "variants"):
                done[key] = done.get(key, frozenset()) | images
        return done

    def write(self, chunk: Chunk) -> None:
        """Add a chunk.

        Raises:
            ResultsError: The disk is full or the folder cannot be written.
        """
        tables = [variant_table(key, rows, self.identity.stored or "float32") for key, rows in chunk.rows.items()]
        whole = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
        digest = sha256("\n".join([*chunk.rows, *map(str, chunk.images)]).encode()).hexdigest()[:12]
        noted = with_metadata(
            whole,
            images=to_ranges(chunk.images),
            variants=list(chunk.rows),
            sizes_wh={str(number): list(size) for number, size in chunk.sizes_wh.items()},
            problems=[problem.model_dump() for problem in chunk.problems],
            seconds=chunk.seconds,
        )
        write_parquet(self._chunks / f"{chunk.images[0]:07d}-{digest}.parquet", noted)

    def finish(
        self, manifest: Manifest, samples: pd.DataFrame, texts: tuple[Sequence[str], NDArray[np.float32]]
    ) -> None:
        """Merge the chunks, write everything else, the manifest last, and delete the chunks.

        Args:
            manifest: Without start, seconds, protocols and the problems of the chunks, which are filled in; its
                variants give the order, and those that no sample has are left out.
            samples: The samples table without image sizes, which are filled in.
            texts: Prompts and their embeddings (k, d).

        Raises:
            ResultsError: The disk is full or the folder cannot be written; nothing is lost.
        """
        if self._earlier and not self._chunk_paths():  # nothing new
            shutil.rmtree(self._chunks)
            return
        coverage = self.covered()
        notes = [pq.read_schema(path) for path in self._chunk_paths()]
        rows = self._merged_rows()
        order = [key for key in dict.fromkeys((*self._merged_coverage(), *manifest.variants)) if key in rows]
        tables = [variant_table(key, rows[key], self.identity.stored or "float32") for key in order]
        ranges = {key: to_ranges(coverage[key]) for key in order}
        write_parquet(self.folder / EMBEDDINGS, *(with_metadata(table, coverage=ranges) for table in tables))
        sizes = {int(n): size for note in notes for n, size in metadata(note, "sizes_wh").items()}
        write_parquet(
            self.folder / SAMPLES, pa.Table.from_pandas(self._with_sizes(samples, sizes), preserve_index=False)
        )
        write_parquet(self.folder / TEXTS, self._with_earlier_texts(text_table(*texts)))
        complete = self._completed(manifest, order, notes)
        write_atomically(self.folder / MANIFEST, lambda stream: stream.write(complete.to_json()))
        shutil.rmtree(self._chunks)

    def _open(self) -> None:
        if self._fresh:
            for name in (MANIFEST, EMBEDDINGS, SAMPLES, TEXTS):  # the manifest first: what has none is not complete
                (self.folder / name).unlink(missing_ok=True)
            shutil.rmtree(self._chunks)
            self._chunks.mkdir()
        remove_leftovers(self.folder)
        remove_leftovers(self._chunks)
        self._earlier = read_manifest(self.folder) if (self.folder / MANIFEST).is_file() else None
        known = self._chunks / RUN
        content: dict[str, Any] = json.loads(known.read_text()) if known.is_file() else {}
        for other in (
            Identity.of(self._earlier) if self._earlier else None,
            Identity(**content["identity"]) if content else None,
        ):
            if other is not None:
                _require_same(self.folder, other, self.identity)
        if content:
            self.started = datetime.fromisoformat(content["started"])
        else:
            fields = {name: getattr(self.identity, name) for name in Identity.__slots__}
            note = json.dumps({"identity": fields, "started": self.started.isoformat()}).encode()
            write_atomically(known, lambda stream: stream.write(note))

    def _chunk_paths(self) -> list[Path]:
        return sorted(self._chunks.glob("*.parquet"))

    def _merged_coverage(self) -> Coverage:
        path = self.folder / EMBEDDINGS
        if not path.is_file():
            return {}
        ranges = metadata(pq.read_schema(path), "coverage")
        return {key: from_ranges(value) for key, value in ranges.items()}

    def _merged_rows(self) -> dict[str, VariantRows]:
        """All rows there are, by variant; each sample once."""
        paths = [path for path in (self.folder / EMBEDDINGS, *self._chunk_paths()) if path.is_file()]
        parts: dict[str, list[VariantRows]] = {}
        for path in paths:
            file = pq.ParquetFile(path)
            for group in range(file.num_row_groups):
                for key, rows in _by_variant(file.read_row_group(group)).items():
                    parts.setdefault(key, []).append(rows)
        return {key: _joined(found) for key, found in parts.items()}

    def _with_sizes(self, samples: pd.DataFrame, sizes: Mapping[int, Sequence[int]]) -> pd.DataFrame:
        """The samples with the sizes of their images, those of an earlier run included; nan if never read."""
        import pandas as pd

        numbers = pd.factorize(samples["image_id"])[0]
        wh = np.full((len(samples), 2), np.nan)
        if self._earlier:
            wh[:] = pq.read_table(self.folder / SAMPLES).to_pandas()[["image_width", "image_height"]]
        for row, number in enumerate(numbers):
            if number in sizes:
                wh[row] = sizes[number]
        where = samples.columns.get_loc("y1") + 1
        parts = [samples.iloc[:, :where], pd.DataFrame(wh, samples.index, ["image_width", "image_height"])]
        return pd.concat([*parts, samples.iloc[:, where:]], axis=1)

    def _with_earlier_texts(self, texts: pa.Table) -> pa.Table:
        if not self._earlier:
            return texts
        before = pq.read_table(self.folder / TEXTS)
        return pa.concat_tables([texts, before.filter(~np.isin(before["text"].to_pylist(), texts["text"].to_pylist()))])

    def _completed(self, manifest: Manifest, order: Sequence[str], notes: Sequence[pa.Schema]) -> Manifest:
        earlier = self._earlier
        problems = list(earlier.problems) if earlier else list(manifest.problems)
        for note in notes:
            problems += [Skipped(**fields) for fields in metadata(note, "problems")]
        spent = (earlier.seconds or 0.0) if earlier else 0.0
        spent += sum(metadata(note, "seconds") for note in notes)
        return manifest.model_copy(
            update={
                "variants": tuple(order),
                "protocols": tuple(dict.fromkeys(Variant.parse(key).protocol for key in order)),
                "problems": tuple(dict.fromkeys(problems)),
                "seconds": round(spent, 3),
                "started": earlier.started if earlier else self.started,
                "finished": datetime.now(UTC),
            }
        )


def _require_same(folder: Path, found: Identity, wanted: Identity) -> None:
    for name in Identity.__slots__:
        if (was := getattr(found, name)) != (is_now := getattr(wanted, name)):
            raise BenchmarkError(
                f"{folder} holds results of something else: its {name} is {was}, but this run's is {is_now}. "
                "Choose another folder for the results, or start afresh, which replaces these."
            )


def _by_variant(table: pa.Table) -> dict[str, VariantRows]:
    keys = table["variant"].to_numpy(zero_copy_only=False).astype(str)
    embedding = table["embedding"].combine_chunks()
    stored = embedding.is_valid().to_numpy(zero_copy_only=False)
    values = np.zeros((len(table), embedding.type.list_size), np.float32)
    values[stored] = embedding.flatten().to_numpy().reshape(-1, embedding.type.list_size)
    whole = VariantRows(
        table["sample"].to_numpy().astype(np.int32),
        values,
        stored,
        table["attention_inside"].to_numpy(zero_copy_only=False).astype(np.float32),
        pictures_of(table),
    )
    return {key: _taken(whole, np.flatnonzero(keys == key)) for key in dict.fromkeys(keys)}


def _joined(parts: Sequence[VariantRows]) -> VariantRows:
    """The parts as one, sorted, the first of each sample."""
    whole = VariantRows(
        np.concatenate([part.samples for part in parts]),
        np.concatenate([part.embeddings for part in parts]),
        np.concatenate([part.stored for part in parts]),
        np.concatenate([part.attention for part in parts]),
        np.concatenate([part.noted_pictures for part in parts]),
    )
    return _taken(whole, np.unique(whole.samples, return_index=True)[1])


def _taken(rows: VariantRows, chosen: NDArray[np.int64]) -> VariantRows:
    return replace(
        rows,
        samples=rows.samples[chosen],
        embeddings=rows.embeddings[chosen],
        stored=rows.stored[chosen],
        attention=rows.attention[chosen],
        pictures=rows.noted_pictures[chosen],
    )
