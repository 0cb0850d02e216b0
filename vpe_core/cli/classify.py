"""`classify IMAGE --box … --marker … --classes …`: what a model says without and with a marker."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vpe_core.models import ModelSpec
    from vpe_core.types import Box, Prediction


@dataclass(frozen=True, slots=True)
class _Answer:
    spec: ModelSpec
    device: str
    without: Prediction
    with_marker: Prediction
    load_ms: float
    unknown_words: tuple[str, ...]
    beyond: str
    losses: tuple[str, ...]

    @property
    def milliseconds(self) -> float:
        return self.without.milliseconds + self.with_marker.milliseconds


def classify(
    image: Annotated[Path, typer.Argument(help="A chest X-ray: PNG, JPEG, TIFF, DICOM or JSRT .IMG.")],
    box: Annotated[str, typer.Option(help="The region as x0,y0,x1,y1 in pixels of the image.")],
    classes: Annotated[str, typer.Option(help='The classes to choose from, separated by commas; "a, b" is one.')],
    marker: Annotated[str, typer.Option(help="How to mark the region.")] = "circle",
    color: Annotated[str, typer.Option(help="Colour of the marker.")] = "red",
    width: Annotated[
        float | None,
        typer.Option(help="Line width; native: pixels of an image of 512 pixels, 3 if left out; paper: 1."),
    ] = None,
    model: Annotated[str, typer.Option(help="A name from `models list`.")] = "simclip",
    template: Annotated[
        str | None, typer.Option(help="Prompt with {class} and perhaps {suffix}; the paper's if left out.")
    ] = None,
    suffix: Annotated[bool, typer.Option("--suffix", help="Name the marker in the marked image's prompts.")] = False,
    protocol: Annotated[str, typer.Option(help="native (as people see it) or paper (256 x 256 pixels).")] = "native",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Classify an X-ray without and with a marker, and show the change."""
    from vpe_core.datasets.grids import beyond, check_pixels
    from vpe_core.images import as_pixels
    from vpe_core.markers import VariantRenderer
    from vpe_core.models import load_model
    from vpe_core.prompts import PAPER_TEMPLATE, build_prompts, check_choice, marker_suffix, parse_classes

    names, region = check_choice(parse_classes(classes)), _parse_box(box)
    pixels = as_pixels(image)
    check_pixels(region.xyxy, pixels.size_wh)
    renderer = VariantRenderer(pixels, protocol)  # type: ignore[arg-type]  # it checks the name itself
    plain = renderer.render()
    marked = renderer.render(region, marker, color=color, width=width)
    start = time.perf_counter()
    network = load_model(model)
    load_ms = (time.perf_counter() - start) * 1e3
    words = marker_suffix(marker, color) if suffix else ""
    template = template or PAPER_TEMPLATE
    prompts = build_prompts(names, template, suffix=words)
    answer = _Answer(
        network.spec,
        network.device_title,
        network.predict([plain], names, template=template),
        network.predict([marked], names, template=template, suffix=words),
        load_ms,
        network.unknown_words(prompts),
        beyond(region.xyxy, pixels.size_wh),
        network.reading(prompts).losses(network.spec.title),
    )
    if as_json:
        typer.echo(json.dumps(_as_json(answer), indent=2))
        if answer.beyond:
            typer.secho(answer.beyond, fg=typer.colors.YELLOW, err=True)
    else:
        _print_table(answer)


def _parse_box(text: str) -> Box:
    from vpe_core.datasets.rows import number
    from vpe_core.errors import RegionError
    from vpe_core.types import Box

    match [number(part.strip()) for part in text.split(",")]:
        case [float(x0), float(y0), float(x1), float(y1)]:
            return Box(x0, y0, x1, y1)
    raise RegionError(f"Expected --box x0,y0,x1,y1 in pixels, such as 310,220,420,330, but got {text!r}.")


def _print_table(answer: _Answer) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table("Class", title=answer.spec.title)
    for heading in ("without", "with marker", "change"):
        table.add_column(heading, justify="right")
    before, after = answer.without.probabilities[0], answer.with_marker.probabilities[0]
    for index in after.argsort()[::-1]:
        change = after[index] - before[index]
        label = escape(answer.without.labels[index])
        table.add_row(label, f"{before[index]:.3f}", f"{after[index]:.3f}", f"{change:+.3f}")
    console.print(table)
    console.print(
        f"{answer.device}: {answer.milliseconds:.0f} ms for two images and their prompts, "
        f"{answer.load_ms:.0f} ms to load the model and its libraries."
    )
    if answer.beyond:
        console.print(answer.beyond, style="yellow")
    for sentence in answer.losses:
        console.print(escape(sentence), style="yellow")
    if answer.unknown_words:
        words = escape(", ".join(answer.unknown_words))
        console.print(f"The model cannot read these words, so they mean nothing to it: {words}.", style="yellow")
    if answer.spec.simulated_only:
        console.print(
            "This model knows simulated X-rays only; on any other image its answer means nothing.", style="yellow"
        )


def _as_json(answer: _Answer) -> dict[str, object]:
    return {
        "model": answer.spec.name,
        "device": answer.device,
        "classes": list(answer.without.labels),
        "without": [round(float(value), 6) for value in answer.without.probabilities[0]],
        "with_marker": [round(float(value), 6) for value in answer.with_marker.probabilities[0]],
        "milliseconds": round(answer.milliseconds, 1),
        "load_milliseconds": round(answer.load_ms, 1),
        "unknown_words": list(answer.unknown_words),
        "box_reaches_beyond": bool(answer.beyond),
        "prompt_losses": list(answer.losses),
        "simulated_only": answer.spec.simulated_only,
    }
