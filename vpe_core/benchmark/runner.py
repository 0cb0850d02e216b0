"""Running a plan: decode, draw and prepare in threads, encode in full batches, write chunks that survive a kill.

A chunk is some images with all their variants. Chunks are cut and encoded in an order that depends on the work alone,
so that a run that was killed and started again stores the very bytes that an undisturbed one does.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from vpe_core.benchmark.encode import ChunkEncoder
from vpe_core.benchmark.pictures import ImageTask, PictureMaker, Rendered, by_image, partners, shown_together
from vpe_core.benchmark.plan import check_measurable
from vpe_core.models.specs import FOLDER_PREFIX, HUB_PREFIX
from vpe_core.results.store.manifest import DatasetInfo, Manifest, ModelInfo, Skipped, Stored
from vpe_core.results.store.run import Run, open_run
from vpe_core.results.store.schema import Coverage, require_storable
from vpe_core.results.store.texts import stored_prompts
from vpe_core.results.store.writer import Identity, RunWriter
from vpe_core.variants import Variant

if TYPE_CHECKING:
    import pandas as pd

    from vpe_core.benchmark.plan import Plan
    from vpe_core.datasets import Dataset
    from vpe_core.models import VisionLanguageModel
    from vpe_core.types import Sample

SEED = 0
BATCHES_A_CHUNK = 16
PACKAGES = ("torch", "open_clip_torch", "timm", "pillow", "numpy", "pyarrow")

Progress = Callable[[int, int], None]
"""Told how many pictures are done, and how many there are."""

Work = TypeVar("Work")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a plan is run; none of it changes the numbers beyond rounding.

    Attributes:
        batch_size: Pictures that go through the network together; None for what suits the device.
        threads: Threads that draw ahead; None for one a processor, eight at most.
        limit: Only the first so many images; None for all. A later run without it goes on.
        fresh: Replace results that are there instead of going on with them.
    """

    batch_size: int | None = None
    threads: int | None = None
    limit: int | None = None
    fresh: bool = False

    def batch_on(self, device: str) -> int:
        return self.batch_size or (32 if device == "cpu" else 128)


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
    model: VisionLanguageModel,
    folder: Path,
    settings: Settings = Settings(),
    progress: Progress = lambda *_: None,
) -> Run:
    """Measure what of a plan is not yet in a folder.

    Args:
        plan: Which variants; its data sets and models do not matter here.
        dataset: One part of a data set.
        model: A loaded model.
        folder: The run folder, see `run_folder`.
        settings: How.
        progress: Called after every batch.

    Returns:
        The complete results.

    Raises:
        BenchmarkError: There is nothing to measure, or no prompt holds a class; another process writes here, or the
            folder holds something else.
        ResultsError: The results cannot be written; what is finished is kept.
    """
    check_measurable(dataset)
    images = by_image(dataset.samples)
    coverage = plan.coverage()
    manifest = _manifest(plan, dataset, model, list(coverage))
    # what cannot be asked or stored at the end is found out at the start
    samples, texts = _samples_table(dataset), stored_prompts(manifest.dataset, list(coverage))
    require_storable(samples)
    prompts = texts, model.encode_texts(texts)
    with RunWriter(folder, Identity.of(manifest), fresh=settings.fresh) as writer:
        limit = settings.limit or len(images)
        wanted = {variant: min(of or limit, limit, len(images)) for variant, of in coverage.items()}
        chunks = _cut(images, wanted, writer.covered(), settings.batch_on(model.device))
        maker = PictureMaker(model.prepare, model.view, dataset.root)
        tasks = [task for chunk in chunks for task in chunk]
        count = _Counter(progress, sum(map(n_pictures, tasks)))
        encoder = ChunkEncoder(model, settings.batch_on(model.device), count)
        n_threads = settings.threads or min(os.cpu_count() or 1, 8)
        with (
            ThreadPoolExecutor(n_threads, thread_name_prefix="pictures") as pool,
            closing(ahead(pool, maker, tasks, n_ahead=2 * n_threads)) as rendered,
        ):
            for chunk in chunks:
                writer.write(encoder.encode(islice(rendered, len(chunk)), chunk[0].variants))
        writer.finish(manifest, samples, prompts)
    return open_run(folder)


def _cut(
    images: Sequence[tuple[tuple[int, Sample], ...]],
    wanted: Mapping[Variant, int],
    covered: Coverage,
    batch_size: int,
) -> list[list[ImageTask]]:
    """What is missing, as chunks: images that miss the same variants, in an order in which partners are neighbours."""
    order, others = partners([(image[0][1].image_path, image[0][1].patient_id) for image in images], SEED)
    groups: dict[tuple[Variant, ...], list[ImageTask]] = {}
    for number in order:
        missing = tuple(v for v, n in wanted.items() if number < n and number not in covered.get(v.key, ()))
        if missing:
            task = ImageTask(number, images[number], missing, others[number])
            groups.setdefault(missing, []).append(task)
    chunks: list[list[ImageTask]] = []
    for tasks in groups.values():
        pictures = 0
        for task in tasks:
            if pictures == 0:
                chunks.append([])
            chunks[-1].append(task)
            pictures += n_pictures(task)
            if pictures >= BATCHES_A_CHUNK * batch_size:
                pictures = 0
    return chunks


def n_pictures(task: ImageTask) -> int:
    """How many pictures a task makes, if all goes well."""
    missing = {"twin": task.samples[0][1].twin_path is None, "other": task.other is None}
    possible = [variant for variant in task.variants if not missing.get(variant.picture, False)]
    return sum(len(shown_together(variant, task.samples)) for variant in possible)


def ahead(
    pool: ThreadPoolExecutor, work: Callable[[Work], Rendered], tasks: Iterable[Work], n_ahead: int
) -> Generator[Rendered, None, None]:
    """Results in the order of the tasks, some of them computed ahead; what nobody fetches any more is cancelled."""
    waiting: deque[Future[Rendered]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(work, task))
            if len(waiting) > n_ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


class _Counter:
    """Tells a progress function how many pictures are done."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0
        progress(0, total)

    def __call__(self, n_pictures: int) -> None:
        self._done += n_pictures
        self._progress(self._done, self._total)


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


def _manifest(plan: Plan, dataset: Dataset, model: VisionLanguageModel, variants: Sequence[Variant]) -> Manifest:
    record, precision = model.record, model.record.precision
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
            name=record.name,
            title=model.spec.title,
            source=record.source,
            revision=record.revision,
            weights_file=record.weights_file,
            weights_sha256=record.weights_sha256,
            dimension=model.dimension,
            logit_scale=model.logit_scale,
            parameters=record.parameters,
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
