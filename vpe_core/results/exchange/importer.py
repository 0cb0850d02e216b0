"""Results of the paper's own code (github.com/MIC-DKFZ/VPE-in-Radiology), brought into the form of our own.

Its folder of experiments is DATASET/MODEL/ANNOTATION[/COLOUR/WIDTH[/TEXT]], with in each

    results.csv     image_id, true_label, predicted_label and a column of probabilities for each class; a row a sample
    metrics.csv     one row with, among others, text_suffix: the words that named the marker, or None
    metrics.json    accuracy, auroc … as that code computed them, which are checked against results.csv

The samples stand in the data set's order and are the same in all folders of a data set, so they are paired by position.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from vpe_core.datasets import DATASETS, DatasetSpec
from vpe_core.documents import DocumentError, read_bytes, read_json
from vpe_core.errors import MarkerError, MetricError, ResultsError
from vpe_core.folders import named_path
from vpe_core.markers import get
from vpe_core.metrics import auroc
from vpe_core.models.catalog import MODELS
from vpe_core.prompts import PAPER_TEMPLATE
from vpe_core.results.exchange.text_tables import as_numbers, read_csv, require_numbers, require_short
from vpe_core.results.store.files import write_atomically, write_parquet
from vpe_core.results.store.manifest import MANIFEST, DatasetInfo, Manifest, ModelInfo, Skipped
from vpe_core.results.store.run import PROBABILITIES, SAMPLES, Run, open_run
from vpe_core.results.store.schema import probability_table
from vpe_core.variants import Variant

OFFICIAL = "official-code"
FIXED = ("image_id", "true_label", "predicted_label")
MODEL_NAMES = {"BIOMEDCLIPMODEL": "biomedclip", "BMC_CLIP_CF_MODEL": "bmc-clip-cf"}
_NO_PATIENTS = "The official code does not name the patients: intervals resample images instead."
_UNDEFINED = (
    "Where {classes} is never predicted, the official code counts precision, and MCC if only one class is predicted, "
    "as 0; here they are undefined."
)
_TOLERANCE = 1e-6
_SUM_TOLERANCE = 1e-2
_FEWEST_CLASSES = 2
MAX_CELLS = 20_000_000
_MAX_METRICS_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Experiment:
    """One folder of the official code.

    Attributes:
        place: Its path within the folder of experiments.
        variant: The marker.
        suffix: What followed the class in the prompt.
        samples: (image_id, true_label) of every row.
        classes: In the order of the columns.
        probabilities: (n, k).
    """

    place: str
    variant: Variant
    suffix: str
    samples: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]
    probabilities: NDArray[np.float64]


def import_experiments(folder: Path, out: Path) -> tuple[Run, ...]:
    """Bring in a folder of experiments.

    Args:
        folder: What the official code calls its output_dir.
        out: Our folder of results; each data set and model goes to OUT/official-code/DATASET[-PART]/MODEL, and
            replaces what was imported there before.

    Returns:
        The imported results. What could not be used is listed in their manifests.

    Raises:
        ResultsError: There are no such experiments, or the results cannot be written.
    """
    folder = named_path(folder, ResultsError)
    tables = sorted(path for path in folder.rglob("results.csv") if len(path.relative_to(folder).parts) >= 4)
    groups: dict[tuple[str, str], list[Path]] = {}
    for path in tables:
        dataset, model = path.relative_to(folder).parts[:2]
        groups.setdefault((dataset, model), []).append(path.parent)
    _require_places_of_their_own(groups)
    if not groups:
        raise ResultsError(
            f"Expected experiments of the official code in {folder}, as DATASET/MODEL/ANNOTATION/…/results.csv, but "
            "there are none. Give the folder that its `--output_dir` named."
        )
    return tuple(_import_group(folder, out, *names, places) for names, places in groups.items())


def _import_group(root: Path, out: Path, dataset: str, model: str, places: Sequence[Path]) -> Run:
    experiments: list[Experiment] = []
    problems: list[Skipped] = []
    for place in places:
        try:
            experiment = read_experiment(root, place)
            experiments.append(experiment)
            problems += _check_metrics(place, experiment)
        except (ResultsError, MarkerError) as error:
            problems.append(Skipped(file=place.relative_to(root).as_posix(), row=None, reason=str(error)))
    if not experiments:
        raise ResultsError(f"None of the experiments in {root / dataset / model} can be used. {problems[0].reason}")
    usual = Counter((one.samples, one.classes) for one in experiments).most_common(1)[0][0]
    for one in experiments:
        if (one.samples, one.classes) != usual:
            reason = f"It has {len(one.samples)} samples other than the {len(usual[0])} of most experiments beside it."
            problems.append(Skipped(file=one.place, row=None, reason=reason))
    same = [one for one in experiments if (one.samples, one.classes) == usual]
    chosen, twice = _each_once(same)
    if not chosen:
        raise ResultsError(f"None of the experiments in {root / dataset / model} can be used. {twice[0].reason}")
    problems += twice
    return _write(out, dataset, model, chosen, problems)


def _each_once(experiments: Sequence[Experiment]) -> tuple[list[Experiment], list[Skipped]]:
    """The experiments that nothing else beside them claims to be; nobody can tell which of two is meant."""
    places: dict[tuple[str, str], list[str]] = {}
    for one in experiments:
        places.setdefault((one.variant.key, one.suffix.strip()), []).append(one.place)
    chosen, twice = [], []
    for one in experiments:
        others = [place for place in places[one.variant.key, one.suffix.strip()] if place != one.place]
        if others:
            reason = (
                f"It is {one.variant.key} with the same words as {' and '.join(others)}. Keep the one that is meant."
            )
            twice.append(Skipped(file=one.place, row=None, reason=reason))
        else:
            chosen.append(one)
    return chosen, twice


def _require_places_of_their_own(groups: Mapping[tuple[str, str], Sequence[Path]]) -> None:
    taken: dict[Path, str] = {}
    for dataset, model in groups:
        folder, name = _place(dataset, model), f"{dataset}/{model}"
        if folder in taken:
            raise ResultsError(
                f"Both {taken[folder]} and {name} are results of {folder.as_posix()}, and one would replace the other. "
                "Import them one by one, each into a folder of its own, or remove one."
            )
        taken[folder] = name


def part_called(official: str) -> tuple[DatasetSpec, str] | None:
    """The data set and its part that the official code calls so; None for others."""
    named = (
        (spec, part) for _, spec in DATASETS.items() for part, name in spec.official_names.items() if name == official
    )
    return next(named, None)


def _place(dataset: str, model: str) -> Path:
    """Where the results of a data set and model go, below OFFICIAL."""
    known = part_called(dataset)
    name, part = (known[0].name, known[1]) if known else (dataset.lower(), "all")
    return Path(name if part in ("all", "test") else f"{name}-{part}") / MODEL_NAMES.get(model, model.lower())


def read_experiment(root: Path, place: Path) -> Experiment:
    """The experiment in a folder.

    Raises:
        ResultsError: A table is missing or malformed.
        MarkerError: The folder's name is no marker that the official code knows.
    """
    dataset, _, annotation, *drawn = place.relative_to(root).parts
    table = _read_csv(place / "results.csv", lambda heading: heading not in FIXED)
    classes = tuple(table.columns[len(FIXED) :])
    if tuple(table.columns[: len(FIXED)]) != FIXED or len(classes) < _FEWEST_CLASSES or table.empty:
        raise ResultsError(
            f"Expected rows with the columns {', '.join(FIXED)} and one for each of at least {_FEWEST_CLASSES} "
            f"classes, but got {len(table)} rows with {', '.join(table.columns)}."
        )
    try:
        require_numbers(table, classes)
    except ValueError as error:
        raise ResultsError(f"Expected probabilities that sum to 1 in every row, but {error}.") from None
    table[list(FIXED)] = table[list(FIXED)].fillna("")
    probabilities = table[list(classes)].apply(as_numbers).to_numpy(np.float64)
    wrong = ~np.isfinite(probabilities).all(axis=1) | (np.abs(probabilities.sum(axis=1) - 1) > _SUM_TOLERANCE)
    if wrong.any():
        raise ResultsError(
            f"Expected probabilities that sum to 1 in every row, but row {table.index[wrong][0]} has others."
        )
    if unknown := set(table["true_label"]) - set(classes):
        raise ResultsError(f"There is no column for the label {min(unknown)!r}.")
    marker = "none" if annotation == "None" else annotation
    if marker == "crop" and dataset.startswith("VinDr"):
        marker = "crop_as_published"  # that code mistakes width for height there
    if {"color", "width"} & get(marker).uses and len(drawn) < 2:
        raise ResultsError(
            f"The folder names no colour and width of the {marker}. Without `--color` the official code draws in its "
            f"own default colour, white. Run it with both, so that the folder is {annotation}/COLOUR/WIDTH."
        )
    variant = Variant.parse("/".join((marker, *drawn[:2])))
    samples = tuple(zip(table["image_id"], table["true_label"], strict=True))
    return Experiment(
        place.relative_to(root).as_posix(), variant, _suffix(place, drawn), samples, classes, probabilities
    )


def _suffix(place: Path, drawn: Sequence[str]) -> str:
    """The words as metrics.csv has them; the folder's name says the same with underscores."""
    path = place / "metrics.csv"
    if path.is_file() and "text_suffix" in (table := _read_csv(path, lambda _: False).fillna("")) and len(table):
        suffix = str(table["text_suffix"].iloc[0])
        return "" if suffix == "None" else suffix
    return f" {drawn[2].replace('_', ' ')}" if len(drawn) > 2 else ""


def _read_csv(path: Path, is_number: Callable[[str], bool]) -> pd.DataFrame:
    try:
        table = read_csv(read_bytes(path), is_number, max_cells=MAX_CELLS, strip=False)
        for name in table.columns[[not is_number(heading) for heading in table]]:
            require_short(table[name])
        return table
    except OSError as error:
        raise ResultsError(f"{path.name} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ResultsError(f"{path.name} cannot be read: {' '.join(str(error).split())}.") from None


def _check_metrics(place: Path, experiment: Experiment) -> list[Skipped]:
    """What metrics.json says otherwise than the probabilities."""
    path = place / "metrics.json"
    if not path.is_file():
        return []
    try:
        said = _told_auroc(path)
        labels = [experiment.classes.index(label) for _, label in experiment.samples]
        found = auroc(labels, experiment.probabilities).macro
        if said is None or abs(said - found) <= _TOLERANCE:
            return []
        reason = f"It says auroc {said:.6f}, but results.csv gives {found:.6f}."
    except (OSError, DocumentError, MetricError) as error:
        shown = error.strerror if isinstance(error, OSError) else str(error).removesuffix(".")
        reason = (
            f"It cannot be compared with results.csv: {shown}. The probabilities of results.csv are used; run the "
            "experiment again if they should not be."
        )
    return [Skipped(file=f"{experiment.place}/metrics.json", row=None, reason=reason)]


def _told_auroc(path: Path) -> float | None:
    content = read_json(read_bytes(path, _MAX_METRICS_BYTES), dict)
    if "auroc" not in content:
        raise DocumentError(f"expected a number called auroc, but it has {', '.join(content)[:80] or 'nothing'}")
    said = content["auroc"]
    if said is None:
        return None
    try:
        return float(said)
    except (TypeError, ValueError, OverflowError):
        raise DocumentError(f"expected a number called auroc, but got {str(said)[:60]!r}") from None


def _write(out: Path, dataset: str, model: str, experiments: Sequence[Experiment], problems: Sequence[Skipped]) -> Run:
    spec, part = part_called(dataset) or (None, "all")
    patient_of = spec.patient_of if spec else None
    folder = out / OFFICIAL / _place(dataset, model)
    model_name = folder.name
    samples = _samples_table(patient_of or str, experiments[0].samples)
    by_variant: dict[str, list[Experiment]] = {}
    for one in sorted(experiments, key=lambda one: one.suffix):
        by_variant.setdefault(one.variant.key, []).append(one)
    manifest = Manifest(
        source="official code",
        dataset=DatasetInfo(
            name=spec.name if spec else dataset.lower(),
            title=spec.title if spec else dataset,
            part=part,
            fingerprint=None,
            simulated=False,
            classes=experiments[0].classes,
            template=spec.template if spec else PAPER_TEMPLATE,
            note=" ".join(_notes(patient_of is not None, experiments)),
            samples=len(samples),
            images=samples["image_id"].nunique(),
            patients=samples["patient_id"].nunique(),
        ),
        model=ModelInfo(
            name=model_name,
            title=MODELS.get(model_name).title if model_name in MODELS else model,
            source="official code",
        ),
        variants=tuple(by_variant),
        protocols=("paper",),
        finished=datetime.now(UTC),
        problems=tuple(problems),
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
    except OSError as error:
        raise ResultsError(f"Cannot write into {folder}: {error.strerror}. Choose another folder.") from None
    tables = [
        probability_table(key, {one.suffix: one.probabilities for one in found}) for key, found in by_variant.items()
    ]
    write_parquet(folder / PROBABILITIES, *tables)
    write_parquet(folder / SAMPLES, pa.Table.from_pandas(samples, preserve_index=False))
    write_atomically(folder / MANIFEST, lambda stream: stream.write(manifest.to_json()))
    return open_run(folder)


def _notes(patients_are_known: bool, experiments: Sequence[Experiment]) -> list[str]:
    notes = [] if patients_are_known else [_NO_PATIENTS]
    never: dict[str, None] = {}
    for one in experiments:
        true = {label for _, label in one.samples}
        predicted = {one.classes[number] for number in np.unique(one.probabilities.argmax(axis=1))}
        never |= dict.fromkeys(label for label in one.classes if label in true - predicted)
    shown = " or ".join(list(never)[:4]) + (" or another class" if len(never) > 4 else "")
    return notes + ([_UNDEFINED.format(classes=shown)] if never else [])


def _samples_table(patient_of: Callable[[str], str], samples: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """The samples as far as the official code tells."""
    table = pd.DataFrame(samples, columns=["image_id", "label"])
    nth = table.groupby("image_id").cumcount() + 1
    table.insert(0, "sample_id", table["image_id"] + "#" + nth.astype(str))
    table.insert(2, "patient_id", table["image_id"].map(patient_of))
    table["group"] = ""
    for column in ("x0", "y0", "x1", "y1", "image_width", "image_height"):
        table[column] = np.nan
    table["image_path"] = ""
    return table
