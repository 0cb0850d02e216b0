"""Reading a run folder: embeddings of every variant, texts, samples. Nothing here imports torch."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vpe_core.ensembles import VariantOrEnsemble
from vpe_core.errors import ResultsError
from vpe_core.folders import named_path
from vpe_core.results.store.manifest import MANIFEST, Manifest, read_manifest
from vpe_core.results.store.schema import pictures_of
from vpe_core.settings import get_settings
from vpe_core.types import Floats
from vpe_core.variants import Variant

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

SAMPLES, EMBEDDINGS, TEXTS, PROBABILITIES = (
    "samples.parquet", "embeddings.parquet", "texts.parquet", "probabilities.parquet",
)  # fmt: skip

_ALIKE = 0.999  # cosine of what one picture can give twice in half precision


class Run:
    """Results of one model on one part of a data set. Made by `open_run`; files are read when they are asked for.

    Attributes:
        folder: Where it lies.
        place: The same for people, who may know the results by another name.
        manifest: Model, data set, versions, times, what was skipped.
        fingerprint: Changes whenever the folder's content does: a key for caches.
        variants: What was measured, in the order of the plan.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = str(folder)
        self.manifest: Manifest = read_manifest(folder)
        self.fingerprint = hashlib.sha256(self.manifest.to_json()).hexdigest()
        self.variants = tuple(Variant.parse(key) for key in self.manifest.variants)

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @property
    def has_embeddings(self) -> bool:
        """Whether prompts can be changed; results of the official code hold probabilities only."""
        return self.manifest.source == "measured here"

    @cached_property
    def samples(self) -> pd.DataFrame:
        """One row a sample, in the data set's order.

        Columns: sample_id, image_id, patient_id, label, group, x0, y0, x1, y1 (source pixels, nan without a box),
        image_width, image_height, image_path (relative to the data set's folder), and the data set's attributes.
        """
        return self._read(SAMPLES).to_pandas()

    def rows(self, variant: VariantOrEnsemble | str) -> NDArray[np.int64]:
        """Which samples a variant covers: (m,) ascending rows of `samples`.

        Raises:
            ResultsError: The variant was not measured.
        """
        covered = self._rows_of(variant, ["sample"])["sample"].to_numpy().astype(np.int64)
        return covered if self.has_embeddings else np.unique(covered)  # once a suffix

    def embeddings(self, variant: Variant | str) -> Floats:
        """Image embeddings of a variant, float32 (m, d), rows of length 1, for the samples in `rows(variant)`.

        Rows of one picture are equal to the last bit, also where it was encoded more than once, so that they tie.

        Raises:
            ResultsError: The variant was not measured, or this run holds probabilities only.
        """
        self._require_embeddings()
        table = self._rows_of(variant)
        column = table["embedding"].combine_chunks()
        stored = column.flatten().to_numpy().astype(np.float32).reshape(-1, column.type.list_size)
        absent = column.is_null().to_numpy(zero_copy_only=False)
        shown, noted = self._picture_numbers(_key(variant), table["sample"].to_numpy()), pictures_of(table)
        first = _first_of_picture(_same_pictures(shown, noted), absent)
        if (first < 0).any():
            raise _damaged(f"{self.place}/{EMBEDDINGS}", ValueError(f"embeddings of {_key(variant)} are missing"))
        found: Floats = _unit(stored)[first]
        own = np.flatnonzero(~absent)
        apart = (noted[own] == 0) & ((found[own] * _unit(stored)).sum(axis=1) < _ALIKE)
        found[own[apart]] = _unit(stored)[apart]  # not the embeddings of one picture, whatever the samples say
        return found

    def attention(self, variant: Variant | str) -> Floats | None:
        """Share of the last block's class-token attention inside the marked place, (m,); None if not measured.

        For an unmarked image it is the share inside the finding's box. A single sample without a value is nan.

        Raises:
            ResultsError: The variant was not measured.
        """
        table = self._rows_of(variant)
        if "attention_inside" not in table.column_names:
            return None
        shares: Floats = table["attention_inside"].to_numpy(zero_copy_only=False).astype(np.float32)
        return None if np.isnan(shares).all() else shares

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The prompts whose embeddings are stored."""
        return tuple(self._text_rows)

    def text_embedding(self, texts: Sequence[str]) -> Floats:
        """Embeddings of stored prompts, float32 (k, d), rows of length 1.

        Raises:
            ResultsError: Some are not stored; the model has to encode them.
        """
        self._require_embeddings()
        if missing := [text for text in texts if text not in self._text_rows]:
            shown = ", ".join(map(repr, missing[:3])) + (" …" if len(missing) > 3 else "")
            raise ResultsError(
                f"{len(missing)} of {len(texts)} prompts are not stored in {self.place}: {shown}. "
                f"Encode them with {self.manifest.model.name}."
            )
        return self._text_values[[self._text_rows[text] for text in texts]]

    def probabilities(self, variant: VariantOrEnsemble | str, suffix: str = "") -> NDArray[np.float64]:
        """Probabilities that the official code wrote, (m, k), classes as in the manifest.

        Args:
            variant: The marker.
            suffix: What followed the class in the prompt; see `suffixes`.

        Raises:
            ResultsError: There are none, because this run holds embeddings or lacks the variant or the suffix.
        """
        table = self._rows_of(variant)
        if self.has_embeddings:
            raise ResultsError(f"{self.place} holds embeddings; compute probabilities from them and from prompts.")
        chosen = table.filter(pc.equal(table["suffix"], suffix))
        if not len(chosen):
            raise ResultsError(
                f"{self.place} has no results with the suffix {suffix!r}; there are {list(self.suffixes(variant))}."
            )
        column = chosen["probabilities"].combine_chunks()
        return np.asarray(column.flatten().to_numpy().reshape(len(chosen), -1), np.float64)

    def suffixes(self, variant: VariantOrEnsemble | str) -> tuple[str, ...]:
        """The suffixes with which the official code ran a variant; empty where embeddings allow any."""
        table = self._rows_of(variant)
        return tuple(table["suffix"].unique().to_pylist()) if "suffix" in table.column_names else ()

    def __contains__(self, variant: VariantOrEnsemble | str) -> bool:
        return _key(variant) in self.manifest.variants

    def _rows_of(self, variant: VariantOrEnsemble | str, columns: Sequence[str] | None = None) -> pa.Table:
        """The columns of a variant, all if left out."""
        key = _key(variant)
        if key not in self.manifest.variants:
            raise ResultsError(f"{self.place} has no results of {key!r}. There are: {_listed(self.manifest.variants)}.")
        name = EMBEDDINGS if self.has_embeddings else PROBABILITIES
        try:
            group = self.manifest.variants.index(key)
            table = self._file(name).read_row_group(group, columns and ["variant", *columns])
        except (OSError, pa.ArrowException) as error:
            raise _damaged(f"{self.place}/{name}", error) from None
        if table["variant"].unique().to_pylist() != [key]:
            raise ResultsError(f"{self.place}/{name} does not fit its {MANIFEST}. Run the benchmark again.")
        return table

    def _file(self, name: str) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self.folder / name)
        except (OSError, pa.ArrowException) as error:
            raise _damaged(f"{self.place}/{name}", error) from None

    def _read(self, name: str) -> pa.Table:
        try:
            return self._file(name).read()
        except (OSError, pa.ArrowException) as error:
            raise _damaged(f"{self.place}/{name}", error) from None

    def _require_embeddings(self) -> None:
        if not self.has_embeddings:
            raise ResultsError(f"{self.place} holds probabilities of the official code, no embeddings.")

    def _picture_numbers(self, key: str, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same number for samples that a variant shows as one picture: those of an image, or of a box in it."""
        variant = Variant.parse(key)
        if not variant.marked:
            return self._images[rows]
        return rows.astype(np.int64) if variant.place == "random" else self._boxes[rows]

    @cached_property
    def _images(self) -> NDArray[np.int64]:
        """Number of each sample's image."""
        return np.unique(self.samples["image_id"].to_numpy(str), return_inverse=True)[1]

    @cached_property
    def _boxes(self) -> NDArray[np.int64]:
        """Number of each sample's image and box."""
        corners = self.samples[["x0", "y0", "x1", "y1"]].to_numpy(np.float64)
        return np.unique(np.column_stack([self._images, corners]), axis=0, return_inverse=True)[1].ravel()

    @cached_property
    def _text_table(self) -> pa.Table:
        return self._read(TEXTS)

    @cached_property
    def _text_rows(self) -> dict[str, int]:
        return {text: row for row, text in enumerate(self._text_table["text"].to_pylist())}

    @cached_property
    def _text_values(self) -> Floats:
        column = self._text_table["embedding"].combine_chunks()
        values: Floats = column.flatten().to_numpy().reshape(len(column), -1)
        return values


def open_run(folder: Path | str) -> Run:
    """The results in a folder.

    Raises:
        ResultsError: There are none, or they are not complete.
    """
    return Run(named_path(folder, ResultsError))


def find_runs(*roots: Path | str) -> tuple[Run, ...]:
    """All complete results under some folders, by data set, part and model.

    Args:
        roots: Where to look; `VPE_RESULTS_DIR` and the project's own `precomputed/results/benchmark` if left out.

    Raises:
        ResultsError: No folder can be called so.
    """
    settings = get_settings()
    searched = roots or (settings.results_dir, settings.precomputed_dir / "results" / "benchmark")
    runs = []
    for path in sorted({path for root in searched for path in named_path(root, ResultsError).rglob(MANIFEST)}):
        try:
            runs.append(open_run(path.parent))
        except ResultsError as error:
            logger.warning("%s", error)
    return tuple(
        sorted(runs, key=lambda run: (run.manifest.dataset.name, run.manifest.dataset.part, run.manifest.model.name))
    )


def _key(variant: VariantOrEnsemble | str) -> str:
    return variant if isinstance(variant, str) else variant.key


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(keys[:12]) + (f" and {len(keys) - 12} more" if len(keys) > 12 else "")


def _unit(values: Floats) -> Floats:
    unit: Floats = values / np.linalg.norm(values, axis=1, keepdims=True)
    return unit


def _same_pictures(shown: NDArray[np.int64], noted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of each row's picture: as it was noted, or else what the variant shows."""
    known = noted != 0
    return np.unique(np.column_stack([known, np.where(known, noted, shown)]), axis=0, return_inverse=True)[1].ravel()


def _first_of_picture(pictures: NDArray[np.int64], absent: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each row, the first stored row of its picture, -1 without one: a shared picture is stored with one sample."""
    stored = np.flatnonzero(~absent)
    position = np.full(pictures.max(initial=-1) + 1, -1)
    position[pictures[stored[::-1]]] = np.arange(len(stored))[::-1]
    return position[pictures]


def _damaged(file: str, error: Exception) -> ResultsError:
    reason = "it is missing" if isinstance(error, FileNotFoundError) else " ".join(str(error).split())[:200].rstrip(".")
    return ResultsError(f"{file} cannot be read: {reason}. Copy the folder again, or run the benchmark again.")
