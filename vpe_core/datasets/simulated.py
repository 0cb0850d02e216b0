"""The simulated sets: a folder with samples.csv, one row a finding, as `vpe_core simulate` writes it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from vpe_core.datasets.base import Dataset, DatasetSpec
from vpe_core.datasets.rows import read_rows
from vpe_core.datasets.table import OPTIONAL, read_samples
from vpe_core.errors import DatasetError
from vpe_core.prompts import JSRT_TEMPLATE, PAPER_TEMPLATE
from vpe_core.settings import get_settings

TABLE = "samples.csv"
HEALTHY = "no abnormality"
CARRIED_PART = "test"
CLASSES = (
    "atelectasis", "calcified granuloma", "cardiomegaly", "consolidation", "interstitial opacities",
    "lung mass", "lung nodule", "pacemaker", "pleural effusion", "pneumothorax",
)  # fmt: skip
"""The findings that vpe_core.simulation draws."""
NODULE_WORDS = {"benign lung nodule": "benign", "malignant lung nodule": "malignant"}
NODULES = "sim-nodule"
TITLES = {
    "sim-multi": "Simulated X-rays, none or 2 to 4 findings each",
    NODULES: "Simulated X-rays, one benign or malignant nodule",
    "sim-shift": "Simulated portable X-rays, none or 2 to 4 findings each",
}
_SHORT_TITLES = {
    "sim-multi": "Several findings",
    NODULES: "One nodule, benign or malignant",
    "sim-shift": "Portable X-rays (unseen look)",
}
_REQUIRED = ("image", "patient", "finding", "x0", "y0", "x1", "y1")


def _carried(name: str) -> Path:
    return get_settings().precomputed_dir / "datasets" / name


def _read(name: str, root: Path, part: str) -> Dataset:
    if root == _carried(name).resolve() and part != CARRIED_PART:
        raise DatasetError(
            f"Of {name}, the project carries the part {CARRIED_PART!r} only. Write the part {part!r} with "
            f"`python -m vpe_core simulate --set {name} --part {part} --out DIR`, and give that folder."
        )
    listed = read_rows(root / TABLE, _REQUIRED, "image", optional=OPTIONAL)
    rows = [
        row for row in listed if row["finding"] != HEALTHY or row.first("x0")
    ]  # without a box, no place to ask about
    samples, classes, problems = read_samples(
        root / TABLE, rows, "finding", (*_classes(name), HEALTHY), lambda image: Path(image).stem
    )
    return Dataset(
        name=name,
        title=TITLES[name],
        part=part,
        root=root,
        samples=samples,
        classes=classes,
        problems=problems,
        template=_template(name),
        class_words=NODULE_WORDS if name == NODULES else {},
        simulated=True,
    )


def _classes(name: str) -> tuple[str, ...]:
    return tuple(NODULE_WORDS) if name == NODULES else CLASSES


def _template(name: str) -> str:
    return JSRT_TEMPLATE if name == NODULES else PAPER_TEMPLATE


SPECS = tuple(
    DatasetSpec(
        name=name,
        title=title,
        short_title=_SHORT_TITLES[name],
        parts=("test", "train", "val"),
        default_part=CARRIED_PART,
        read=partial(_read, name),
        how_to_get=(
            "The test part comes with the project, in precomputed/datasets; the others are written by "
            f"`python -m vpe_core simulate --set {name} --part train --out DIR`."
        ),
        simulated=True,
        terms="Free for research and teaching; nobody's X-rays.",
        default_root=partial(_carried, name),
        classes=_classes(name),
        template=_template(name),
    )
    for name, title in TITLES.items()
)
