"""`benchmark run`, `benchmark import DIR` and `benchmark report`."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from vpe_core.benchmark.plan import Plan
    from vpe_core.datasets import Dataset
    from vpe_core.results import Run

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Measure markers on a data set, and print the paper's table."
)

Words = list[str] | None
PUBLISHED_CROP = "crop_as_published"
"""What the official code cut out of VinDr-CXR; a row of its own where results have it."""
FEWEST_RESAMPLES = 100
"""Of which the 2.5th percentile is still one of the resamples, with a few below it."""
_LISTED = "Separated by commas, or given several times."


class Format(StrEnum):
    """How a report is printed."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    CSV = "csv"


class Average(StrEnum):
    """What an ensemble averages."""

    EMBEDDING = "embedding"
    SCORE = "score"


@app.command()
def run(
    dataset: Annotated[Words, typer.Option(help=f"Names from `datasets list`. {_LISTED}")] = None,
    model: Annotated[Words, typer.Option(help=f"Names from `models list`. {_LISTED}")] = None,
    root: Annotated[Path | None, typer.Option(help="The data set's folder; its default one if left out.")] = None,
    part: Annotated[str | None, typer.Option(help="Part of the data set; its default part if left out.")] = None,
    plan: Annotated[str | None, typer.Option(help="A plan: paper, embedded, or a TOML file.")] = None,
    markers: Annotated[Words, typer.Option(help=f"Instead of a plan: none,crop,arrow,bbox,circle … {_LISTED}")] = None,
    colors: Annotated[Words, typer.Option(help="Instead of a plan: red by default.")] = None,
    widths: Annotated[Words, typer.Option(help="Instead of a plan: 1 by default.")] = None,
    protocol: Annotated[Words, typer.Option(help="Instead of a plan: paper (the default), native or both.")] = None,
    size_factors: Annotated[Words, typer.Option(help="Instead of a plan: 1 by default.")] = None,
    controls: Annotated[bool, typer.Option("--controls", help="Instead of a plan: also measure the controls.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many images of each data set.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of results; VPE_RESULTS_DIR if left out.")] = None,
    resume: Annotated[bool, typer.Option("--resume/--fresh", help="Go on with what is there, or replace it.")] = True,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Pictures in one pass through the model.")] = None,
    engine: Annotated[str, typer.Option(help="What does the work: local, or ray for many machines.")] = "local",
    address: Annotated[str | None, typer.Option(help="With ray: auto, or HOST:PORT of a cluster's head.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Threads that draw; with ray, models that encode.")] = None,
) -> None:
    """Show a model every marker on every sample, and store the embeddings. Start again what was stopped: it goes on."""
    from rich.console import Console

    from vpe_core.benchmark import engines
    from vpe_core.benchmark.plan import check_measurable
    from vpe_core.benchmark.runner import RunSettings, run_folder, run_plan
    from vpe_core.cli.progress import PicturesPerSecond, counting_bar
    from vpe_core.cli.stopping import told_when_stopped
    from vpe_core.datasets import open_dataset
    from vpe_core.errors import BenchmarkError
    from vpe_core.models import load_model
    from vpe_core.results.analysis.domain import out_of_domain
    from vpe_core.settings import get_settings

    chosen = _plan(plan, markers, colors, widths, protocol, size_factors, controls)
    datasets, models = _words(dataset) or chosen.datasets, _words(model) or chosen.models
    if not datasets or not models:
        raise BenchmarkError("Expected --dataset and --model, because the plan names none. See `datasets list`.")
    if root is not None and len(datasets) > 1:
        raise BenchmarkError(f"Expected one data set with --root, but got {', '.join(datasets)}. Run them one by one.")
    opened = [open_dataset(name, root, part=part) for name in datasets]
    settings = RunSettings(batch_size, workers, limit, fresh=not resume, engine=engine, address=address)
    engines.get(engine)(workers, None, address)  # refuses what cannot work before anything is loaded
    console = Console(stderr=True)
    for data in opened:
        check_measurable(data)
        if data.class_warning:
            console.print(f"{data.title}: {data.class_warning}", style="yellow", markup=False)
    with told_when_stopped(console):
        for name in models:
            network = load_model(name)
            for data in opened:
                folder = run_folder(out or get_settings().results_dir, data, name)
                with counting_bar(console, PicturesPerSecond()) as bar:
                    task = bar.add_task(f"{name} on {data.name}", total=None)
                    done = run_plan(chosen, data, network, folder, settings, partial(_show, bar, task))
                _say(console, done, data)
                for words in out_of_domain([done.manifest]):
                    console.print(words, style="yellow", markup=False)


@app.command("import")
def import_results(
    folder: Annotated[Path, typer.Argument(help="The official code's folder of experiments.")],
    out: Annotated[Path | None, typer.Option(help="Folder of results; VPE_RESULTS_DIR if left out.")] = None,
) -> None:
    """Bring in results of the paper's own code: probabilities of every sample, marked "official code"."""
    from rich.console import Console

    from vpe_core.results.exchange.importer import import_experiments
    from vpe_core.settings import get_settings

    console = Console(stderr=True)
    for imported in import_experiments(folder, out or get_settings().results_dir):
        data, n_variants = imported.manifest.dataset, len(imported.variants)
        console.print(
            f"{imported.manifest.model.title} on {data.title}: {data.samples} samples, {n_variants} variants, "
            f"in {imported.folder}."
        )
        if data.note:
            console.print(data.note, markup=False)
        _say_problems(console, imported)


@app.command()
def report(
    folders: Annotated[list[Path] | None, typer.Argument(help="Folders of results; all there are if left out.")] = None,
    dataset: Annotated[Words, typer.Option(help="Only these data sets.")] = None,
    model: Annotated[Words, typer.Option(help="Only these models.")] = None,
    metric: Annotated[str, typer.Option(help="auroc, auprc, accuracy …")] = "auroc",
    ensembles: Annotated[
        Average | None,
        typer.Option(help="Also rows that average arrow, box and circle, and crop and full image: what is averaged."),
    ] = None,
    leak: Annotated[
        bool, typer.Option("--leak", help="Instead: what each of the table's markers gives away, in AUROC.")
    ] = False,
    style: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TERMINAL,
    out: Annotated[Path | None, typer.Option(help="Write it into this file instead.")] = None,
    resamples: Annotated[int, typer.Option(min=0, help="Bootstrap resamples; 0 for values alone.")] = 2000,
) -> None:
    """Print the paper's table of every model: eight rows, or eleven with ensembles, a column a data set."""
    import pandas as pd
    from rich.console import Console

    from vpe_core.errors import ResultsError
    from vpe_core.results import find_runs
    from vpe_core.results.analysis.domain import out_of_domain
    from vpe_core.results.analysis.questions import Question
    from vpe_core.results.analysis.rows import PAPER_MARKERS, ensemble_rows, paper_rows
    from vpe_core.results.analysis.tables import paper_table
    from vpe_core.results.exchange.formats import to_csv
    from vpe_core.variants import Variant

    runs = [
        one
        for one in find_runs(*(folders or ()))
        if one.manifest.dataset.name in (_words(dataset) or (one.manifest.dataset.name,))
        and one.manifest.model.name in (_words(model) or (one.manifest.model.name,))
    ]
    if 0 < resamples < FEWEST_RESAMPLES:
        raise ResultsError(
            f"Expected --resamples 0 or at least {FEWEST_RESAMPLES}: the ends of a 95% interval out of {resamples} "
            "would be chance."
        )
    if not runs:
        raise ResultsError(
            "There are no such results. Make some with `python -m vpe_core benchmark run --plan paper --dataset NAME "
            "--model NAME`."
        )
    shown = PAPER_MARKERS + ((PUBLISHED_CROP,) if any(Variant(PUBLISHED_CROP) in one for one in runs) else ())
    grouped = {title: [one for one in runs if _model_title(one) == title] for title in map(_model_title, runs)}
    if leak:
        if not resamples:
            raise ResultsError(f"Expected --resamples of at least {FEWEST_RESAMPLES} with --leak.")
        from vpe_core.cli.report_leaks import print_leaks

        with _destination(out) as stream:
            print_leaks(runs, shown, style.value, stream, resamples)
        return
    rows = paper_rows(shown=shown) + (ensemble_rows(ensembles.value) if ensembles else ())
    tables = {
        title: paper_table(group, Question(metric=metric), resamples, rows=rows) for title, group in grouped.items()
    }
    cautions = {title: out_of_domain(one.manifest for one in group) for title, group in grouped.items()}
    with _destination(out) as stream:
        if style is Format.CSV:  # no place for words in a table of numbers
            stream.write(to_csv(pd.concat(tables.values())))
            for words in chain(*cautions.values()):
                typer.secho(words, fg=typer.colors.YELLOW, err=True)
            return
        console = Console(file=stream, width=None if out is None else 160)
        for title, table in tables.items():
            heads = {number: _head(one) for number, one in enumerate(grouped[title])}
            prompts = tuple(dict.fromkeys(one.manifest.dataset.template for one in grouped[title]))
            _print_report(console, title, metric, table, heads, style, prompts)
            for words in cautions[title]:
                if style is Format.MARKDOWN:
                    stream.write(f"**{words}**\n\n")
                else:
                    console.print(words, style="yellow", markup=False)


def _destination(out: Path | None) -> AbstractContextManager[TextIO]:
    from vpe_core.errors import ResultsError

    if out is None:
        return nullcontext(sys.stdout)
    try:
        return out.open("w", encoding="utf-8")
    except OSError as error:
        raise ResultsError(f"Cannot write {out}: {error.strerror}. Choose another --out.") from None


def _print_report(
    console: Console,
    title: str,
    metric: str,
    table: pd.DataFrame,
    heads: dict[int, str],
    style: Format,
    prompts: tuple[str, ...],
) -> None:
    from vpe_core import metrics
    from vpe_core.cli.report_table import report_tables
    from vpe_core.results.exchange.formats import ensemble_notes, to_markdown, undefined_notes

    measure = metrics.get(metric)
    title, higher = f"{title}, {measure.title}", measure.higher_is_better
    if style is Format.MARKDOWN:
        console.file.write(f"## {title}\n\n{to_markdown(table, heads, higher, prompts)}\n")
        return
    for printed in report_tables(title, table, heads, higher, console.width):
        console.print(printed, crop=False)  # where even one data set is too wide, the terminal wraps the lines
    notes = ["Gain over the unmarked image in brackets; * Holm-corrected p < 0.05; bold: best of its column"]
    notes += [*ensemble_notes(table), *undefined_notes(table, heads)]
    console.print("; ".join(notes) + ".", markup=False)


def _model_title(one: Run) -> str:
    return one.manifest.model.title


def _head(one: Run) -> str:
    """A column's title: "sim-multi (simulated, n = 1718)"."""
    data = one.manifest.dataset
    about = ["simulated"] if data.simulated else []
    about += [one.manifest.source] if one.manifest.source != "measured here" else []
    part = "" if data.part in ("", "all", "test") else f" {data.part}"
    return f"{data.name}{part} ({', '.join([*about, f'n = {max(len(one.rows(v)) for v in one.variants)}'])})"


def _plan(
    name: str | None, markers: Words, colors: Words, widths: Words, protocol: Words, sizes: Words, controls: bool
) -> Plan:
    from vpe_core.benchmark.plan import load_plan, make_plan
    from vpe_core.errors import BenchmarkError

    lists = {
        "markers": _words(markers),
        "colors": _words(colors),
        "widths": _numbers("--widths", widths),
        "protocols": _words(protocol),
        "size_factors": _numbers("--size-factors", sizes),
    }
    given = {option: values for option, values in lists.items() if values}
    if name is None:
        return make_plan(**given, controls=controls)  # type: ignore[arg-type]
    if given or controls:
        raise BenchmarkError("Expected --plan, or options such as --markers, but got both. Put all into the plan.")
    return load_plan(name)


def _words(values: Words) -> tuple[str, ...]:
    return tuple(word.strip() for value in values or () for word in value.split(",") if word.strip())


def _numbers(option: str, values: Words) -> tuple[float, ...]:
    from vpe_core.datasets.rows import number
    from vpe_core.errors import BenchmarkError

    found = [number(word) for word in _words(values)]
    if None in found:
        raise BenchmarkError(f"Expected numbers in {option}, such as 1,3, but got {','.join(_words(values))}.")
    return tuple(value for value in found if value is not None)


def _show(bar: Progress, task: TaskID, done: int, total: int) -> None:
    bar.update(task, completed=done, total=total)


def _say(console: Console, done: Run, data: Dataset) -> None:
    manifest = done.manifest
    console.print(
        f"{manifest.model.title} on {data.title}: {len(done.variants)} variants in {done.folder} "
        f"({manifest.seconds or 0:,.0f} s, {manifest.precision}, {manifest.device})."
    )
    _say_problems(console, done)


def _say_problems(console: Console, done: Run) -> None:
    if problems := done.manifest.problems:
        first = problems[0]
        console.print(
            f"{len(problems)} rows or images were skipped; all are listed in manifest.json. The first: "
            f"{first.file}: {first.reason}",
            style="yellow",
            markup=False,
        )
