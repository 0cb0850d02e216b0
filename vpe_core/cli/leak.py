"""`leak --table FILE`, and what it shares with `datasets leak NAME --root DIR`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vpe_core.cli.heading import print_heading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from vpe_core.leaks import BoxLeak, LeakTable
    from vpe_core.metrics import Interval

OUT = typer.Option(help="Write all figures, with where they come from, into this JSON file.")


def leak(
    table: Annotated[Path, typer.Option(help="A CSV file with the columns image, label, x0, y0, x1, y1 and patient.")],
    out: Annotated[Path | None, OUT] = None,
) -> None:
    """Measure what boxes give away: how well size and place alone, without a pixel, name the class of a finding."""
    from vpe_core.leaks import boxes_of_table

    measure_and_show(boxes_of_table(table), out)


def measure_and_show(table: LeakTable, out: Path | None) -> None:
    """Print what is left out, measure with a progress bar, print a table, and write a file if one is named."""
    from rich.console import Console

    from vpe_core.cli.problems import print_problems
    from vpe_core.cli.progress import counting_bar
    from vpe_core.errors import ResultsError
    from vpe_core.folders import make_folder, named_path
    from vpe_core.leaks import check_enough, measure_leak
    from vpe_core.results.store.files import write_atomically

    if out is not None:
        out = named_path(out, ResultsError)
        if out.is_dir():
            raise ResultsError(f"Expected a file to write into, but {out} is a folder. Name another.")
        make_folder(out.parent, ResultsError)
    if table.problems:
        print_problems(Console(), table.problems)
    check_enough(table.boxes)
    with counting_bar(Console(stderr=True)) as bar:
        task = bar.add_task("Measuring")
        measured = measure_leak(
            table,
            progress=lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
        )
    _print(Console(), measured)
    if out is not None:
        write_atomically(out, lambda stream: stream.write(measured.to_json().encode()))
        typer.echo(f"Written to {out}")


def _print(console: Console, measured: BoxLeak) -> None:
    from rich.markup import escape

    source, auroc = measured.source, measured.both.auroc
    where = source.file or "several files"
    print_heading(console, source.title, source.part, where, simulated=source.simulated)
    console.print(
        f"{measured.boxes:,} boxes of {len(measured.classes)} classes on {measured.of_whom}; "
        f"{measured.left_out:,} rows left out."
    )
    if measured.too_few:
        console.print(escape(measured.too_few), style="yellow")
    console.print(
        "From size and place of a box alone, without a pixel, a classifier names the class with a macro AUROC of "
        f"{auroc}. 0.500 would give nothing away."
    )
    if measured.below_half:
        console.print(f"{measured.below_half}.")
    console.print(_table(measured))
    console.print("What is given away by what a marker shows of a box (macro AUROC):")
    for name in dict.fromkeys(measured.markers.values()):
        markers = ", ".join(marker for marker, group in measured.markers.items() if group == name)
        group = measured.groups.get(name)
        told = f"{group.auroc}, from {', '.join(group.features)}" if group else "nothing"
        console.print(escape(f"  {markers}: {told}"))
    console.print(
        f"In {len(measured.matchable)} of {len(measured.classes)} classes, a gain can be asked for where size and "
        f"place tell nothing; there, {measured.matchable_boxes:,.0f} of {measured.boxes:,} boxes would count."
    )
    if source.image_sizes:
        console.print(escape(f"Image sizes: {source.image_sizes}"))


def _table(measured: BoxLeak) -> Table:
    """Values by size and by place, and with an interval by both; all intervals are in the file."""
    from rich.markup import escape
    from rich.table import Table

    from vpe_core.leaks import BOTH, PLACE, SIZE

    table = Table()
    table.add_column("")
    for heading in ("boxes", "size", "place", "both"):
        table.add_column(heading.capitalize(), justify="right")

    def add(name: str, boxes: str, values: Sequence[Interval], *, last: bool = False) -> None:
        size, place, both = values
        table.add_row(escape(name), boxes, f"{size.value:.3f}", f"{place.value:.3f}", str(both), end_section=last)

    groups = [measured.groups[name] for name in (SIZE, PLACE, BOTH)]
    add("Macro AUROC", f"{measured.boxes:,}", [group.auroc for group in groups], last=True)
    for label, count in measured.class_counts.items():
        values = [group.per_class[label] for group in groups]
        add(label, f"{count:,}", values, last=label == measured.classes[-1])
    add(f"Accuracy (guess {measured.largest_class_share:.3f})", "", [group.accuracy for group in groups])
    add("Probability of true class", "", [group.true_class_probability for group in groups])
    return table
