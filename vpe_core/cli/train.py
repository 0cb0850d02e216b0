"""`train --config RECIPE.toml`: reproduces an embedded model from the CT, or goes on where a killed run stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train(
    config: Annotated[Path, typer.Option(help="Recipe (TOML); the embedded models' are in vpe_core/training/recipes.")],
    out: Annotated[Path | None, typer.Option(help="Model folder to write; the work folder if left out.")] = None,
    work: Annotated[Path | None, typer.Option(help="Folder for checkpoints and the log.")] = None,
    start: Annotated[
        Path | None, typer.Option(help="Folder of the model to go on from, where the recipe asks for one.")
    ] = None,
    ct: Annotated[Path | None, typer.Option(help="Folder of the chest CT; VPE_CT_DIR if left out.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; part of what makes runs identical.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes that draw samples; one, or on a GPU all cores but one.")
    ] = None,
) -> None:
    """Train an embedded model, on the device that VPE_DEVICE names."""
    import os

    import torch
    from rich.console import Console
    from rich.progress import TextColumn

    from vpe_core.cli.progress import counting_bar
    from vpe_core.errors import TrainingError
    from vpe_core.folders import make_folder
    from vpe_core.models.device import device_title, resolve_device
    from vpe_core.settings import get_settings
    from vpe_core.simulation.build import bases_for
    from vpe_core.training.export import export
    from vpe_core.training.loop import train as run
    from vpe_core.training.recipe import load_recipe
    from vpe_core.training.render import IMAGE_SIZE, render_training_cases
    from vpe_core.training.run import RUN_RECORD

    if threads:
        torch.set_num_threads(threads)
    recipe = load_recipe(config)
    device = resolve_device(get_settings().device)
    if workers is None:
        workers = 1 if device == "cpu" else max((os.cpu_count() or 2) - 1, 1)
    cache = get_settings().cache_dir
    folder = work or cache / "training" / recipe.name
    out = out or folder / "model"
    for written in (folder, out):
        make_folder(written, TrainingError)
    console = Console(stderr=True)
    with counting_bar(console, TextColumn("{task.fields[note]}")) as bar:
        project = bar.add_task("projecting base patients", total=None, note="")
        patients = range(*recipe.train_patients)
        bases = bases_for(
            patients, False, IMAGE_SIZE, ct, lambda _, done, total: bar.update(project, completed=done, total=total)
        )
        bar.update(project, completed=1, total=1)
        drawing = bar.add_task("rendering cases", total=recipe.cases, note="")
        seed = recipe.seed if recipe.cases_seed is None else recipe.cases_seed
        where = cache / "simulation" / f"cases-{recipe.cases}-{seed}-{bases[0].parent.name}"  # of this CT
        cases = render_training_cases(where, bases, recipe.cases, seed, lambda n: bar.advance(drawing, n))
        bar.update(drawing, completed=recipe.cases)
        training = bar.add_task(
            f"training on {device_title(device)}", total=sum(stage.steps for stage in recipe.stages), note=""
        )

        def show(step: int, total: int, terms: dict[str, float]) -> None:
            bar.update(training, completed=step, total=total, note=f"loss {terms['loss']:.2f}")

        trained = run(recipe, cases, folder, show, device, workers, start)
    export(recipe, trained, out)
    (out / RUN_RECORD).write_bytes((folder / RUN_RECORD).read_bytes())
    console.print(f"{recipe.name} is in {out}; log.csv and checkpoints are in {folder}.")
