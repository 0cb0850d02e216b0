"""How much faster a run is with two workers of Ray than with one, and what each stage of it costs a core.

    python -m benchmarks.ray_scaling [--images 120] [--rounds 2] [--out FILE]

Each worker is a model with one thread. Runs with one and with more workers take turns, each on a cluster of its own
that is held to as many cores, where the tasks that draw run, too. The time counts from the first batch to the last
chunk, for clusters and models start once a run however long it is. A shared machine slows the larger one down, so the
load is told beside each pair.

The stages are measured in one thread of this process, on X-rays of VinDr-CXR's size: reading a file, drawing one
picture by the paper's protocol, preparing it, and encoding it in full batches.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.encoding_throughput import KINDS, large_xrays
from benchmarks.full_size_model import NAME as FULL_SIZE
from benchmarks.full_size_model import full_size_model
from vpe_core.benchmark import engines
from vpe_core.benchmark.job import BatchDone
from vpe_core.benchmark.plan import load_plan
from vpe_core.benchmark.runner import RunSettings, make_job
from vpe_core.datasets import Dataset, open_dataset
from vpe_core.images import read_pixels
from vpe_core.markers import VariantRenderer
from vpe_core.models import VisionLanguageModel, load_model

BATCH = 4
"""Small, so that a run has many chunks: with few, the one that ends last decides."""


def main(
    images: Annotated[int, typer.Option(min=8, help="Simulated X-rays of a run.")] = 120,
    workers: Annotated[int, typer.Option(min=2, help="Workers of the larger cluster.")] = 2,
    rounds: Annotated[int, typer.Option(min=1, help="Pairs of runs.")] = 2,
    model: Annotated[
        str, typer.Option(help=f"Whose runs are compared; {FULL_SIZE} for one of full size with random weights.")
    ] = "simclip",
    stages: Annotated[bool, typer.Option("--stages/--no-stages", help="Also measure the stages.")] = True,
    out: Annotated[Path | None, typer.Option(help="Write the JSON there, too.")] = None,
) -> None:
    """Measure, and print JSON."""
    import torch

    torch.set_num_threads(1)
    found: dict[str, object] = {"processor": _processor(), "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as scratch:
        full_size = full_size_model(Path(scratch))
        network = load_model(full_size if model == FULL_SIZE else model)
        found["scaling"] = {"model": model, "workers": workers, "pairs": _pairs(network, images, workers, rounds)}
        if stages:
            full = load_model(full_size)
            found["stages_ms"] = {
                kind.name: _stages(large_xrays(Path(scratch) / str(number), kind, 2), full)
                for number, kind in enumerate(KINDS)
            }
            found["stages_of"] = f"{FULL_SIZE}, {full.record.precision}, one thread"
    text = json.dumps(found, indent=2)
    typer.echo(text)
    if out:
        out.write_text(text + "\n", encoding="utf-8")


def _pairs(network: VisionLanguageModel, n_images: int, workers: int, rounds: int) -> list[dict[str, float]]:
    job = make_job(
        load_plan("paper").coverage(), open_dataset("sim-multi"), network, RunSettings(batch_size=BATCH, limit=n_images)
    )

    def per_second(n_workers: int) -> float:
        start, done = 0.0, 0
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, sorted(cores)[:n_workers])  # whatever Ray starts inherits it
        try:
            for message in engines.get("ray")(n_workers, None, None).run(job, job.missing({})):
                if isinstance(message, BatchDone):
                    done += message.n_pictures if start else 0  # the first one starts the clock
                    start = start or time.perf_counter()
        finally:
            os.sched_setaffinity(0, cores)
        return done / (time.perf_counter() - start)

    pairs = []
    for turn in range(rounds):
        order = (1, workers) if turn % 2 == 0 else (workers, 1)
        speeds = {n: per_second(n) for n in order}
        pairs.append(
            {
                "pictures_a_second_1": round(speeds[1], 1),
                f"pictures_a_second_{workers}": round(speeds[workers], 1),
                "ratio": round(speeds[workers] / speeds[1], 2),
                "load": round(os.getloadavg()[0], 1),
            }
        )
        typer.echo(f"Pair {turn + 1} of {rounds}: {pairs[-1]}", err=True)
    return pairs


def _stages(dataset: Dataset, network: VisionLanguageModel) -> dict[str, float]:
    """Milliseconds of the processor: once a file, once a picture and once a picture."""
    sample = dataset.samples[0]
    assert sample.box is not None
    box = sample.box
    pixels = read_pixels(sample.image_path)
    renderer = VariantRenderer(pixels, "paper")
    drawn = renderer.render()
    ready = np.zeros((8, *network.prepare(drawn).shape), np.uint8)
    return {
        "decode_a_file": _cpu_ms(lambda: read_pixels(sample.image_path)),
        "resize_a_file": _cpu_ms(lambda: VariantRenderer(pixels, "paper").render()),
        "draw_a_picture": _cpu_ms(lambda: renderer.render(box, "circle", color="red", width=1)),
        "prepare_a_picture": _cpu_ms(lambda: network.prepare(drawn)),
        "encode_a_picture": _cpu_ms(lambda: network.encode_images(ready, batch_size=8)) / len(ready),
    }


def _cpu_ms(work: Callable[[], object], repeats: int = 5) -> float:
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return round(statistics.median(times) * 1e3, 2)


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


if __name__ == "__main__":
    typer.run(main)
