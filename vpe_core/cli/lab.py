"""`lab maps --dataset NAME --model NAME`: how well attention maps find the findings of a data set; and `lab scan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vpe_core.cli.heading import print_heading
from vpe_core.cli.lab_scan import scan

if TYPE_CHECKING:
    from rich.table import Table

    from vpe_core.lab.set_maps import SetMaps

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Studies of the laboratory over a data set.")


app.command()(scan)


@app.callback()
def lab() -> None:
    """Studies of the laboratory over a data set."""


@app.command()
def maps(
    dataset: Annotated[str, typer.Option(help="A name from `datasets list`.")] = "sim-multi",
    model: Annotated[str, typer.Option(help="A name from `models list`.")] = "simclip",
    root: Annotated[Path | None, typer.Option(help="The data set's folder; its default one if left out.")] = None,
    part: Annotated[str | None, typer.Option(help="Part of the data set; its default part if left out.")] = None,
    methods: Annotated[
        str | None, typer.Option(help="Separated by commas; all that take one pass a picture if left out.")
    ] = None,
    marker: Annotated[str, typer.Option(help="How findings are marked; not crop.")] = "circle",
    color: Annotated[str, typer.Option(help="Colour of the marker.")] = "red",
    width: Annotated[float, typer.Option(help="Line width in pixels of an image of 512 pixels.")] = 3.0,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many findings, drawn at random.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="A JSON file; in the results folder, where pages find it, if left out.")
    ] = None,
) -> None:
    """Measure how well each map finds the boxes, without and with a marker: pointing hit, IoU after Otsu, share."""
    from rich.console import Console

    from vpe_core.cli.progress import counting_bar
    from vpe_core.datasets import open_dataset
    from vpe_core.errors import LabError, ResultsError
    from vpe_core.folders import make_folder, named_path
    from vpe_core.lab import MarkerStyle
    from vpe_core.lab.findings import own_file
    from vpe_core.lab.set_maps import maps_over_set
    from vpe_core.models import load_model
    from vpe_core.results.store.files import write_atomically

    style = MarkerStyle(marker, color, width)
    chosen = [name.strip() for name in methods.split(",")] if methods else None
    data, network = open_dataset(dataset, root, part=part), load_model(model)
    path = named_path(out or own_file("maps", data.name, data.part, network.name), ResultsError)
    if out is None and path.exists():
        raise LabError(f"There are maps of this data set and model in {path}. Name another file, or delete it.")
    make_folder(path.parent, ResultsError)
    with counting_bar(Console(stderr=True)) as bar:
        task = bar.add_task("Findings", total=None)
        found = maps_over_set(
            data, network, style=style, methods=chosen, limit=limit,
            report=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    console = Console()
    print_heading(console, found.title, found.part, found.model, simulated=found.simulated)
    console.print(_table(found))
    console.print(found.words(), markup=False)
    for name, why in found.missing.items():
        console.print(f"{name}: {why}", style="yellow", markup=False)
    write_atomically(path, lambda stream: stream.write(found.to_json().encode()))
    typer.echo(f"Written to {path}")


def _table(found: SetMaps) -> Table:
    from rich.table import Table

    from vpe_core.lab.mapping import title_of

    table = Table()
    table.add_column("")
    for heading in ("Pointing hit", "IoU", "Share", "Hit, marked", "IoU, marked", "Share, marked"):
        table.add_column(heading, justify="right")
    for name, one in found.maps.items():
        table.add_row(
            title_of(name), *(str(value) for at in (one.unmarked, one.marked) for value in (at.hit, at.iou, at.share))
        )
    return table
