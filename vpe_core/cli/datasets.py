"""`datasets list`, `datasets check NAME --root DIR` and `datasets leak NAME --root DIR`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vpe_core.cli.heading import print_heading
from vpe_core.cli.leak import OUT, measure_and_show
from vpe_core.cli.problems import print_problems

if TYPE_CHECKING:
    from rich.console import Console

    from vpe_core.datasets import Dataset, Problem

app = typer.Typer(no_args_is_help=True, add_completion=False, help="See which data sets there are, and check a folder.")


@app.command("list")
def list_datasets(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show all data sets: their parts, whether they are on this machine, and how to get them."""
    from rich.console import Console
    from rich.table import Table

    from vpe_core import datasets

    specs = [datasets.get(name) for name in datasets.names()]
    if as_json:
        rows = [
            {"name": spec.name, "title": spec.title, "parts": spec.parts, "here": datasets.is_here(spec.name)}
            for spec in specs
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table()
    table.add_column("Name", no_wrap=True)
    table.add_column("Parts")
    table.add_column("Here")
    table.add_column("What it is, how to get it, terms of use", overflow="fold")
    for spec in specs:
        here = "yes" if datasets.is_here(spec.name) else "no"
        table.add_row(spec.name, ", ".join(spec.parts), here, f"{spec.title}. {spec.how_to_get} {spec.terms}")
    Console().print(table)


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="A name from `datasets list`.")],
    root: Annotated[Path | None, typer.Option(help="Its folder; the default one if left out.")] = None,
    part: Annotated[str | None, typer.Option(help="Part of the data set; its default part if left out.")] = None,
    decode: Annotated[bool, typer.Option("--decode", help="Decode every image, not just its header.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with all problems.")] = False,
) -> None:
    """Show what is in a folder, class by class, and which rows cannot be used. Exit code 1 if there are any."""
    from rich.console import Console

    from vpe_core.datasets import open_dataset

    dataset = open_dataset(name, root, part=part)
    problems = dataset.all_problems + (_decode(dataset) if decode else ())
    if as_json:
        typer.echo(json.dumps(_report(dataset, problems), indent=2))
    else:
        console = Console()
        _print_content(console, dataset)
        if problems:
            print_problems(console, problems, "--json")
        else:
            console.print("[green]Nothing is wrong.[/]")
    if problems:
        raise typer.Exit(1)


@app.command()
def leak(
    name: Annotated[str, typer.Argument(help="A name from `datasets list`.")],
    root: Annotated[Path | None, typer.Option(help="Its folder; the default one if left out.")] = None,
    part: Annotated[str | None, typer.Option(help="Part of the data set; its default part if left out.")] = None,
    out: Annotated[Path | None, OUT] = None,
) -> None:
    """Measure what its boxes give away: how well size and place alone, without a pixel, name the class of a finding."""
    from vpe_core.leaks import boxes_of_dataset

    measure_and_show(boxes_of_dataset(name, root, part), out)


def _decode(dataset: Dataset) -> tuple[Problem, ...]:
    from rich.console import Console

    from vpe_core.cli.progress import counting_bar
    from vpe_core.datasets import undecodable_images

    with counting_bar(Console(stderr=True)) as bar:
        task = bar.add_task("Decoding")
        return undecodable_images(dataset, lambda done, total: bar.update(task, completed=done, total=total))


def _report(dataset: Dataset, problems: tuple[Problem, ...]) -> dict[str, object]:
    from vpe_core.datasets import count_kinds

    return {
        "name": dataset.name,
        "part": dataset.part,
        "root": str(dataset.root),
        "simulated": dataset.simulated,
        "samples": len(dataset),
        "images": dataset.n_images,
        "patients": dataset.n_patients,
        "classes": dataset.class_counts(),
        "note": dataset.note,
        "fingerprint": dataset.fingerprint,
        "problem_counts": count_kinds(problems),
        "problems": [dataclasses.asdict(problem) for problem in problems],
    }


def _print_content(console: Console, dataset: Dataset) -> None:
    from rich.markup import escape
    from rich.table import Table

    print_heading(console, dataset.title, dataset.part, f"in {dataset.root}", simulated=dataset.simulated)
    console.print(
        f"{len(dataset):,} samples in {dataset.of_whom}; "
        f"{len(dataset.classes)} class{'es' * (len(dataset.classes) != 1)}."
    )
    if dataset.note:
        console.print(escape(dataset.note))
    table = Table()
    table.add_column("Class")
    table.add_column("Samples", justify="right")
    for label, count in dataset.class_counts().items():
        table.add_row(escape(label), f"{count:,}")
    console.print(table)
    if dataset.class_warning:
        console.print(escape(dataset.class_warning), style="yellow")
