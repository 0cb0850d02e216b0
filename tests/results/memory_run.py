"""Results that are made up in memory: every number behind them is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from vpe_core.errors import ResultsError
from vpe_core.results import DatasetInfo, Manifest, ModelInfo
from vpe_core.results.store.schema import Chunk, VariantRows
from vpe_core.results.store.texts import stored_prompts
from vpe_core.results.store.writer import Identity, RunWriter
from vpe_core.variants import Variant

CLASSES = ("effusion", "mass", "nodule")
LABELS = (
    *CLASSES, "atelectasis", "granuloma", "cardiomegaly", "consolidation", "interstitial", "pacemaker", "pneumothorax",
    "benign", "malignant",
)  # fmt: skip
"""What texts may name."""
WIDTH = 16


class MemoryRun:
    """A run whose marked images lean more towards their class than the unmarked ones.

    Args:
        strengths: For each variant's key how far an image leans to its own class.
        covered: For some keys, how many samples they cover, from the first on.
        name: Of the data set.
    """

    has_embeddings = True

    def __init__(
        self,
        strengths: dict[str, float],
        covered: dict[str, int] | None = None,
        name: str = "made-up",
        model: str = "tiny",
        n_patients: int = 30,
        per_patient: int = 4,
        seed: int = 0,
        template: str = "A chest x-ray with signs of {class}{suffix}.",
        class_words: dict[str, str] | None = None,
        samples: pd.DataFrame | None = None,
    ) -> None:
        if samples is None:
            rng = np.random.default_rng(seed)
            numbers = rng.integers(len(CLASSES), size=n_patients * per_patient)
            samples = samples_table(rng, numbers, per_patient)
        self.samples, n = samples, len(samples)
        self.classes = tuple(sorted(samples["label"].unique()))
        numbers = samples["label"].map(self.classes.index).to_numpy()
        self.variants = tuple(Variant.parse(key) for key in strengths)
        self.manifest = manifest(name, model, tuple(strengths), samples, template, class_words or {})
        self.fingerprint = f"{name}/{model}/{seed}/{sorted(strengths.items())}"
        texts = stored_prompts(self.manifest.dataset, self.variants)
        self._texts = {text: self.encode(text) for text in texts}
        self.asked_for: list[str] = []
        words = [(class_words or {}).get(label, label) for label in self.classes]
        directions = np.stack([self.encode(template.format_map({"class": word, "suffix": ""})) for word in words])
        self._covered = {key: np.arange((covered or {}).get(key, n)) for key in strengths}
        self._embeddings = {}
        for key, strength in strengths.items():
            noise = np.random.default_rng([seed, *key.encode()]).normal(size=(n, WIDTH))
            values = strength * directions[numbers] + noise / np.sqrt(WIDTH)
            self._embeddings[key] = values[self._covered[key]].astype(np.float32)

    @staticmethod
    def encode(text: str) -> np.ndarray:
        """A direction for a text: that of the class that it names, and a little of its own."""
        own = np.random.default_rng(sum(map(ord, text))).normal(size=WIDTH) / 20
        for number, label in enumerate(LABELS):
            if label in text:
                own[number] += 1
        return (own / np.linalg.norm(own)).astype(np.float32)

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(self._texts)

    def __contains__(self, variant: Variant) -> bool:
        return variant.key in self._embeddings

    def rows(self, variant: Variant) -> np.ndarray:
        if variant not in self:
            raise ResultsError(f"no {variant.key}")
        return self._covered[variant.key]

    def embeddings(self, variant: Variant) -> np.ndarray:
        return self._embeddings[variant.key]

    def attention(self, variant: Variant) -> np.ndarray | None:
        share = 0.6 if variant.marked else 0.2
        return np.full(len(self.rows(variant)), share, np.float32)

    def suffixes(self, variant: Variant) -> tuple[str, ...]:
        return ()

    def probabilities(self, variant: Variant, suffix: str = "") -> np.ndarray:
        raise ResultsError("embeddings only")

    def text_embedding(self, texts: Sequence[str]) -> np.ndarray:
        if missing := [text for text in texts if text not in self._texts]:
            raise ResultsError(f"not stored: {missing}")
        self.asked_for += texts
        return np.stack([self._texts[text] for text in texts])


def samples_table(rng: np.random.Generator, numbers: np.ndarray, per_patient: int) -> pd.DataFrame:
    """Samples of the given classes; each class has its usual place and size, with some spread."""
    n = len(numbers)
    corner = np.array([[20, 120], [100, 40], [150, 90]])[numbers] + rng.normal(0, 25, (n, 2))
    size = np.array([60, 30, 12])[numbers][:, None] * rng.uniform(0.6, 1.6, (n, 2))
    return pd.DataFrame(
        {
            "sample_id": [f"s{row}" for row in range(n)],
            "image_id": [f"i{row // 2}" for row in range(n)],
            "patient_id": [f"p{row // per_patient}" for row in range(n)],
            "label": np.array(CLASSES)[numbers],
            "group": "",
            **dict(zip(("x0", "y0", "x1", "y1"), np.column_stack([corner, corner + size]).T, strict=True)),
            "image_width": 256,
            "image_height": 256,
            "image_path": [f"images/i{row // 2}.png" for row in range(n)],
        }
    )


def store(run: MemoryRun, folder: Path) -> Path:
    """Write it as the runner would; returns the folder."""
    numbers = np.unique(run.samples["image_id"].to_numpy(str), return_inverse=True)[1]
    rows = {
        variant.key: VariantRows(
            run.rows(variant).astype(np.int32), run.embeddings(variant), np.ones(len(run.rows(variant)), bool),
            run.attention(variant),
        )
        for variant in run.variants
    }  # fmt: skip
    images = tuple(range(numbers.max() + 1))
    with RunWriter(folder, Identity.of(run.manifest)) as writer:
        writer.write(
            Chunk(images, rows, dict.fromkeys(images, (int(run.samples["image_width"].iloc[0]),) * 2), (), 1.0)
        )
        writer.finish(
            run.manifest,
            run.samples.drop(columns=["image_width", "image_height"]),
            (run.texts, run.text_embedding(run.texts)),
        )
    return folder


def manifest(
    name: str, model: str, keys: tuple[str, ...], samples: pd.DataFrame, template: str, words: dict[str, str]
) -> Manifest:
    return Manifest(
        source="measured here",
        dataset=DatasetInfo(
            name=name, title=f"The set {name}", part="test", fingerprint="0" * 64, simulated=True,
            classes=tuple(sorted(samples["label"].unique())), template=template, class_words=words,
            samples=len(samples), images=samples["image_id"].nunique(), patients=samples["patient_id"].nunique(),
        ),
        model=ModelInfo(name=model, title=model.title(), source="test", dimension=WIDTH, logit_scale=12.0),
        variants=keys,
        protocols=("paper",),
        stored="float32",
        finished=datetime(2026, 1, 2, tzinfo=UTC),
    )  # fmt: skip


PAPER_STRENGTHS = {
    "none": 0.12,
    "crop": 0.12,
    "arrow/red/1/paper": 0.3,
    "bbox/red/1/paper": 0.36,
    "circle/red/1/paper": 0.42,
    "circle/red/1/paper@other": 0.05,
    "circle/red/1/paper@twin": 0.06,
    "circle/red/1/paper@random": 0.11,
    "arrow/red/1/paper@blank": 0.0,
}
