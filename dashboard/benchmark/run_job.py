"""A benchmark run as a job of the app: what to measure, and what it says while it does. No Streamlit but the model."""

from __future__ import annotations

import json
import math
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from dashboard.frame.shared_models import model_for_runs
from dashboard.library.own_set import OwnSet
from vpe_core import datasets, jobs, models
from vpe_core.benchmark.plan import Plan, load_plan, make_plan
from vpe_core.datasets import Dataset
from vpe_core.documents import DocumentError, read_bytes, read_json
from vpe_core.ensembles import VariantOrEnsemble, control_of, members_of
from vpe_core.errors import BenchmarkError, ResultsError
from vpe_core.results import Run
from vpe_core.results.store.files import write_atomically
from vpe_core.settings import get_settings
from vpe_core.variants import Variant

RUN = "benchmark run"
"""The job's key: one run at a time for the whole server."""
_MAX_NOTE_BYTES = 10_000

PLANS: Mapping[str, Callable[[], Plan]] = {
    "The paper's rows": partial(load_plan, "paper"),
    "The paper's rows and their controls": partial(make_plan, controls=True),
    "More markers, colours and widths": partial(load_plan, "embedded"),
}


def plan_with_controls(shown: VariantOrEnsemble) -> str | None:
    """The first of `PLANS` that measures on all images what a marker tells by itself; None where none does."""
    alone = members_of(control_of(shown, picture="other"))
    for title, make in PLANS.items():
        covered = make().coverage()
        if all(covered.get(one, 0) is None for one in alone):
            return title
    return None


@dataclass(frozen=True, slots=True)
class Order:
    """What a run shall measure.

    Attributes:
        dataset: Name of a data set that the settings know a folder of.
        part: One of its parts.
        model: Name of a model that is on this machine.
        plan: A title out of `PLANS`.
        limit: Only the first so many images; None for all.
        others: More models, one after the other.
        own: A person's own data in place of the data set, as long as that session has them; results stay in their
            folder, which no other session sees.
    """

    dataset: str
    part: str
    model: str
    plan: str
    limit: int | None = None
    others: tuple[str, ...] = ()
    own: weakref.ref[OwnSet] | None = None

    @property
    def title(self) -> str:
        """What it is called, as in "SimCLIP on sim-multi"."""
        return f"{' and '.join(models.get(name).title for name in (self.model, *self.others))} on {self.dataset}"

    @property
    def details(self) -> str:
        """What of it: "the paper's rows, the first 100 images"."""
        images = "all images" if self.limit is None else f"the first {self.limit} images"
        return f"{self.plan[0].lower()}{self.plan[1:]}, {images}"


def start(order: Order) -> bool:
    """Start a run in the background; False if one is under way, which is left alone."""
    return jobs.start(RUN, partial(perform, order), order)


def unfinished() -> Order | None:
    """The latest run that nobody has let come to its end, as when the server was stopped; None without one."""
    try:
        order = Order(**read_json(read_bytes(_note(), _MAX_NOTE_BYTES), dict))
        known = {order.model, *order.others} <= set(models.names()) and order.dataset in datasets.names()
        return replace(order, others=tuple(order.others)) if known and order.plan in PLANS else None
    except (OSError, DocumentError, TypeError):
        return None


def forget_unfinished() -> None:
    """Offer it no more; what it has measured is kept."""
    with suppress(OSError):
        _note().unlink(missing_ok=True)


def _note() -> Path:
    return get_settings().results_dir / ".unfinished-run.json"


def _take_note(order: Order) -> None:
    text = json.dumps({name: getattr(order, name) for name in Order.__slots__ if name != "own"}).encode()
    with suppress(OSError, ResultsError):  # the run itself will say what is wrong with the folder
        _note().parent.mkdir(parents=True, exist_ok=True)
        write_atomically(_note(), lambda stream: stream.write(text))


def perform(order: Order, report: jobs.Report) -> Path:
    """Measure what of an order is not yet in the results folder; the first call imports torch.

    Returns:
        The folder with the results, of several models that of the last.

    Raises:
        VPEError: The data set, the model or the results folder cannot be used; what was finished is kept.
    """
    if order.own is None:
        _take_note(order)
    report(0.0, f"{order.title}: reading the data set")
    own = order.own and order.own()
    if order.own and not (own and own.is_here):
        raise BenchmarkError("The data of this run are no longer here. Give them again.")
    dataset = own.dataset if own else datasets.open_dataset(order.dataset, part=order.part)
    out = own.results if own else get_settings().results_dir
    names, done = (order.model, *order.others), []
    for number, name in enumerate(names):

        def share(fraction: float, text: str, before: int = number) -> None:
            if own and not own.is_here:  # with their session, or their time is over
                raise BenchmarkError("The data of this run are no longer here. Give them again.")
            report((before + fraction) / len(names), text)

        done.append(_perform_with(name, dataset, out, order, share))
    if order.own is None:
        forget_unfinished()
    latest = done[-1].manifest
    skipped = f" {len(latest.problems):,} rows or images were skipped." if latest.problems else ""
    report(1.0, f"{order.title} is measured: {measured_words(done[-1].variants)}.{skipped}")
    return done[-1].folder


def _perform_with(name: str, dataset: Dataset, out: Path, order: Order, report: jobs.Report) -> Run:
    from vpe_core.benchmark.runner import RunSettings, run_folder, run_plan

    report(0.0, f"{order.title}: loading the model")
    model = model_for_runs(name)
    plan = PLANS[order.plan]().model_copy(update={"stored": "auto"})  # so that one plan can go on with another's run
    folder = run_folder(out, dataset, name)
    started = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal started
        if done == 0:
            started = time.monotonic()
        seconds = time.monotonic() - started
        report(done / total if total else 1.0, f"{order.title}: {progress_words(done, total, seconds)}")

    try:
        return run_plan(plan, dataset, model, folder, RunSettings(limit=order.limit), show)
    except OSError as error:
        raise BenchmarkError(
            f"The results folder {folder} cannot be used: {error.strerror or error}. Make room or set VPE_RESULTS_DIR "
            "to another folder, then start again; what was finished is kept."
        ) from error


def measured_words(variants: Iterable[Variant]) -> str:
    """What was measured besides the unmarked picture: "4 ways of marking and 3 controls".

    A marker counts once for each colour, width and protocol that it was drawn in.
    """
    marked = [variant for variant in variants if variant.marked]
    n_controls = sum(variant.is_control for variant in marked)
    n_ways = len(marked) - n_controls
    ways = f"{n_ways} {'way' if n_ways == 1 else 'ways'} of marking"
    return f"{ways} and {n_controls} {'control' if n_controls == 1 else 'controls'}" if n_controls else ways


def progress_words(done: int, total: int, seconds: float) -> str:
    """How far a run is: "512 of 4,400 pictures, 31 pictures/s, 2 min left".

    Args:
        done: Pictures so far.
        total: All pictures of this run.
        seconds: Since the first.
    """
    words = f"{done:,} of {total:,} pictures"
    if not 0 < done < total or seconds <= 0:
        return words
    rate = done / seconds
    return f"{words}, {rate:,.{0 if rate >= 10 else 1}f} pictures/s, {_duration((total - done) / rate)} left"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
