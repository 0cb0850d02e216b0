"""Scores as a plain table, to take to another machine, another program or back into the page.

One line a sample and row of the paper's table: dataset, model, simulated, variant, suffix, sample_id, image_id,
patient_id, label, x0, y0, x1, y1, image_width, image_height, and a column `p(LABEL)` for each class.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import infer_dtype

from vpe_core.ensembles import VariantOrEnsemble, is_ensemble
from vpe_core.errors import ResultsError, VPEError
from vpe_core.prompts import PAPER_TEMPLATE
from vpe_core.results.analysis.questions import Question, suffix_words, with_suffix
from vpe_core.results.analysis.rows import TableRow
from vpe_core.results.analysis.scores import Evaluation, FloatArray, IntArray, Results, Scored
from vpe_core.results.analysis.tables import available, shown_elsewhere
from vpe_core.results.exchange.parquet_size import require_size
from vpe_core.results.exchange.text_tables import as_numbers, read_csv, require_numbers, require_short
from vpe_core.results.store.manifest import DatasetInfo, Manifest, ModelInfo
from vpe_core.variants import Variant

MAX_CELLS = 20_000_000
MAX_BYTES = 300_000_000
"""Of a Parquet file, once it is read."""
_PARQUET = b"PAR1"
_SIGNS = ",;\t"
"""Between the cells of a CSV file: spreadsheets write what the country is used to."""
_SAMPLE = ("sample_id", "image_id", "patient_id", "label")
_PLACE = ("x0", "y0", "x1", "y1", "image_width", "image_height")
_REQUIRED = ("dataset", "model", "variant", "suffix", "sample_id", "patient_id", "label")
_MAY_BE_EMPTY = ("suffix", "image_id")
_TEXT = (*_REQUIRED, "image_id")


class LoadedScores:
    """One data set and model of a table of scores. Made by `read_scores`.

    Attributes:
        manifest: What the table tells of its origin.
        fingerprint: A key for caches.
        samples: One row a sample.
        variants: What the table covers, beside ensembles.
    """

    has_embeddings = False

    def __init__(self, table: pd.DataFrame, classes: tuple[str, ...], file: str, fingerprint: str) -> None:
        self.samples = _samples(table)
        place = {sample: row for row, sample in enumerate(self.samples["sample_id"])}
        self._groups: dict[str, dict[str, tuple[IntArray, FloatArray]]] = {}
        for (key, suffix), lines in table.groupby(["variant", "suffix"], sort=False):
            rows = lines["sample_id"].map(place).to_numpy(np.int64)
            order = np.argsort(rows, kind="stable")
            scores = lines[[_column(label) for label in classes]].apply(as_numbers).to_numpy(np.float64)
            self._groups.setdefault(str(key), {})[str(suffix)] = (rows[order], scores[order])
        keys = tuple(key for key in self._groups if not is_ensemble(key))
        self.variants = tuple(Variant.parse(key) for key in keys)
        for key, variant in zip(keys, self.variants, strict=True):
            if key != variant.key:
                raise ResultsError(f"{file} writes a variant as {key[:80]!r}. Write {variant.key!r}.")
        self.fingerprint = fingerprint
        self.manifest = _manifest(table, classes, keys, self.samples, file)

    def __contains__(self, variant: VariantOrEnsemble) -> bool:
        return variant.key in self._groups

    def rows(self, variant: VariantOrEnsemble) -> IntArray:
        """Which samples a variant covers."""
        return next(iter(self._of(variant).values()))[0]

    def suffixes(self, variant: VariantOrEnsemble) -> tuple[str, ...]:
        """The suffixes of a variant."""
        return tuple(self._of(variant))

    def attention(self, _variant: Variant) -> NDArray[np.float32] | None:
        """A table of scores tells nothing of attention."""
        return None

    def probabilities(self, variant: VariantOrEnsemble, suffix: str = "") -> FloatArray:
        """The scores of a variant and suffix, (m, k)."""
        return self._of(variant)[suffix][1]

    def _of(self, variant: VariantOrEnsemble) -> dict[str, tuple[IntArray, FloatArray]]:
        if variant not in self:
            raise ResultsError(f"{variant.key} is not in the loaded table.")
        return self._groups[variant.key]


def scores_table(
    runs: Sequence[Results], rows: Sequence[TableRow], question: Question, evaluation: Evaluation
) -> pd.DataFrame:
    """The scores behind the rows of a table, in the form that `read_scores` reads.

    With each marker goes its control on another image, which stands beside it in the table. Rows that were not measured
    are left out. Other scorings than softmax give no probabilities, and are not written.

    Raises:
        ResultsError: The question's scoring gives no probabilities that add up to 1.
    """
    if question.scoring != "paper":
        raise ResultsError("Expected the paper's scoring, whose probabilities add up to 1 over the classes.")
    parts = []
    for run in runs:
        beside = [(found[1], row.suffix) for row in rows if (found := shown_elsewhere(run, row))]
        for shown, suffix in dict.fromkeys([*((row.variant, row.suffix) for row in rows), *beside]):
            asked = with_suffix(question, suffix)
            try:
                scored = evaluation.scored(run, available(run, shown), asked)
            except ResultsError:
                continue
            parts.append(_lines(run, shown, suffix_words(shown, asked), scored))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(_REQUIRED))


def _lines(run: Results, shown: VariantOrEnsemble, suffix: str, scored: Scored) -> pd.DataFrame:
    """The lines of one row of the table."""
    data, part = run.manifest.dataset, run.samples.iloc[scored.rows].reset_index(drop=True)
    part = part[[name for name in (*_SAMPLE, *_PLACE) if name in part]].copy()
    about = {
        "dataset": data.name, "model": run.manifest.model.name, "simulated": data.simulated, "variant": shown.key,
        "suffix": suffix,
    }  # fmt: skip
    for place, (name, value) in enumerate(about.items()):
        part.insert(place, name, value)
    part[[_column(label) for label in data.classes]] = scored.scores.astype(np.float32)
    return part


def read_scores(data: bytes, file: str) -> tuple[LoadedScores, ...]:
    """The results in a table of scores, one for each data set and model in it.

    Args:
        data: The content of a CSV or Parquet file in the form of `scores_table`.
        file: Its name, for messages; the format is told by content.

    Raises:
        ResultsError: It is no such table; the message says what is missing or wrong, and in which line.
    """
    table = _parsed(data, file)
    if missing := [name for name in _REQUIRED if name not in table]:
        raise ResultsError(
            f"Expected the columns {', '.join(_REQUIRED)} and one p(CLASS) for each class in {file}, but "
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing. "
            "Download a table of scores from this page to see the form."
        )
    for name in (one for one in _TEXT if one in table):
        gaps = table[name].isna()
        if name not in _MAY_BE_EMPTY and gaps.any():
            raise ResultsError(f"{file} has no {name} in line {gaps.idxmax()}.")
        table[name] = _as_text(table[name], file).where(~gaps, table["sample_id"] if name == "image_id" else "")
        try:
            require_short(table[name])
        except ValueError as error:
            raise ResultsError(f"{file} cannot be used: {error}.") from None
    table["suffix"] = table["suffix"].str.strip()
    digest = hashlib.sha256(data).hexdigest()
    try:
        return tuple(
            LoadedScores(part, _classes(part, file), file, f"{digest}/{dataset}/{model}")
            for (dataset, model), part in table.groupby(["dataset", "model"], sort=False)
        )
    except ResultsError:
        raise
    except VPEError as error:
        raise ResultsError(f"{file} has a variant that is not known. {error}") from None


def _parsed(data: bytes, file: str) -> pd.DataFrame:
    """The table, its index the number of each row in a spreadsheet: the headings are row 1."""
    try:
        if data.startswith(_PARQUET):
            require_size(data, max_cells=MAX_CELLS, max_bytes=MAX_BYTES)
            table = pd.read_parquet(io.BytesIO(data))
            table = table.reset_index(drop=not any(table.index.names))
            table.index = pd.RangeIndex(2, len(table) + 2)
            if not table.columns.is_unique:
                raise ValueError(f"two columns are called {table.columns[table.columns.duplicated()][0][:80]!r}")
        else:
            table = read_csv(data, _is_number, max_cells=MAX_CELLS, signs=_SIGNS)
    except Exception as error:  # pandas and pyarrow raise many kinds; all mean the same here
        reason = " ".join(str(error).split())[:160].rstrip(".")
        raise ResultsError(f"{file} is no CSV or Parquet table that can be read: {reason}.") from None
    if table.empty:
        raise ResultsError(f"Expected 1 to {MAX_CELLS:,} cells in {file}, but got {table.size:,}.")
    return table


def _as_text(column: pd.Series, file: str) -> pd.Series:
    """The column as text: texts and UTF-8 bytes as they are, all else as it is written; gaps are whatever."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if infer_dtype(column, skipna=True) not in ("bytes", "mixed"):
        return column.astype(str)
    text = column.map(_decoded)
    if (text.isna() & column.notna()).any():
        line = (text.isna() & column.notna()).idxmax()
        raise ResultsError(
            f"Expected text in the column {column.name} of {file}, but line {line} holds bytes that are no UTF-8. "
            "Store the column as text."
        )
    return text


def _decoded(value: object) -> str | None:
    if not isinstance(value, bytes):
        return None if value is None else str(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _is_number(heading: str) -> bool:
    return heading in _PLACE or _is_class(heading)


def _is_class(heading: str) -> bool:
    return heading.startswith("p(") and heading.endswith(")")


def _classes(table: pd.DataFrame, file: str) -> tuple[str, ...]:
    """The classes of a data set in a table that may hold others with other classes."""
    columns = [name for name in table if _is_class(str(name))]
    columns = [name for name in columns if table[name].notna().any()]
    classes = tuple(sorted(str(name)[2:-1] for name in columns))
    if all(map(is_ensemble, table["variant"].unique())):
        raise ResultsError(f"Expected the markers and the unmarked image in {file}, but it has only ensembles.")
    if len(classes) < 2:
        raise ResultsError(f"Expected a column p(CLASS) for each of at least two classes in {file}.")
    try:
        require_numbers(table, columns)
    except ValueError as error:
        raise ResultsError(
            f"Expected probabilities that add up to 1 in {file}, but {error}. Write them as 0.4."
        ) from None
    scores = table[columns].apply(as_numbers).to_numpy(np.float64)
    wrong = ~np.isfinite(scores).all(axis=1) | (scores < -1e-6).any(axis=1) | (np.abs(scores.sum(axis=1) - 1) > 1e-2)
    if wrong.any():
        line = int(table.index[wrong][0])
        raise ResultsError(f"Expected probabilities that add up to 1 in {file}, but line {line} has others.")
    if unknown := sorted(set(table["label"]) - set(classes)):
        raise ResultsError(f"{file} has the label {unknown[0]!r}, but no column p({unknown[0]}).")
    if table.duplicated(["variant", "suffix", "sample_id"]).any():
        line = int(table.index[table.duplicated(["variant", "suffix", "sample_id"])][0])
        raise ResultsError(f"{file} has a sample twice for one variant and suffix, the second time in line {line}.")
    for name in ("label", "patient_id"):
        told = table.groupby("sample_id")[name].nunique()
        if (told > 1).any():
            raise ResultsError(f"{file} gives the sample {told.idxmax()!r} more than one {name}.")
    sizes = table.groupby(["variant", "suffix"])["sample_id"].agg(frozenset).groupby("variant").nunique()
    if (sizes > 1).any():
        raise ResultsError(f"{file} has other samples of {sizes.idxmax()} with than without a suffix.")
    return classes


def _samples(table: pd.DataFrame) -> pd.DataFrame:
    """One row a sample; what the table does not tell is nan."""
    samples = table.drop_duplicates("sample_id").reset_index(drop=True)
    known = pd.DataFrame({name: samples[name] for name in _SAMPLE if name in samples})
    if "image_id" not in known:
        known["image_id"] = known["sample_id"]
    for name in _PLACE:
        known[name] = as_numbers(samples[name]) if name in samples else np.nan
    for edge in ("image_width", "image_height"):
        known[edge] = known[edge].where(known[edge] > 0)
    return known


def _manifest(
    table: pd.DataFrame, classes: tuple[str, ...], keys: tuple[str, ...], samples: pd.DataFrame, file: str
) -> Manifest:
    name, model = str(table["dataset"].iloc[0]), str(table["model"].iloc[0])
    simulated = "simulated" in table and str(table["simulated"].iloc[0]).lower() == "true"
    return Manifest(
        source="loaded table",
        dataset=DatasetInfo(
            name=name, title=name, part="", fingerprint=None, simulated=simulated, classes=classes,
            template=PAPER_TEMPLATE, samples=len(samples), images=int(samples["image_id"].nunique()),
            patients=int(samples["patient_id"].nunique()),
        ),
        model=ModelInfo(name=model, title=model, source=file),
        variants=keys,
        protocols=tuple(dict.fromkeys(Variant.parse(key).protocol for key in keys)),
        finished=datetime.now(UTC),
    )  # fmt: skip


def _column(label: str) -> str:
    return f"p({label})"
