"""Seeded tables of labels and scores, from easy to nasty, on which every metric is held against a reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest


@dataclass(frozen=True, eq=False)
class Table:
    labels: np.ndarray
    scores: np.ndarray
    groups: np.ndarray

    @property
    def n_classes(self) -> int:
        return self.scores.shape[1]


def make_table(
    seed: int, n_samples: int = 120, n_classes: int = 4, n_groups: int = 40, decimals: int | None = None
) -> Table:
    """Probabilities that favour the true class; `decimals` rounds them, so that many tie."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(n_classes, size=n_samples)
    logits = rng.normal(size=(n_samples, n_classes)) + np.eye(n_classes)[labels]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if decimals is not None:
        scores = scores.round(decimals)
    return Table(labels, scores, rng.integers(n_groups, size=n_samples))


def _without_class(table: Table, missing: int) -> Table:
    return Table(np.where(table.labels == missing, 0, table.labels), table.scores, table.groups)


TABLES = {
    "distinct scores": make_table(1),
    "some ties": make_table(2, decimals=2),
    "mostly ties": make_table(3, decimals=1),
    "all scores equal": Table(make_table(4).labels, np.full((120, 4), 0.25), make_table(4).groups),
    "one class missing": _without_class(make_table(5, decimals=2), 2),
    "two classes": make_table(6, n_classes=2),
    "many classes, few samples": make_table(7, n_samples=30, n_classes=25, n_groups=9),
    "one patient": make_table(8, n_groups=1),
}


@pytest.fixture(params=TABLES.values(), ids=TABLES.keys())
def table(request: pytest.FixtureRequest) -> Table:
    return request.param
