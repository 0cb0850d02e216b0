"""A small run folder with random embeddings, written as the runner writes it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vpe_core.results import DatasetInfo, Manifest, ModelInfo
from vpe_core.results.store.schema import Chunk, VariantRows
from vpe_core.results.store.writer import Identity, RunWriter
from vpe_core.variants import Variant

CLASSES = ("lung nodule", "pleural effusion", "pneumothorax")
TEMPLATE = "A chest x-ray with signs of {class}{suffix}."
VARIANTS = ("none", "crop", "circle/red/1/paper", "arrow/red/1/paper", "circle/red/1/paper@blank")
DIMENSION = 16


def samples(n_images: int = 12) -> pd.DataFrame:
    """Images of one to three findings, two images a patient; the samples of an image are not neighbours."""
    rows = [
        {
            "sample_id": f"{image:03d}-{finding}",
            "image_id": f"{image:03d}",
            "patient_id": f"p{image // 2}",
            "label": CLASSES[(image + finding) % 3],
            "group": "",
            "x0": 10.0 + finding,
            "y0": 20.0,
            "x1": 60.0 + 5 * finding,
            "y1": 80.0,
            "image_path": f"images/{image:03d}.png",
            "severity": finding / 3,
        }
        for finding in range(3)
        for image in range(n_images)
        if finding <= image % 3
    ]
    return pd.DataFrame(rows)


def manifest(table: pd.DataFrame, variants: tuple[str, ...] = VARIANTS, **changes: Any) -> Manifest:
    data = DatasetInfo(
        name="tiny",
        title="Tiny set",
        part="test",
        fingerprint="f" * 64,
        simulated=True,
        classes=CLASSES,
        template=TEMPLATE,
        samples=len(table),
        images=table.image_id.nunique(),
        patients=table.patient_id.nunique(),
    )
    model = ModelInfo(
        name="tiny-model", title="Tiny model", source="embedded:tiny", weights_sha256="a" * 64, dimension=DIMENSION,
        logit_scale=20.0, embedded=True,
    )  # fmt: skip
    fields: dict[str, Any] = {
        "source": "measured here", "dataset": data, "model": model, "variants": variants, "protocols": ("paper",),
        "precision": "fp32", "stored": "float32", "device": "cpu", "seed": 0, "finished": datetime.now(UTC),
    }  # fmt: skip
    return Manifest(**{**fields, **changes})


def embedding(key: str, sample: int, table: pd.DataFrame) -> np.ndarray:
    """What the variant of a sample embeds to: unmarked by the image, marked more like the sample's class."""
    variant = Variant.parse(key)
    image = int(table.image_id[sample])
    noise = np.random.default_rng([image, 0 if not variant.marked else sample + 1]).normal(size=DIMENSION)
    label = CLASSES.index(table.label[sample])
    pull = 2.0 if variant.marked else 0.0
    vector = noise + pull * text(CLASSES[label])
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def text(name: str) -> np.ndarray:
    vector = np.random.default_rng(sum(name.encode())).normal(size=DIMENSION)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def chunk(images: tuple[int, ...], keys: tuple[str, ...], table: pd.DataFrame) -> Chunk:
    numbers = pd.factorize(table.image_id)[0]
    rows = {}
    for key in keys:
        chosen = np.flatnonzero(np.isin(numbers, images)).astype(np.int32)
        own = np.ones(len(chosen), bool)
        if not Variant.parse(key).marked:
            own[:] = False
            own[np.unique(numbers[chosen], return_index=True)[1]] = True
        vectors = np.stack([embedding(key, int(sample), table) for sample in chosen])
        rows[key] = VariantRows(chosen, vectors, own, (chosen / 100).astype(np.float32))
    return Chunk(images, rows, dict.fromkeys(images, (256, 320)), (), 1.5)


def prompts() -> tuple[list[str], np.ndarray]:
    words = [(f"A chest x-ray with signs of {name}{suffix}.", name) for name in CLASSES
             for suffix in ("", " indicated by a red circle", " indicated by a red arrow")]  # fmt: skip
    return [prompt for prompt, _ in words], np.stack([text(name) for _, name in words])


def write_run(folder: Path, n_images: int = 12, **changes: Any) -> Path:
    """A complete run folder."""
    table = samples(n_images)
    content = manifest(table, **changes)
    with RunWriter(folder, Identity.of(content)) as writer:
        for start in range(0, n_images, 5):
            writer.write(chunk(tuple(range(start, min(start + 5, n_images))), content.variants, table))
        writer.finish(content, table, prompts())
    return folder
