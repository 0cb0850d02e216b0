"""Maps over a data set: how often each finds the finding, without a marker and with one. What takes long is stored.

Pointing hits and the IoU after Otsu's threshold are those of CheXlocalize (Saporta et al., Benchmarking saliency
methods for chest X-ray interpretation, Nature Machine Intelligence 4, 2022), against boxes where that has outlines.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import TypeAdapter

from vpe_core.attention import fixed_scale, patch_relevance, quick_names
from vpe_core.documents import DocumentError, read_bytes
from vpe_core.errors import AttentionError, LabError, RegionError, ResultsError
from vpe_core.images import load_image
from vpe_core.lab.before_after import shares_or_nan
from vpe_core.lab.findings import drawn_at_random, findings_of, how_many, rounded, unrounded
from vpe_core.lab.mapping import FIXED, checked_maps, require_some, title_of
from vpe_core.lab.places import find, spread_patches
from vpe_core.lab.scene import Drawing, MarkerStyle
from vpe_core.lab.study import unreported
from vpe_core.metrics import Interval, bootstrap_mean, draw_resamples
from vpe_core.metrics.intervals import FEWEST_GROUPS
from vpe_core.models.predictor import A_PASS_OF_MAPS
from vpe_core.plots.percent import percent

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL import Image

    from vpe_core.datasets import Dataset
    from vpe_core.metrics.resamples import Resamples
    from vpe_core.models import Model
    from vpe_core.types import Box, Floats, Progress, Sample

MEASURES = ("hit", "iou", "share")


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How well one map finds the boxes of a class: the means of a `SetScore`."""

    hit: float
    iou: float
    share: float
    chance_iou: float


@dataclass(frozen=True, slots=True)
class SetScore:
    """How well one map finds the boxes of a data set; intervals over patients.

    Attributes:
        hit: How often the peak lies in the box (the pointing game).
        iou: Mean IoU of the part above Otsu's threshold with the box.
        share: Mean share of the map in the box.
        chance_iou: Mean IoU that the same bright parts have when they are shifted anywhere.
        by_class: The means of each class.
    """

    hit: Interval
    iou: Interval
    share: Interval
    chance_iou: float
    by_class: Mapping[str, ClassScore]


@dataclass(frozen=True, slots=True)
class MapOverSet:
    """One map over a data set.

    Attributes:
        unmarked: Without a marker.
        marked: With it.
        gains: What the marker adds to hit, iou and share, paired.
    """

    unmarked: SetScore
    marked: SetScore
    gains: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class ClassOfSet:
    """The findings of a class.

    Attributes:
        n: How many.
        patients: Of how many patients.
        chance_hit: The mean share of the picture that their boxes cover.
    """

    n: int
    patients: int
    chance_hit: float


@dataclass(frozen=True, slots=True)
class SetMaps:
    """Every map over a data set.

    Attributes:
        dataset: Its name; `title` is for people.
        title: The same for people.
        part: Which part of it.
        simulated: Nobody's X-rays.
        model: The model's name.
        weights: SHA-256 of its weights.
        marker: How the findings were marked, in words.
        n: Findings that were measured.
        n_all: Findings with a box in this part of the data set; if these are more, `n` of them were drawn at random.
        patients: Of how many patients they are.
        chance_hit: How often a peak anywhere would hit: the mean share of the picture that the box covers.
        classes: Each by its label.
        maps: Each by its name.
        missing: Maps that this model cannot have, and why.
    """

    dataset: str
    title: str
    part: str
    simulated: bool
    model: str
    weights: str
    marker: str
    n: int
    n_all: int
    patients: int
    chance_hit: float
    classes: Mapping[str, ClassOfSet]
    maps: Mapping[str, MapOverSet]
    missing: Mapping[str, str]

    def words(self) -> str:
        """Which map finds most, and what the marker adds, in sentences that follow the numbers."""
        best = max(self.maps, key=lambda name: self.maps[name].unmarked.iou.value)
        one, gain = self.maps[best].unmarked, self.maps[best].gains["iou"]
        moved = "adds nothing that is sure to"
        if gain.low > 0 or gain.high < 0:
            moved = f"adds {gain.value:.2f} to" if gain.value > 0 else f"takes {-gain.value:.2f} from"
        most = max(self.maps, key=lambda name: self.maps[name].gains["iou"].value)
        added, also = self.maps[most].gains["iou"], ""
        if most != best and added.low > 0:
            also = f" and adds most to that of {title_of(most)}, {added.value:.2f}"
        return (
            f"Over {how_many(self.n, self.n_all)}, {title_of(best)} finds most: IoU {one.iou.value:.2f} (by chance "
            f"{one.chance_iou:.2f}), pointing hit {percent(one.hit.value)} (by chance "
            f"{percent(self.chance_hit)}). The {self.marker} {moved} its IoU{also}.{self._without_intervals()}"
        )

    def _without_intervals(self) -> str:
        if self.patients >= FEWEST_GROUPS:
            return ""
        of = f"{self.patients} patient{'s' * (self.patients != 1)}"
        return f" From {of} there are no intervals; that takes {FEWEST_GROUPS}."

    def to_json(self) -> str:
        """As text; `read_set_maps` reads it again."""
        return json.dumps(rounded(asdict(self)), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


_JSON = TypeAdapter(SetMaps)


def read_set_maps(path: Path) -> SetMaps:
    """A stored measurement.

    Raises:
        ResultsError: There is no such file, or it holds something else.
    """
    try:
        return _JSON.validate_python(unrounded(json.loads(read_bytes(path))))
    except (OSError, DocumentError, ValueError) as error:  # what pydantic refuses is a ValueError, too
        reason = error.strerror if isinstance(error, OSError) else str(error).partition("\n")[0]
        raise ResultsError(
            f"Expected maps over a data set, as `python -m vpe_core lab maps --out` writes them, in {path}, but it "
            f"cannot be read: {reason}."
        ) from None


def quick_maps() -> tuple[str, ...]:
    """The maps that take one pass a picture: what is measured unless others are named."""
    return (*quick_names(), FIXED)


def maps_over_set(
    dataset: Dataset,
    model: Model,
    *,
    style: MarkerStyle | None = None,
    methods: Sequence[str] | None = None,
    limit: int | None = None,
    resamples: int = 1000,
    report: Progress = unreported,
) -> SetMaps:
    """Make every map of every finding that has a box, without and with a marker, each for its own class.

    Args:
        dataset: With boxes.
        model: A loaded model.
        style: The marker; a red circle if None.
        methods: Out of `map_names()`; None for `quick_maps()`.
        limit: Only so many findings, drawn at random.
        resamples: Of patients, for the intervals.
        report: Findings are what counts.

    Raises:
        LabError: There is no finding with a box, or the marker shows other places.
        AttentionError: There is no such method, or the model can have no map at all.
        VPEError: An image cannot be read.
    """
    look = style or MarkerStyle("circle", "red", 3)
    listed = findings_of(dataset)
    if not listed:
        raise LabError(f"{dataset.title} has no finding with a box, so there is no place that a map could find.")
    samples = drawn_at_random(listed, limit)
    names = checked_maps(quick_maps() if methods is None else methods)
    rows, missing = _measured_rows(dataset, model, samples, look, names, report)
    require_some(rows, missing)
    draws = draw_resamples([one.patient_id for one in samples], resamples)
    chance_hit = next(iter(rows.values()))[:, 0, 3]
    labels = np.array([one.label for one in samples])
    classes = {label: np.flatnonzero(labels == label) for label in dataset.classes if label in labels}
    patients_of = {
        label: len({samples[place].patient_id for place in places.tolist()}) for label, places in classes.items()
    }
    return SetMaps(
        dataset.name, dataset.title, dataset.part, dataset.simulated, model.name, model.record.weights_sha256,
        look.title.partition(",")[0], len(samples), len(listed), len({one.patient_id for one in samples}),
        _mean(chance_hit),
        {
            label: ClassOfSet(len(places), patients_of[label], _mean(chance_hit[places]))
            for label, places in classes.items()
        },
        {name: _over_set(values, classes, draws) for name, values in rows.items()},
        missing,
    )  # fmt: skip


def _measured_rows(
    dataset: Dataset, model: Model, samples: Sequence[Sample], look: MarkerStyle, names: Sequence[str], report: Progress
) -> tuple[dict[str, NDArray[np.float64]], dict[str, str]]:
    """For each map (findings, without and with the marker, what `_measure` says); of those that are missing, why."""
    measured = {name: np.full((len(samples), 2, 5), np.nan) for name in names}
    missing: dict[str, str] = {}
    report(0, len(samples))
    for start in range(0, len(samples), A_PASS_OF_MAPS):
        some = samples[start : start + A_PASS_OF_MAPS]
        images = [load_image(one.image_path).convert("RGB") for one in some]
        pictures = [model.prepare(image) for image in images]
        pictures += [model.prepare(_marked(look, image, one)) for image, one in zip(images, some, strict=True)]
        for name in names:
            if name in missing:
                continue
            try:
                grids = _grids(model, dataset, name, np.stack(pictures), [one.label for one in some])
            except AttentionError as error:
                missing[name] = str(error)
                continue
            for number, (image, one) in enumerate(zip(images, some, strict=True)):
                assert one.box is not None
                for which in (0, 1):
                    grid = grids[number + which * len(some)]
                    measured[name][start + number, which] = _measure(model, grid, one.box, image.size)
        report(start + len(some), len(samples))
    return {name: values for name, values in measured.items() if name not in missing}, missing


def _over_set(rows: NDArray[np.float64], classes: Mapping[str, NDArray[np.intp]], draws: Resamples) -> MapOverSet:
    def score(measured: NDArray[np.float64]) -> SetScore:
        hit, iou, share = (bootstrap_mean(measured[:, column], draws).overall for column in range(3))
        by_class = {
            label: ClassScore(*(_mean(measured[places, column]) for column in (0, 1, 2, 4)))
            for label, places in classes.items()
        }
        return SetScore(hit, iou, share, _mean(measured[:, 4]), by_class)

    added = rows[:, 1] - rows[:, 0]
    gains = {name: bootstrap_mean(added[:, column], draws).overall for column, name in enumerate(MEASURES)}
    return MapOverSet(score(rows[:, 0]), score(rows[:, 1]), gains)


def _mean(values: NDArray[np.float64]) -> float:
    """Over those that are known; nan where none is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _marked(style: MarkerStyle, image: Image.Image, sample: Sample) -> Image.Image:
    assert sample.box is not None
    marked = Drawing(style, sample.box).on(image)
    if marked.size != image.size:
        raise LabError("A crop shows other places than the X-ray, so its maps have no box. Choose another marker.")
    return marked


def _grids(model: Model, dataset: Dataset, name: str, pictures: NDArray[np.uint8], labels: Sequence[str]) -> Floats:
    """One map a picture; the unmarked pictures come before the marked ones, each for its own class."""
    words = [dataset.class_words[label] for label in (*labels, *labels)]
    if name != FIXED:
        return patch_relevance(model, pictures, words, method=name, template=dataset.template)
    classes = list(dataset.class_words.values())
    found = fixed_scale(model, pictures, classes, template=dataset.template)
    return np.stack([found.of(word)[number] for number, word in enumerate(words)])


def _measure(model: Model, grid: Floats, box: Box, size_wh: tuple[int, int]) -> tuple[float, ...]:
    """Hit, IoU, share in the box, and both chances; nan where the box lies outside of what is seen."""
    view = model.view(size_wh)
    try:
        place = find(spread_patches(grid, view, size_wh), box.clipped(*size_wh), size_wh)
    except RegionError:
        return (float("nan"),) * 5
    share = float(shares_or_nan(grid, box, model, size_wh))
    return float(place.hit), place.iou, share, place.chance_hit, place.chance_iou
