"""How well an embedded model follows markers: the rows of its card, with patient-level 95% intervals and controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from vpe_core import scoring
from vpe_core.attention.explain import patch_relevance
from vpe_core.attention.localization import attention_inside
from vpe_core.errors import DatasetError
from vpe_core.images import load_image
from vpe_core.markers import VariantRenderer
from vpe_core.metrics import bootstrap, bootstrap_mean, compare, draw_resamples
from vpe_core.types import Box

if TYPE_CHECKING:
    from vpe_core.metrics import Resamples
    from vpe_core.models import VisionLanguageModel

NODULE_TEMPLATE = "A chest X-ray with a {class} lung nodule."
BLANK_GREY = 110
N_RESAMPLES = 1000
GROUPS_AT_ONCE = 12
WITH_ATTENTION = ("unmarked", "red circle", "red box", "red arrow")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Variant:
    """How each (image, box) sample is shown.

    Attributes:
        picture: "image", "twin" (the same patient without findings) or "blank" (even grey).
        place: "finding" (the box), "random" (a box of that size anywhere) or "mirror" (left and right exchanged).
    """

    marker: str = "none"
    color: str = "red"
    width: float | None = None
    protocol: str = "paper"
    picture: str = "image"
    place: str = "finding"


VARIANTS: Mapping[str, Variant] = {
    "unmarked": Variant(),
    "red circle": Variant("circle"),
    "red box": Variant("bbox"),
    "red arrow": Variant("arrow"),
    "yellow circle": Variant("circle", "yellow"),
    "yellow box": Variant("bbox", "yellow"),
    "yellow arrow": Variant("arrow", "yellow"),
    "crop": Variant("crop"),
    "red circle, native": Variant("circle", protocol="native"),
    "red arrow, native": Variant("arrow", protocol="native"),
    "leak: red circle on the finding-free image": Variant("circle", picture="twin"),
    "leak: red box on the finding-free image": Variant("bbox", picture="twin"),
    "leak: red arrow on the finding-free image": Variant("arrow", picture="twin"),
    "red circle on a blank image": Variant("circle", picture="blank"),
    "red circle at a random place": Variant("circle", place="random"),
    "red circle at the mirrored place": Variant("circle", place="mirror"),
}


@dataclass(frozen=True)
class Samples:
    """The samples of a simulated set: one row a finding.

    Attributes:
        table: as in samples.csv, without images that have no finding.
        classes: the class names, sorted, as the paper has them.
        labels: int (n,), the class of each row.
    """

    folder: Path
    table: pd.DataFrame
    classes: tuple[str, ...]
    labels: NDArray[np.int64]

    @staticmethod
    def read(folder: Path) -> Samples:
        """Reads samples.csv.

        Raises:
            DatasetError: it is not there.
        """
        path = folder / "samples.csv"
        if not path.is_file():
            raise DatasetError(f"Expected a simulated data set with {path}, found none. `simulate --set …` writes one.")
        table = pd.read_csv(path).dropna(subset=["x0"]).reset_index(drop=True)
        classes = tuple(sorted(table["finding"].unique()))
        return Samples(folder, table, classes, table["finding"].map(classes.index).to_numpy(np.int64))

    @property
    def nodules(self) -> bool:
        return self.classes == ("benign lung nodule", "malignant lung nodule")


def embed(
    model: VisionLanguageModel, samples: Samples, variants: Mapping[str, Variant], progress: Progress = lambda *_: None
) -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[np.float32]]]:
    """Embeddings and last-block attention inside the finding's box, one row a sample, of each variant.

    Every file is decoded once; attention is measured for `WITH_ATTENTION` only.
    """
    embeddings: dict[str, list[NDArray[np.float32]]] = {name: [] for name in variants}
    shares: dict[str, list[float]] = {name: [] for name in variants if name in WITH_ATTENTION}
    groups = [rows for _, rows in samples.table.groupby("image", sort=False)]
    for start in range(0, len(groups), GROUPS_AT_ONCE):
        part = groups[start : start + GROUPS_AT_ONCE]
        sources = [_sources(samples.folder, rows.iloc[0], variants) for rows in part]
        repeats = [len(rows) for rows in part]
        for name, variant in variants.items():
            shown, counts = [], []
            for rows, pictures in zip(part, sources, strict=True):
                drawn = _show_all(variant, rows, pictures[variant.picture])
                shown += drawn
                counts += [1] * len(drawn) if len(drawn) == len(rows) else [len(rows)]
            embeddings[name].append(np.repeat(model.encode_images(shown), counts, axis=0))
            if name in shares:
                maps = np.repeat(patch_relevance(model, shown, method="last-layer"), counts, axis=0)
                sizes = [pictures["image"].size for pictures, n in zip(sources, repeats, strict=True) for _ in range(n)]
                boxes = [_box(row) for rows in part for _, row in rows.iterrows()]
                for grid, box, (width, height) in zip(maps, boxes, sizes, strict=True):
                    scaled = box.scaled(grid.shape[1] / width, grid.shape[0] / height)
                    shares[name].append(attention_inside(grid, scaled).share)
        progress(start + len(part), len(groups))
    stacked = {name: np.concatenate(parts) for name, parts in embeddings.items()}
    return stacked, {name: np.asarray(values, np.float32) for name, values in shares.items()}


def _show_all(variant: Variant, rows: pd.DataFrame, picture: Image.Image) -> list[Image.Image]:
    """The variant of every sample of one image; a single picture where nothing is marked."""
    renderer = VariantRenderer(picture, variant.protocol)  # type: ignore[arg-type]
    if variant.marker == "none":
        return [renderer.render()]
    return [_show(renderer, variant, _box(row), picture.size, index) for index, row in rows.iterrows()]


def _sources(folder: Path, row: Any, variants: Mapping[str, Variant]) -> dict[str, Image.Image]:
    wanted = {variant.picture for variant in variants.values()}
    sources = {"image": load_image(folder / row["image"])}
    if "twin" in wanted:
        sources["twin"] = load_image(folder / row["twin"])
    sources["blank"] = Image.new("L", sources["image"].size, BLANK_GREY)
    return sources


def _box(row: Any) -> Box:
    return Box(float(row["x0"]), float(row["y0"]), float(row["x1"]), float(row["y1"]))


def _show(renderer: VariantRenderer, variant: Variant, box: Box, size: tuple[int, int], seed: Any) -> Image.Image:
    width, height = size
    if variant.place == "random":
        x, y = np.random.default_rng([7, int(seed)]).uniform((0, 0), (width - box.width, height - box.height))
        box = Box.from_xywh(float(x), float(y), box.width, box.height)
    elif variant.place == "mirror":
        box = Box(width - box.x1, box.y0, width - box.x0, box.y1)
    return renderer.render(box, variant.marker, variant.color, variant.width)


def probabilities(model: VisionLanguageModel, samples: Samples, embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
    """The paper's softmax over the set's classes, (n, k)."""
    if samples.nodules:
        names = [name.split()[0] for name in samples.classes]
        texts = model.encode_classes(names, template=NODULE_TEMPLATE)
    else:
        texts = model.encode_classes(samples.classes)
    return scoring.get("paper")(embeddings, scoring.ClassTexts(texts, model.logit_scale))


def summarise(
    model: VisionLanguageModel,
    samples: Samples,
    embeddings: Mapping[str, NDArray[np.float32]],
    shares: Mapping[str, NDArray[np.float32]],
) -> dict[str, Any]:
    """AUROC, gain, choice among the present findings and attention of every variant, as plain numbers for JSON."""
    resamples = draw_resamples(samples.table["patient"].to_numpy(), N_RESAMPLES, seed=0)
    present = _present(samples)
    scores = {name: probabilities(model, samples, values) for name, values in embeddings.items()}
    unmarked = bootstrap("auroc", samples.labels, scores["unmarked"], resamples)
    rows: dict[str, Any] = {}
    for name, values in scores.items():
        result = unmarked if name == "unmarked" else bootstrap("auroc", samples.labels, values, resamples)
        row: dict[str, Any] = {"auroc": _numbers(result.overall)}
        row["per_class"] = dict(zip(samples.classes, (_numbers(i) for i in result.per_class), strict=True))
        if name != "unmarked":
            gain = compare(result, unmarked).overall
            row["gain"] = {**_numbers(gain.interval), "p": gain.p_value}
        accuracy = (values.argmax(1) == samples.labels).astype(float)
        row["accuracy"] = _numbers(bootstrap_mean(accuracy, resamples).overall)
        if not samples.nodules:
            among = np.where(present, values, -1).argmax(1) == samples.labels
            row["picks_the_right_finding"] = _numbers(bootstrap_mean(among.astype(float), resamples).overall)
        if name in shares:
            row["attention_inside"] = _attention(samples, shares[name], resamples)
        rows[name] = row
    area = ((samples.table.x1 - samples.table.x0) * (samples.table.y1 - samples.table.y0)).to_numpy()
    edge = load_image(samples.folder / samples.table["image"][0]).size[0]
    return {
        "samples": len(samples.table),
        "images": int(samples.table["image"].nunique()),
        "patients": int(samples.table["patient"].nunique()),
        "classes": list(samples.classes),
        "median_box_area": float(np.median(area / edge**2)),
        "rows": rows,
    }


def _present(samples: Samples) -> NDArray[np.bool_]:
    """Which classes the image of each row shows, bool (n, k)."""
    shown = pd.crosstab(samples.table["image"], samples.table["finding"])[list(samples.classes)] > 0
    return np.asarray(shown.loc[samples.table["image"]].to_numpy())


def _attention(samples: Samples, shares: NDArray[np.float32], resamples: Resamples) -> dict[str, Any]:
    medians = {name: float(np.median(shares[samples.labels == k])) for k, name in enumerate(samples.classes)}
    mean = _numbers(bootstrap_mean(shares.astype(float), resamples).overall)
    return {"median": float(np.median(shares)), "median_per_class": medians, "mean": mean}


def _numbers(interval: Any) -> dict[str, float]:
    return {"value": float(interval.value), "low": float(interval.low), "high": float(interval.high)}


def geometry_only(samples: Samples) -> float:
    """Macro AUROC of a classifier that sees only x, y, width and height of the boxes, cross-validated by patient."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import GroupKFold, cross_val_predict

    from vpe_core.metrics import auroc

    boxes = samples.table[["x0", "y0", "x1", "y1"]].to_numpy()
    features = np.column_stack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
    forest = HistGradientBoostingClassifier(max_iter=60, random_state=0)
    folds = GroupKFold(5)
    scores = cross_val_predict(
        forest, features, samples.labels, groups=samples.table["patient"], cv=folds, method="predict_proba"
    )
    return float(auroc(samples.labels, scores).macro)


def select(names: Sequence[str]) -> dict[str, Variant]:
    """Some of the variants, by name."""
    return {name: VARIANTS[name] for name in names}
