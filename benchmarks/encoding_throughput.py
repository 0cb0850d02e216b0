"""How close a benchmark run comes to the bare model, and how far it is ahead of a plain loop, on X-rays of three kinds.

    python -m benchmarks.encoding_throughput [--images 8] [--rounds 2] [--json]

A run goes through `vpe_core.benchmark` as the command does, from files to complete results on disk. Beside it,
in turns, so that what else the machine does falls on both: the bare model, which is given as many pictures that are
prepared already; and a plain loop that does for every sample and row what the paper's procedure says, one after the
other: decode the file, draw, preprocess, encode one picture in fp32.

Two figures each: of the time that passes, and of the processors' time of this process, which says the same on two busy
cores and hardly depends on other work. The model has BiomedCLIP's size and random weights. The X-rays are simulated
ones, enlarged: NIH's have 1024 pixels a side and eight bits, those of VinDr-CXR and PadChest up to 3000 and more bits.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.full_size_model import NAME as FULL_SIZE
from benchmarks.full_size_model import full_size_model
from vpe_core.benchmark.plan import load_plan
from vpe_core.benchmark.runner import RunSettings, make_job, run_plan
from vpe_core.datasets import Dataset, open_dataset
from vpe_core.images import load_image
from vpe_core.markers import render_variant
from vpe_core.models import VisionLanguageModel, load_model

ROWS = ("none", "crop", "arrow", "arrow", "bbox", "bbox", "circle", "circle")
"""The paper's eight rows: three markers with and without a suffix, which changes the text, not the picture."""


@dataclass(frozen=True)
class Kind:
    """X-rays of one kind: size in pixels, 8 or 12 bits."""

    name: str
    size_wh: tuple[int, int]
    suffix: str
    deep: bool


KINDS = (
    Kind("PNG, 1024 x 1024, 8 bit", (1024, 1024), ".png", deep=False),
    Kind("PNG, 2500 x 3000, 12 bit", (2500, 3000), ".png", deep=True),
    Kind("DICOM, 2500 x 3000, 12 bit", (2500, 3000), ".dcm", deep=True),
)


@dataclass(frozen=True)
class Spent:
    """Seconds that passed, and seconds of the processors."""

    passed: float
    worked: float

    @classmethod
    def on(cls, work: Callable[[], object]) -> Spent:
        passed, worked = time.perf_counter(), time.process_time()
        work()
        return cls(time.perf_counter() - passed, time.process_time() - worked)


def main(
    model: Annotated[str, typer.Option(help=f"{FULL_SIZE}, or a model that is on this machine.")] = FULL_SIZE,
    images: Annotated[int, typer.Option(min=1, help="X-rays of a run; with few, filling the first batch weighs.")] = 8,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each kind, in turns with the bare model.")] = 2,
    loop_samples: Annotated[int, typer.Option(min=1, help="Samples of the plain loop, which is slow.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory() as scratch:
        name = full_size_model(Path(scratch)) if model == FULL_SIZE else model
        network, exact = load_model(name), load_model(name, precision="fp32")
        rows = {}
        for number, kind in enumerate(KINDS):
            dataset = large_xrays(Path(scratch) / str(number), kind, images)
            rows[kind.name] = _compare(network, exact, dataset, Path(scratch) / f"runs-{number}", rounds, loop_samples)
    title = f"{Path(network.name).name}, {network.record.parameters / 1e6:.0f} M parameters, {network.record.precision}"
    if as_json:
        about = {"model": title, "device": network.device_title, "load_at_end": [round(n, 1) for n in os.getloadavg()]}
        typer.echo(json.dumps({**about, "xrays": rows}, indent=2))
        return
    table = Table("X-rays", title=f"{title}, on {network.device_title}")
    for heading in next(iter(rows.values())):
        table.add_column(heading.replace("_", " "), justify="right")
    for kind_name, figures in rows.items():
        table.add_row(kind_name, *(f"{figure:,.2f}" for figure in figures.values()))
    Console().print(table)


def _compare(
    network: VisionLanguageModel,
    exact: VisionLanguageModel,
    dataset: Dataset,
    folder: Path,
    rounds: int,
    loop_samples: int,
) -> dict[str, float]:
    plan = load_plan("paper")
    job = make_job(plan.coverage(), dataset, network, RunSettings())
    n_pictures = sum(map(job.n_pictures, job.missing({})))
    ready = np.zeros((n_pictures, *network.prepare(Image.new("L", (8, 8))).shape), np.uint8)
    run_plan(plan, dataset, network, folder / "warm", RunSettings(limit=1))
    runs, bare = [], []
    for turn in range(rounds):
        bare.append(Spent.on(lambda: network.encode_images(ready, batch_size=job.batch_size)))
        runs.append(Spent.on(lambda out=folder / str(turn): run_plan(plan, dataset, network, out)))
    loop = Spent.on(lambda: _plain_loop(exact, dataset, loop_samples))
    a_sample = statistics.median(each.passed for each in runs) / len(dataset)
    ratios = list(zip(bare, runs, strict=True))
    return {
        "of_the_bare_model": statistics.median(one.passed / other.passed for one, other in ratios),
        "of_it_in_processor_time": statistics.median(one.worked / other.worked for one, other in ratios),
        "run_ms_a_sample": a_sample * 1e3,
        "plain_loop_ms_a_sample": loop.passed / loop_samples * 1e3,
        "ahead_of_the_loop": loop.passed / loop_samples / a_sample,
    }


def _plain_loop(network: VisionLanguageModel, dataset: Dataset, n_samples: int) -> None:
    for sample in dataset.samples[:n_samples]:
        for marker in ROWS:
            network.encode_images([render_variant(sample.image_path, sample.box, marker)])


def large_xrays(folder: Path, kind: Kind, n_images: int) -> Dataset:
    """The first simulated X-rays with their boxes, enlarged to the size of real ones; deep ones have noise as these."""
    folder.mkdir()
    small = open_dataset("sim-multi")
    chosen = list(dict.fromkeys(sample.image_id for sample in small))[:n_images]
    samples = []
    for sample in (one for one in small if one.image_id in chosen):
        path = folder / f"{sample.image_id}{kind.suffix}"
        picture = load_image(sample.image_path)
        if not path.exists():
            _save(picture.resize(kind.size_wh), path, kind)
        sx, sy = (new / old for new, old in zip(kind.size_wh, picture.size, strict=True))
        samples.append(replace(sample, image_path=path, twin_path=None, box=sample.box and sample.box.scaled(sx, sy)))
    return replace(small, root=folder, samples=tuple(samples))


def _save(picture: Image.Image, path: Path, kind: Kind) -> None:
    if not kind.deep:
        picture.save(path)
        return
    noise = np.random.default_rng(0).normal(0, 12, (picture.height, picture.width))
    values = (np.asarray(picture) * 16.0 + noise).clip(0, 4095).astype(np.uint16)
    if kind.suffix == ".png":
        Image.fromarray(values).save(path)
        return
    from pydicom.dataset import Dataset as Elements
    from pydicom.uid import ExplicitVRLittleEndian

    elements = Elements()
    elements.Rows, elements.Columns = values.shape
    elements.SamplesPerPixel, elements.PhotometricInterpretation = 1, "MONOCHROME2"
    elements.BitsAllocated, elements.BitsStored, elements.HighBit, elements.PixelRepresentation = 16, 12, 11, 0
    elements.WindowCenter, elements.WindowWidth = 2048, 4096
    elements.PixelData = values.tobytes()
    elements.SOPClassUID, elements.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.1", "2.25.1"
    elements.file_meta = _meta(ExplicitVRLittleEndian)
    elements.save_as(path, enforce_file_format=True)


def _meta(syntax: str) -> object:
    from pydicom.dataset import FileMetaDataset

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.1", "2.25.1"
    return meta


if __name__ == "__main__":
    typer.run(main)
