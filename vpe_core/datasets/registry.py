"""All data sets: a new one is a new file and a line here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from vpe_core.datasets import jsrt, nih14, padchest_gr, simulated, table, vindr_cxr
from vpe_core.datasets.base import BoxTable, Dataset, DatasetSpec
from vpe_core.errors import DatasetError
from vpe_core.folders import named_path
from vpe_core.registry import Registry

T = TypeVar("T")

DATASETS: Registry[DatasetSpec] = Registry("data set", DatasetError)
for _spec in (padchest_gr.SPEC, vindr_cxr.SPEC, nih14.SPEC, jsrt.SPEC, *simulated.SPECS, table.SPEC):
    DATASETS.add(_spec.name, _spec)


def open_dataset(name: str, root: str | Path | None = None, *, part: str | None = None) -> Dataset:
    """Read a part of a data set.

    Args:
        name: From `names()`.
        root: Its folder, in the layout in which it is published; None for the default one: the project's own for the
            simulated sets, the sub-folder of VPE_DATASETS_DIR for the others.
        part: None for the data set's default part.

    Returns:
        The usable samples, and the rows that cannot be used with the reasons. There may be no usable ones.

    Raises:
        DatasetError: There is no such data set, part or folder, or a table in it is missing or malformed.

    Example:
        >>> from vpe_core.datasets import open_dataset
        >>> multi = open_dataset("sim-multi")
        >>> len(multi.classes), multi.simulated
        (11, True)
    """
    spec = DATASETS.get(name)
    return _read(spec, spec.read, root, part)


def read_boxes(name: str, root: str | Path | None = None, *, part: str | None = None) -> BoxTable | None:
    """The boxes of a part of a data set from its table alone: no image is needed.

    Args:
        name: As for `open_dataset`.
        root: The same.
        part: The same.

    Returns:
        None where only the images say on which grid the boxes are: then `open_dataset` reads them.

    Raises:
        DatasetError: As `open_dataset`.
    """
    spec = DATASETS.get(name)
    return _read(spec, spec.read_boxes, root, part) if spec.read_boxes else None


def _read(spec: DatasetSpec, reader: Callable[[Path, str], T], root: str | Path | None, part: str | None) -> T:
    if part is not None and part not in spec.parts:
        raise DatasetError(f"Expected a part of {spec.name} out of {', '.join(spec.parts)}, but got {part!r}.")
    if root is None and spec.default_root is not None:
        root = spec.default_root()
    folder = None if root is None else named_path(root, DatasetError).resolve()
    try:
        if folder is None or not folder.exists():
            raise DatasetError(
                f"Expected the data set “{spec.title}” at {folder}, which does not exist. {spec.how_to_get}"
            )
        return reader(folder, part or spec.default_part)
    except OSError as error:
        raise DatasetError(f"{spec.title} at {folder} cannot be read: {error}.") from error


def is_here(name: str) -> bool:
    """Whether the data set has a folder where it is looked for when none is given."""
    spec = DATASETS.get(name)
    try:
        return spec.default_root is not None and spec.default_root().exists()
    except (DatasetError, OSError):
        return False


def spec_of(dataset: str) -> DatasetSpec | None:
    """The spec by which this machine has a data set, called as results call it; None if it is not here.

    A table of one's own is called after its file, and only the one that lies where tables are looked for is here.
    """
    if dataset in DATASETS and dataset != table.SPEC.name:
        return DATASETS.get(dataset) if is_here(dataset) else None
    root = table.SPEC.default_root
    try:
        return table.SPEC if root is not None and table.is_table(dataset, root()) else None
    except DatasetError:
        return None
