"""Running a plan: it becomes a job, an engine makes its chunks, and each is written so that it survives a kill.

A chunk is some images with all their variants. Chunks are cut and encoded in an order that depends on the work alone,
so that a run that was killed and started again stores the very bytes that an undisturbed one does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from vpe_core.benchmark import engines
from vpe_core.benchmark.job import BatchDone, ChunkSpec, Job, WorkingOn, annotated_images
from vpe_core.benchmark.plan import check_measurable
from vpe_core.models.specs import FOLDER_PREFIX, HUB_PREFIX
from vpe_core.results.store.manifest import DatasetInfo, Manifest, ModelInfo, Skipped, Stored
from vpe_core.results.store.run import Run, open_run
from vpe_core.results.store.schema import require_storable
from vpe_core.results.store.texts import stored_prompts
from vpe_core.results.store.writer import Identity, RunWriter
from vpe_core.variants import Variant

if TYPE_CHECKING:
    import pandas as pd

    from vpe_core.benchmark.plan import Plan
    from vpe_core.datasets import Dataset
    from vpe_core.models import Model
    from vpe_core.types import Progress

SEED = 0
PACKAGES = ("torch", "open_clip_torch", "timm", "pillow", "numpy", "pyarrow")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How a plan is run; none of it changes the numbers beyond rounding.

    Attributes:
        batch_size: Pictures that go through the network together; None for what suits the device.
        threads: Threads that draw ahead; None for one a processor, eight at most. On Ray, models that encode; None for
            one a GPU, or a core where there is no GPU.
        limit: Only the first so many images; None for all. A later run without it goes on.
        fresh: Replace results that are there instead of going on with them.
        engine: What does the work, out of `engines.names()`.
        address: Of the cluster that it works on; None for this machine.
    """

    batch_size: int | None = None
    threads: int | None = None
    limit: int | None = None
    fresh: bool = False
    engine: str = "local"
    address: str | None = None

    def batch_on(self, device: str) -> int:
        return self.batch_size or (32 if device == "cpu" else 128)


class RunInterrupted(KeyboardInterrupt):
    """A person, or the machine that goes down, ended a run; the same run goes on with what is kept.

    Attributes:
        done: Pictures that went through the network in this run.
        kept: Those of them that are stored.
        total: Pictures that this run had to do.
        folder: Where they are kept.
    """

    def __init__(self, done: int, kept: int, total: int, folder: Path) -> None:
        super().__init__()
        self.done, self.kept, self.total, self.folder = done, kept, total, folder


def run_folder(out: Path, dataset: Dataset, model_name: str) -> Path:
    """Where the results of a model on a part of a data set go: OUT/DATASET[-PART]/MODEL.

    A model on the hub is named organisation--repository, one in a folder of one's own after that folder.
    """
    part = "" if dataset.part in ("", "all", "test") else f"-{dataset.part}"
    own = Path(model_name.removeprefix(FOLDER_PREFIX))
    name = own.name if own.is_absolute() else model_name.removeprefix(HUB_PREFIX).replace("/", "--")
    return out / f"{dataset.name}{part}" / name


def run_plan(
    plan: Plan,
    dataset: Dataset,
    model: Model,
    folder: Path,
    settings: RunSettings = RunSettings(),
    progress: Progress = lambda *_: None,
) -> Run:
    """Measure what of a plan is not yet in a folder.

    Args:
        plan: Which variants; its data sets and models do not matter here.
        dataset: One part of a data set.
        model: A loaded model.
        folder: The run folder, see `run_folder`.
        settings: How.
        progress: Told after every batch how many pictures are done, and how many there are.

    Returns:
        The complete results.

    Raises:
        BenchmarkError: There is nothing to measure, or no prompt holds a class; another process writes here, or the
            folder holds something else.
        ResultsError: The results cannot be written; what is finished is kept.
        RunInterrupted: In place of a `KeyboardInterrupt`; what is finished is kept.
    """
    engine = engines.get(settings.engine)(settings.threads, model, settings.address)
    check_measurable(dataset)
    coverage = plan.coverage()
    manifest = _manifest(plan, dataset, model, list(coverage))
    # what cannot be asked or stored at the end is found out at the start
    samples, texts = _samples_table(dataset), stored_prompts(manifest.dataset, list(coverage))
    require_storable(samples)
    prompts = texts, model.encode_texts(texts)
    job = make_job(coverage, dataset, model, settings)
    with RunWriter(folder, Identity.of(manifest), fresh=settings.fresh) as writer:
        chunks = job.missing(writer.covered())
        done, kept, total = 0, 0, sum(map(job.n_pictures, chunks))
        progress(done, total)
        try:
            with closing(engine.run(job, chunks)) as messages:
                for message in messages:
                    if isinstance(message, BatchDone):
                        done += message.n_pictures
                        progress(done, total)
                    elif isinstance(message, WorkingOn):
                        manifest = manifest.model_copy(update={"device": message.device})
                    else:
                        writer.write(message)
                        kept += job.n_pictures(ChunkSpec(message.images, tuple(map(Variant.parse, message.rows))))
        except KeyboardInterrupt:
            raise RunInterrupted(done, kept, total, folder) from None
        writer.finish(manifest, samples, prompts)
    return open_run(folder)


def make_job(coverage: Mapping[Variant, int | None], dataset: Dataset, model: Model, settings: RunSettings) -> Job:
    """All that has to be done.

    Args:
        coverage: Each variant and on how many images it is wanted, None for all: `Plan.coverage`.
        dataset: One part of a data set.
        model: Whose weights and arithmetic the job names; it is not part of the job.
        settings: How large batches are, and how many images there are at most.
    """
    images = annotated_images(dataset.samples, SEED)
    limit = min(settings.limit or len(images), len(images))
    return Job(
        model=model.record,
        root=dataset.root,
        images=images,
        wanted={variant: min(wanted or limit, limit) for variant, wanted in coverage.items()},
        batch_size=settings.batch_on(model.device),
        seed=SEED,
    )


def _samples_table(dataset: Dataset) -> pd.DataFrame:
    """The samples in types that Parquet knows: numbers, or text where an attribute mixes both.

    Attributes that tell the images' sizes are left out: those of the files themselves stand in their place.
    """
    table = dataset.frame()
    corners = ["x0", "y0", "x1", "y1"]
    table[corners] = table[corners].astype("float64")
    for name in table.columns.difference(corners):
        kinds = {type(value) for value in table[name] if value is not None and value == value}  # noqa: PLR0124
        if len(kinds) > 1 and not kinds <= {int, float}:
            table[name] = [None if value is None else str(value) for value in table[name]]
    no_twins = ["twin_path"] if table["twin_path"].isna().all() else []
    return table.drop(columns=[*no_twins, *table.columns.intersection(["image_width", "image_height"])])


def _manifest(plan: Plan, dataset: Dataset, model: Model, variants: Sequence[Variant]) -> Manifest:
    precision = model.record.precision
    kept = {field: value for field, value in asdict(model.record).items() if field in ModelInfo.model_fields}
    by_arithmetic: Stored = "float32" if precision == "fp32" else "float16"
    return Manifest(
        source="measured here",
        dataset=DatasetInfo(
            name=dataset.name,
            title=dataset.title,
            part=dataset.part,
            fingerprint=dataset.fingerprint,
            simulated=dataset.simulated,
            classes=dataset.classes,
            template=dataset.template,
            class_words=dict(dataset.class_words),
            note=dataset.note,
            samples=len(dataset),
            images=dataset.n_images,
            patients=dataset.n_patients,
        ),
        model=ModelInfo(
            **kept,
            title=model.spec.title,
            dimension=model.dimension,
            logit_scale=model.logit_scale,
            embedded=model.spec.scheme == "embedded",
            simulated_only=model.spec.simulated_only,
        ),
        variants=tuple(variant.key for variant in variants),
        precision=precision,
        stored=by_arithmetic if plan.stored == "auto" else plan.stored,
        device=model.device_title,
        seed=SEED,
        versions={package: version(package) for package in PACKAGES},
        finished=datetime.now(UTC),
        problems=tuple(Skipped(file=p.file, row=p.row, reason=p.reason) for p in dataset.problems),
    )
