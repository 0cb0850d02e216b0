"""How long one question to a model takes: loading, classifying and explaining an X-ray without and with a marker.

"From the shell" is a process of its own that imports everything anew; "imports done" is what remains of it.

    python -m benchmarks.embedded_latency [--model simclip] [--runs 20] [--json]

Every figure is the median of the runs after two that warm up, with the ratio to a plain loop. To classify, that is
open_clip as its documentation shows it, one picture at a time and the texts encoded anew for each; to explain, one
picture after the other. Give it a quiet machine.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image
from rich.console import Console
from rich.table import Table

from vpe_core import Box, draw_marker, load_model
from vpe_core.attention import explain, explain_many, names, overlay
from vpe_core.models import VisionLanguageModel
from vpe_core.settings import get_settings

CLASSES = ["lung nodule", "consolidation", "pleural effusion", "pneumothorax", "cardiomegaly", "atelectasis"]


def main(
    model: Annotated[str, typer.Option(help="Name of a model that is on this machine.")] = "simclip",
    runs: Annotated[int, typer.Option(min=1, help="Runs a figure.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure, and print a table."""
    load_model(model)  # imports
    load_ms = _median_ms(lambda: load_model(model), runs=min(runs, 5))
    network = load_model(model)
    pair = _pictures()
    prompts = [f"A chest x-ray with signs of {name}." for name in CLASSES]

    def explain_together(method: str) -> None:
        for image, heatmap in zip(pair, explain_many(network, pair, CLASSES[0], method=method), strict=True):
            overlay(image, heatmap)

    def explain_in_turn(method: str) -> None:
        for image in pair:
            overlay(image, explain(network, image, CLASSES[0], method=method))

    rows: dict[str, tuple[float, float | None]] = {
        "load": (load_ms, None),
        "classify two images": (
            _median_ms(lambda: network.classify(pair, CLASSES), runs),
            _median_ms(lambda: [_plain_loop(network, image, prompts) for image in pair], runs),
        ),
    }
    rows["load and classify, imports done"] = (_median_ms(partial(_load_and_classify, model, pair), 5), None)
    rows["classify from the shell"] = (_median_ms(partial(_from_the_shell, model), 3), None)
    for method in names():
        rows[f"explain two images, with overlays: {method}"] = (
            _median_ms(partial(explain_together, method), runs),
            _median_ms(partial(explain_in_turn, method), runs),
        )
    _report(network, rows, as_json)


def _pictures() -> list[Image.Image]:
    noise = np.random.default_rng(0).integers(0, 256, (1024, 1024), dtype=np.uint8)
    plain = Image.fromarray(noise)
    return [plain.convert("RGB"), draw_marker(plain, Box(300, 300, 500, 480), "circle")]


def _load_and_classify(model: str, images: list[Image.Image]) -> None:
    load_model(model).classify(images, CLASSES)


def _from_the_shell(model: str) -> None:
    sample = get_settings().precomputed_dir / "samples" / "several-8015.webp"
    command = [sys.executable, "-m", "vpe_core", "classify", str(sample), "--box", "466,126,849,476"]
    subprocess.run([*command, "--model", model, "--classes", ",".join(CLASSES)], check=True, capture_output=True)


def _plain_loop(model: VisionLanguageModel, image: Image.Image, prompts: list[str]) -> torch.Tensor:
    network, tokens = model._network, model._reader.ids(prompts)
    with torch.no_grad():
        features = network.encode_image(model.pixels([image]), normalize=True).float()
        texts = network.encode_text(tokens.to(model.device), normalize=True).float()
        return (network.logit_scale.exp() * features @ texts.T).softmax(dim=-1)


def _median_ms(action: Callable[[], object], runs: int) -> float:
    times = []
    for run in range(runs + 2):
        start = time.perf_counter()
        action()
        if run >= 2:
            times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def _report(network: VisionLanguageModel, rows: dict[str, tuple[float, float | None]], as_json: bool) -> None:
    title = f"{network.name}, {network.record.parameters / 1e6:.1f} M parameters, {network.record.precision}"
    if as_json:
        figures = {what: {"ms": ms, "plain_loop_ms": loop} for what, (ms, loop) in rows.items()}
        typer.echo(json.dumps({"model": title, "device": network.device_title, "median": figures}, indent=2))
        return
    table = Table("What", title=f"{title}, on {network.device_title}")
    for heading in ("median ms", "plain loop, ms", "ratio"):
        table.add_column(heading, justify="right")
    for what, (ms, loop) in rows.items():
        table.add_row(what, f"{ms:.1f}", f"{loop:.1f}" if loop else "", f"{loop / ms:.1f}" if loop else "")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
