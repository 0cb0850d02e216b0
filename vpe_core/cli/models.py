"""`models list` and `models fetch NAME`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="See which models there are, and download them.")


@app.command("list")
def list_models(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show all models: what they were trained on, and whether they are on this machine."""
    from rich.console import Console
    from rich.table import Table

    from vpe_core.models import get, is_ready, selectable_names

    specs = [get(name) for name in selectable_names()]
    if as_json:
        rows = [{"name": spec.name, "title": spec.title, "ready": is_ready(spec)} for spec in specs]
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table()
    table.add_column("Name", no_wrap=True)
    for heading in ("Here", "Trained on", "Licence"):
        table.add_column(heading)
    for spec in specs:
        size = f", {spec.size_bytes / 1e6:,.0f} MB" if spec.size_bytes else ""
        table.add_row(spec.name, "yes" if is_ready(spec) else f"no{size}", spec.domain, spec.licence)
    Console().print(table)


@app.command()
def fetch(name: Annotated[str, typer.Argument(help="A name from `models list`, or an allowed hf-hub: id.")]) -> None:
    """Download a model once; go on where an earlier download stopped."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from vpe_core.models import DownloadProgress, folder_of, get, is_ready
    from vpe_core.models import fetch as fetch_model

    spec = get(name)
    if is_ready(spec):
        Console().print(f"{spec.title} is already in {folder_of(spec)}.")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn()) as bar:
        task = bar.add_task(spec.title, total=None)

        def show(progress: DownloadProgress) -> None:
            bar.update(task, description=progress.file, completed=progress.done, total=progress.total)

        folder = fetch_model(name, show)
    Console().print(f"{spec.title} is ready in {folder}.")
