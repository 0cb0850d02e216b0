"""`simulate --out DIR`: chest X-rays from the CT, with findings, boxes and a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def simulate(
    out: Annotated[Path, typer.Option(help="Folder to write: images/ and samples.csv.")],
    cases: Annotated[int | None, typer.Option(min=1, help="Number of X-rays; a set's own number if left out.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The same seed gives the same X-rays; 0 if left out, a set has its own.")
    ] = None,
    set_name: Annotated[str | None, typer.Option("--set", help="sim-multi, sim-nodule or sim-shift.")] = None,
    part: Annotated[str | None, typer.Option(help="Part of the set: train, val or test (if left out).")] = None,
    size: Annotated[int, typer.Option(help="Edge length in pixels.")] = 1024,
    portable: Annotated[
        bool, typer.Option("--portable", help="AP, tilted, noisy, with tubes; not with --set.")
    ] = False,
    twins: Annotated[bool, typer.Option("--twins", help="Also write every case without its findings.")] = False,
    webp: Annotated[int | None, typer.Option(min=1, max=100, help="Lossy WebP of this quality instead of PNG.")] = None,
    ct: Annotated[Path | None, typer.Option(help="Folder of the chest CT; VPE_CT_DIR if left out.")] = None,
) -> None:
    """Simulate chest X-rays from a CT."""
    from rich.console import Console

    from vpe_core.cli.progress import counting_bar
    from vpe_core.errors import SimulationError
    from vpe_core.simulation import SETS, SimulatedSet
    from vpe_core.simulation.build import simulate as build

    if set_name is None:
        if part is not None:
            raise SimulationError(f"--part {part} is a part of a set. Name the set with --set, or leave --part out.")
        seed = seed or 0
        patients, count = range(9000 + 50 * seed, 9050 + 50 * seed), cases or 10
        chosen = SimulatedSet(
            "cases", "", ((0, 0),) * 3, (0, 0, 0), (0.1, 0.25, 0.3, 0.2, 0.15), portable=portable, seed=seed
        )
        plans = [chosen.plan(k, patients) for k in range(count)]
    else:
        if seed is not None or portable:
            raise SimulationError(
                f"--set {set_name} decides the seed and the projection: leave {'--portable' if portable else '--seed'} "
                "out, or leave --set out."
            )
        chosen, part = SETS.get(set_name), part or "test"
        patients, own = chosen.part(part)
        plans = [chosen.plan(k, patients, part) for k in range(cases or own)]
    console = Console(stderr=True)
    with counting_bar(console) as bar:
        tasks: dict[str, int] = {}

        def show(what: str, done: int, total: int) -> None:
            task = tasks.setdefault(what, len(tasks))
            if task == len(bar.tasks):
                bar.add_task(what, total=total)
            bar.update(bar.tasks[task].id, completed=done)

        table = build(out, plans, size, ct, twins, webp, show)
    console.print(f"{table['image'].nunique()} simulated X-rays with {table['x0'].notna().sum()} findings in {out}.")
