"""From a model, an image and a text to a heatmap."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vpe_core.attention.base import METHODS
from vpe_core.attention.resample import grid_to_image
from vpe_core.errors import AttentionError
from vpe_core.images import as_image, as_images
from vpe_core.models.predictor import A_PASS_OF_MAPS
from vpe_core.prompts import PAPER_TEMPLATE, as_texts
from vpe_core.types import Heatmap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.geometry import SizeWH
    from vpe_core.images import ImageSource, ImageSources
    from vpe_core.models.protocols import Model


def explain(
    model: Model,
    image: ImageSource,
    text: str,
    *,
    method: str = "legrad",
    template: str | Sequence[str] | None = PAPER_TEMPLATE,
    suffix: str = "",
) -> Heatmap:
    """Where the model sees evidence for `text` in `image`.

    Args:
        model: A loaded model.
        image: One: a Pillow image, an array, a path or bytes. For several there is `explain_many`.
        text: A class name, or a complete prompt if `template` is None. Methods that read no text ignore it.
        method: Name of an attention method.
        template: As in `VisionLanguageModel.encode_classes`.
        suffix: The same.

    Raises:
        AttentionError: The method is unknown, or does not fit the model.
        ImageReadError: The image cannot be read, or is none.

    Example:
        >>> heat = explain(model, marked, "lung nodule", method="legrad")
        >>> heat.values.shape
        (1024, 1024)
    """
    return explain_many(model, [as_image(image)], text, method=method, template=template, suffix=suffix)[0]


def explain_many(
    model: Model,
    images: ImageSources,
    texts: str | Sequence[str],
    *,
    method: str = "legrad",
    template: str | Sequence[str] | None = PAPER_TEMPLATE,
    suffix: str = "",
) -> list[Heatmap]:
    """`explain` for several images at once, such as one without and one with a marker.

    Args:
        model: A loaded model.
        images: One or several of any sizes, as in `VisionLanguageModel.encode_images`.
        texts: One text for all images, or one for each.
        method: Name of an attention method.
        template: As in `VisionLanguageModel.encode_classes`.
        suffix: The same.

    Raises:
        AttentionError: The method is unknown, does not fit the model, or the number of texts is wrong.
    """
    pictures = [as_image(image) for image in as_images(images)]
    labels = _one_each(texts, len(pictures))
    grids = patch_relevance(model, pictures, labels, method=method, template=template, suffix=suffix)
    return [
        spread(grid, model, image.size, method=method, text=label)
        for grid, image, label in zip(grids, pictures, labels, strict=True)
    ]


def spread(grid: NDArray[np.float32], model: Model, image_wh: SizeWH, *, method: str, text: str) -> Heatmap:
    """One map of `patch_relevance` in the pixels of its image; of a method that reads no text, the heatmap has none."""
    label = text if METHODS.get(method).reads_text else None
    return Heatmap(grid_to_image(grid, model.view(image_wh), image_wh), method, label)


def patch_relevance(
    model: Model,
    images: ImageSources,
    texts: str | Sequence[str] = "",
    *,
    method: str = "last-layer",
    template: str | Sequence[str] | None = PAPER_TEMPLATE,
    suffix: str = "",
) -> NDArray[np.float32]:
    """One value a patch, before it is spread over the image: what measurements should use.

    Returns:
        float32, (n_images, rows, columns), not negative; for `last-layer` each map sums to 1.
    """
    from vpe_core.attention.tracing import TracedTower
    from vpe_core.attention.wants import PatchRelevance

    chosen = METHODS.get(method)
    sources = as_images(images)
    labels = _one_each(texts, len(sources))
    embeddings = _text_embeddings(model, labels, template, suffix) if chosen.reads_text else None
    if chosen.package:
        importlib.import_module(chosen.package)
    if chosen.probing and embeddings is not None and len(sources):
        return chosen.probing(model, model.towers.prepared(sources), embeddings)
    rows = model.predictor.in_batches(sources, PatchRelevance(chosen.name), A_PASS_OF_MAPS, embeddings)
    return rows[0] if rows else np.empty((0, *TracedTower(model.visual).grid_hw), np.float32)


def _text_embeddings(
    model: Model, labels: Sequence[str], template: str | Sequence[str] | None, suffix: str
) -> NDArray[np.float32]:
    distinct = list(dict.fromkeys(labels))
    rows = model.encode_classes(distinct, template=template, suffix=suffix)
    return rows[[distinct.index(label) for label in labels]]


def _one_each(texts: str | Sequence[str], n_images: int) -> list[str]:
    labels = [texts] * n_images if isinstance(texts, str) else as_texts(texts)
    if len(labels) != n_images:
        raise AttentionError(f"Expected one text for all {n_images} images or one for each, but got {len(labels)}.")
    return labels
