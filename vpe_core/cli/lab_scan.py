"""`lab scan --dataset …`: the scan map of every finding of a data set, stored as one small file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from vpe_core.lab.scan_record import ScanRecord


def scan(
    dataset: Annotated[str, typer.Option(help="A name from `datasets list`.")],
    root: Annotated[Path | None, typer.Option(help="Its folder; the default one if left out.")] = None,
    part: Annotated[str | None, typer.Option(help="train, val, test or all; its default part if left out.")] = None,
    model: Annotated[str, typer.Option(help="A name from `models list`.")] = "simclip",
    marker: Annotated[str, typer.Option(help="What is slid.")] = "circle",
    color: Annotated[str, typer.Option(help="Its colour.")] = "red",
    width: Annotated[float, typer.Option(help="Its line width, in pixels of an image of 512 pixels.")] = 3.0,
    n: Annotated[int, typer.Option(min=8, max=28, help="Places a side.")] = 14,
    side: Annotated[float, typer.Option(help="Width of the marker as a share of the X-ray's shorter side.")] = 0.2,
    size: Annotated[
        list[float] | None, typer.Option(help="Sizes relative to that, the map is their mean; 1 if left out.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many findings, drawn at random.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="A JSON file; in the results folder, where pages find it, if left out.")
    ] = None,
) -> None:
    """Slide a marker over every X-ray with a known finding; Ctrl+C stops it, the same command goes on."""
    import sys

    from rich.console import Console

    from vpe_core import load_model
    from vpe_core.cli.progress import counting_bar
    from vpe_core.datasets import open_dataset
    from vpe_core.errors import LabError
    from vpe_core.folders import make_folder, named_path
    from vpe_core.lab import MarkerStyle
    from vpe_core.lab.findings import own_file
    from vpe_core.lab.scan_set import scan_set
    from vpe_core.types import Sample

    opened, network = open_dataset(dataset, root=root, part=part), load_model(model)
    path = named_path(out or own_file("scan", opened.name, opened.part, network.name), LabError)
    make_folder(path.parent, LabError)
    console = Console(stderr=True)
    command = "python -m vpe_core " + " ".join(sys.argv[1:])
    with counting_bar(console) as bar:
        task = bar.add_task("Findings")

        def skipped(sample: Sample, reason: str) -> None:
            bar.console.print(f"{sample.sample_id} is left out: {reason}", style="yellow", markup=False)

        try:
            record = scan_set(
                opened, network, path, n=n, style=MarkerStyle(marker, color, width), side=side,
                sizes=tuple(size or (1.0,)), limit=limit, command=command, on_problem=skipped,
                report=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
        except KeyboardInterrupt:
            typer.echo(f"Stopped. What is done is in {path}; the same command goes on.", err=True)
            raise typer.Exit(130) from None
    _print(record)
    typer.echo(f"Written to {path}")


def _print(record: ScanRecord) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console()
    console.print(escape(record.words()))
    if record.findings:
        console.print(_table(record))


def _table(record: ScanRecord) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="Peak in the finding's box, and IoU of the bright part")
    for heading in ("", "findings", "scan", "attention", "chance", "IoU scan", "IoU attention", "IoU chance"):
        table.add_column(heading, justify="left" if not heading else "right")
    for hit, iou in zip(record.summary("hit"), record.summary("iou"), strict=True):
        cells = [
            str(values.get(way, "–")) for values in (hit.values, iou.values) for way in ("scan", "attention", "chance")
        ]
        table.add_row(escape(hit.label) or "All", f"{hit.findings:,}", *cells, end_section=not hit.label)
    return table
