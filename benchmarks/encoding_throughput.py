"""How much faster a benchmark run is than a plain loop over the paper's eight rows, with the same model and X-rays.

    python -m benchmarks.encoding_throughput [--model vit-b-16-bert-base] [--side 1024] [--images 8] [--json]

The plain loop does for every sample and row what the paper's procedure says, one after the other: decode the file,
draw, preprocess, encode one picture in fp32. The run goes through `vpe_core.benchmark` as the command does, from files
to complete results on disk, in the model's default arithmetic. The model has BiomedCLIP's size and random weights. The
X-rays are simulated ones, enlarged: NIH's are 1024 pixels wide, those of VinDr-CXR and PadChest two to three times
that. Give it a quiet machine.
"""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.full_size_model import NAME as FULL_SIZE
from benchmarks.full_size_model import full_size_model
from vpe_core.benchmark.plan import load_plan
from vpe_core.benchmark.runner import RunSettings, run_plan
from vpe_core.datasets import Dataset, open_dataset
from vpe_core.images import load_image
from vpe_core.markers import render_variant
from vpe_core.models import VisionLanguageModel, load_model

ROWS = ("none", "crop", "arrow", "arrow", "bbox", "bbox", "circle", "circle")
"""The paper's eight rows: three markers with and without a suffix, which changes the text, not the picture."""


def main(
    model: Annotated[str, typer.Option(help=f"{FULL_SIZE}, or a model that is on this machine.")] = FULL_SIZE,
    side: Annotated[int, typer.Option(min=224, help="Width and height of the X-rays, pixels.")] = 1024,
    images: Annotated[int, typer.Option(min=1, help="X-rays of the run.")] = 8,
    loop_samples: Annotated[int, typer.Option(min=1, help="Samples of the plain loop, which is slow.")] = 4,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory() as scratch:
        name = full_size_model(Path(scratch)) if model == FULL_SIZE else model
        dataset = _large_xrays(Path(scratch) / "xrays", images, side)
        network = load_model(name)
        run_plan(load_plan("paper"), dataset, network, Path(scratch) / "warm", RunSettings(limit=1))
        start = time.perf_counter()
        run = run_plan(load_plan("paper"), dataset, network, Path(scratch) / "run")
        ours = (time.perf_counter() - start) / len(run.samples)
        loop = _plain_loop(load_model(name, precision="fp32"), dataset, loop_samples)
    _report(network, f"{len(dataset)} findings in {images} X-rays of {side} pixels", ours, loop, as_json)


def _plain_loop(network: VisionLanguageModel, dataset: Dataset, n_samples: int) -> float:
    """Seconds a sample."""
    samples = dataset.samples[:n_samples]
    network.encode_images([render_variant(samples[0].image_path, samples[0].box, "circle")])
    start = time.perf_counter()
    for sample in samples:
        for marker in ROWS:
            network.encode_images([render_variant(sample.image_path, sample.box, marker)])
    return (time.perf_counter() - start) / len(samples)


def _large_xrays(folder: Path, n_images: int, side_px: int) -> Dataset:
    """The first simulated X-rays with their boxes, enlarged to the size of real ones and saved as PNG."""
    folder.mkdir()
    small = open_dataset("sim-multi")
    chosen = list(dict.fromkeys(sample.image_id for sample in small))[:n_images]
    samples = []
    for sample in (one for one in small if one.image_id in chosen):
        path = folder / f"{sample.image_id}.png"
        picture = load_image(sample.image_path)
        if not path.exists():
            picture.resize((side_px, side_px)).save(path)
        box = sample.box and sample.box.scaled(side_px / picture.width, side_px / picture.height)
        samples.append(replace(sample, image_path=path, twin_path=None, box=box))
    return replace(small, root=folder, samples=tuple(samples))


def _report(network: VisionLanguageModel, what: str, ours: float, loop: float, as_json: bool) -> None:
    title = f"{Path(network.name).name}, {network.record.parameters / 1e6:.0f} M parameters, {network.record.precision}"
    if as_json:
        figures = {"run_ms": ours * 1e3, "plain_loop_ms": loop * 1e3, "ratio": loop / ours}
        typer.echo(
            json.dumps({"model": title, "device": network.device_title, "xrays": what, "a_sample": figures}, indent=2)
        )
        return
    table = Table("What", title=f"{title}, on {network.device_title}; {what}")
    for heading in ("ms a sample, eight rows", "samples/s", "ratio"):
        table.add_column(heading, justify="right")
    table.add_row("plain loop, fp32", f"{loop * 1e3:,.0f}", f"{1 / loop:.2f}", "1.0")
    table.add_row("benchmark run", f"{ours * 1e3:,.0f}", f"{1 / ours:.2f}", f"{loop / ours:.1f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
