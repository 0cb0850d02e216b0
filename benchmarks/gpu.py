"""Whether a graphics card answers as the processor does, and how fast it is: one command for a bare machine.

    python -m benchmarks.gpu [--out benchmarks/results/gpu.json]

Under 4 minutes: probabilities and attention of each arithmetic beside the processor's in fp32; a benchmark run beside
the bare model, and how many cores it takes to make pictures as fast as the model looks at them; a stroke of the live
demo without a browser; memory; two models at once. It prints a table and writes JSON with the machine's name.

Exit codes: 0; 1 if answers lie beyond the tolerances; 2 if there is no CUDA. `--device cpu --quick` runs all of it on a
processor in some seconds, with an embedded model, to see that it runs.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.encoding_throughput import Kind, large_xrays
from benchmarks.full_size_model import full_size_model
from vpe_core import draw_marker
from vpe_core.attention import GazeEncoder, patch_relevance
from vpe_core.benchmark.pictures import PictureMaker
from vpe_core.benchmark.plan import load_plan
from vpe_core.benchmark.runner import RunSettings, make_job, run_plan
from vpe_core.datasets import Dataset
from vpe_core.images import load_image
from vpe_core.models import VisionLanguageModel, load_model

CLASSES = ["lung nodule", "consolidation", "pleural effusion", "pneumothorax", "cardiomegaly", "atelectasis"]
Figures = dict[str, float | None]
METHODS = ("last-layer", "legrad")
TOLERANCES = {"fp32": (1e-4, 2e-3), "fp16": (0.02, 0.05), "bf16": (0.05, 0.2)}
"""For each arithmetic how far probabilities may lie from the processor's in fp32, and how far a map, as a share of its
largest value."""


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    images: int
    side_px: int
    pictures: int
    strokes: int
    compared: int


FULL, QUICK = Size(24, 1024, 1024, 30, 8), Size(1, 256, 4, 1, 2)


def main(
    device: Annotated[str, typer.Option(help="cuda, cuda:N or cpu.")] = "cuda",
    out: Annotated[Path | None, typer.Option(help="Where the JSON goes.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A few pictures and an embedded model.")] = False,
) -> None:
    """Measure, print a table and write JSON."""
    if device.startswith("cuda") and not torch.cuda.is_available():
        typer.echo("There is no NVIDIA GPU here that torch can use (CUDA), so nothing was measured.", err=True)
        raise typer.Exit(2)
    size = QUICK if quick else FULL
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        name = "simclip" if quick else full_size_model(Path(scratch))
        side = (size.side_px, size.side_px)
        dataset = large_xrays(Path(scratch) / "xrays", Kind("PNG", side, ".png", deep=False), size.images)
        model = load_model(name, device=device)
        answers = _answers(name, model.device, dataset, size.compared)
        figures = {
            **_sweep(model, dataset, Path(scratch) / "runs", size),
            **_stroke(model, dataset, size.strokes),
            **_two_models(model, load_model(name, device=device), size.pictures),
        }
    report = {
        "machine": platform.node(),
        "device": model.device_title,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "torch": torch.__version__,
        "model": Path(model.name).name,
        "precision": model.record.precision,
        "seconds": round(time.perf_counter() - start, 1),
        "answers": answers,
        "figures": figures,
    }
    _show(report, answers, figures)
    if out is not None:
        out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if not all(row["within"] for row in answers.values()):
        raise typer.Exit(1)


def _answers(name: str, device: str, dataset: Dataset, n_pictures: int) -> dict[str, dict[str, float | bool]]:
    """How far the answers in each arithmetic lie from those of the processor in fp32."""
    xrays = [draw_marker(one.image_path, one.box, "circle") for one in dataset.samples if one.box][:n_pictures]
    exact = load_model(name, device="cpu", precision="fp32")
    expected = exact.classify(xrays, CLASSES)
    maps = {method: patch_relevance(exact, xrays, CLASSES[0], method=method) for method in METHODS}
    rows: dict[str, dict[str, float | bool]] = {}
    for precision, (for_answers, for_maps) in TOLERANCES.items():
        if device == "cpu" and precision == "fp16":
            continue
        model = load_model(name, device=device, precision=precision)
        row: dict[str, float | bool] = {"probabilities": float(np.abs(model.classify(xrays, CLASSES) - expected).max())}
        for method in METHODS:
            found = patch_relevance(model, xrays, CLASSES[0], method=method)
            pairs = zip(found, maps[method], strict=True)
            row[method] = max(float(np.abs(one - other).max() / np.max(other)) for one, other in pairs)
        row["within"] = row["probabilities"] <= for_answers and all(row[method] <= for_maps for method in METHODS)
        rows[precision] = row
    return rows


def _sweep(model: VisionLanguageModel, dataset: Dataset, folder: Path, size: Size) -> Figures:
    plan = load_plan("paper")
    job = make_job(plan.coverage(), dataset, model, RunSettings())
    n_pictures = sum(map(job.n_pictures, job.missing({})))
    maker = PictureMaker(model.prepare, model.view, job.root)
    before = time.process_time()
    for image in job.images:
        maker(image, tuple(job.wanted))
    a_picture = (time.process_time() - before) / n_pictures
    encoder, ready = GazeEncoder(model), _ready(model, size.pictures)
    encoder.encode(ready[: job.batch_size], batch_size=job.batch_size)
    _forget_memory(model.device)
    bare = size.pictures / _seconds(lambda: encoder.encode(ready, batch_size=job.batch_size))
    run_plan(plan, dataset, model, folder / "warm", RunSettings(limit=1))
    run = n_pictures / _seconds(lambda: run_plan(plan, dataset, model, folder / "run"))
    return {
        "bare model, pictures/s": bare,
        "benchmark run, pictures/s": run,
        "run of the bare model": run / bare,
        "cores that keep up with the bare model": a_picture * bare,
        "memory of the run, MiB": _memory_mib(model.device),
    }


def _stroke(model: VisionLanguageModel, dataset: Dataset, n_strokes: int) -> Figures:
    """From a stroke to probabilities and a map: drawn in full resolution, encoded, asked for the classes."""
    sample = next(one for one in dataset.samples if one.box)
    xray, encoder = load_image(sample.image_path), GazeEncoder(model)
    texts = model.encode_classes(CLASSES)

    def answer() -> None:
        embeddings, _ = encoder.encode(draw_marker(xray, sample.box, "circle"))
        _ = embeddings @ texts.T

    answer()
    return {"stroke, ms": statistics.median(_seconds(answer) for _ in range(n_strokes)) * 1e3}


def _two_models(one: VisionLanguageModel, other: VisionLanguageModel, n_pictures: int) -> Figures:
    ready = _ready(one, n_pictures)
    other.encode_images(ready[:32])
    _forget_memory(one.device)
    alone = _seconds(lambda: one.encode_images(ready, batch_size=128))
    threads = [
        threading.Thread(target=model.encode_images, args=(ready,), kwargs={"batch_size": 128})
        for model in (one, other)
    ]

    def both() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return {
        "two models at once, of one's pictures/s": 2 * alone / _seconds(both),
        "memory of two models, MiB": _memory_mib(one.device),
    }


def _ready(model: VisionLanguageModel, n_pictures: int) -> np.ndarray:
    side = model.spec.image_size or 224
    return np.random.default_rng(0).integers(0, 256, (n_pictures, side, side, 3), dtype=np.uint8)


def _seconds(work: Callable[[], object]) -> float:
    """Answers come as arrays, so nothing is left on its way when `work` returns."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _forget_memory(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)


def _memory_mib(device: str) -> float | None:
    """The most that was allocated on the card; None on a processor."""
    return torch.cuda.max_memory_allocated(device) / 2**20 if device.startswith("cuda") else None


def _show(report: dict[str, object], answers: dict[str, dict[str, float | bool]], figures: Figures) -> None:
    console = Console()
    table = Table("arithmetic", title=f"{report['model']} on {report['device']}: largest difference to the CPU in fp32")
    for heading in ("probabilities", *METHODS, "within"):
        table.add_column(heading, justify="right")
    for precision, row in answers.items():
        shown = [f"{row[key]:.1e}" for key in ("probabilities", *METHODS)]
        table.add_row(precision, *shown, "yes" if row["within"] else "no")
    console.print(table)
    table = Table("measure", title=f"in {report['precision']}, {report['cores']} cores")
    table.add_column("figure", justify="right")
    for measure, figure in figures.items():
        table.add_row(measure, "not on a processor" if figure is None else f"{figure:,.2f}")
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
