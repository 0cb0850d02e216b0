"""The simulated sets: a folder with samples.csv, one row a finding, as `vpe_core simulate` writes it."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from vpe_core.datasets.base import Dataset, DatasetSpec
from vpe_core.datasets.folders import inside
from vpe_core.datasets.headers import place, read_header
from vpe_core.datasets.rows import Row, attribute_reader, classes_of, collect, read_rows
from vpe_core.errors import DatasetError
from vpe_core.prompts import CLASS_LISTS, JSRT_TEMPLATE, PAPER_TEMPLATE
from vpe_core.settings import get_settings
from vpe_core.types import Sample

TABLE = "samples.csv"
HEALTHY = "no abnormality"
CARRIED_PART = "test"
NODULE_WORDS = {"benign lung nodule": "benign", "malignant lung nodule": "malignant"}
TITLES = {
    "sim-multi": "Simulated X-rays, 2 to 4 findings each",
    "sim-nodule": "Simulated X-rays, one benign or malignant nodule",
    "sim-shift": "Simulated portable X-rays, 2 to 4 findings each",
}
_REQUIRED = ("image", "patient", "finding", "x0", "y0", "x1", "y1")
_OWN_COLUMNS = (*_REQUIRED, "twin")


def _carried(name: str) -> Path:
    return get_settings().precomputed_dir / "datasets" / name


def _read(name: str, root: Path, part: str) -> Dataset:
    if root == _carried(name).resolve() and part != CARRIED_PART:
        raise DatasetError(
            f"Of {name}, the project carries the part {CARRIED_PART!r} only. Write the part {part!r} with "
            f"`python -m vpe_core simulate --set {name} --part {part} --out DIR`, and give that folder."
        )
    table = read_rows(root / TABLE, _REQUIRED, "image")
    rows = [row for row in table if row["finding"] != HEALTHY]
    nodules = name == "sim-nodule"
    labels = tuple(NODULE_WORDS) if nodules else CLASS_LISTS.get("simulated").classes
    attributes = attribute_reader(rows, [column for column in table[0].cells if column not in _OWN_COLUMNS])

    header = cache(read_header)

    def sample(row: Row) -> Sample:
        label = row.label("finding", labels)
        path = inside(root, row["image"])
        twin = inside(root, row["twin"]) if row.first("twin") else None
        if twin:
            header(twin)
        return Sample(
            sample_id=f"{path.stem}#{row.nth}",
            image_id=path.stem,
            image_path=path,
            patient_id=row["patient"],
            label=label,
            box=place(row.floats("x0", "y0", "x1", "y1"), header(path).size_wh),
            twin_path=twin,
            attributes=attributes(row),
        )

    samples, problems = collect(rows, TABLE, sample)
    return Dataset(
        name=name,
        title=TITLES[name],
        part=part,
        root=root,
        samples=samples,
        classes=classes_of(rows, "finding", labels),
        problems=problems,
        template=JSRT_TEMPLATE if nodules else PAPER_TEMPLATE,
        class_words=NODULE_WORDS if nodules else {},
        simulated=True,
    )


SPECS = tuple(
    DatasetSpec(
        name=name,
        title=title,
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
    )
    for name, title in TITLES.items()
)
