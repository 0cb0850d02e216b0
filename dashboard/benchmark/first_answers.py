"""What the benchmark page shows first of the project's own results, kept in a file: nobody waits for its bootstraps.

`python -m scripts.keep_first_answers` writes it. An answer is found by what was asked of which results, and counts only
while the code and the libraries that computed it are still the same; any other is computed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

import pandas as pd
from pydantic import PlainSerializer, PlainValidator, TypeAdapter

import vpe_core
from dashboard.benchmark.results import N_RESAMPLES, evaluation
from vpe_core.settings import get_settings

T = TypeVar("T")
Answers: TypeAlias = Mapping[str, Any]

TABLE: TypeAdapter[pd.DataFrame] = TypeAdapter(
    Annotated[pd.DataFrame, PlainValidator(pd.DataFrame), PlainSerializer(lambda table: table.to_dict("list"))]
)
MADE_WITH, ANSWERS = "made_with", "answers"
_COMPUTING = (
    "ensembles.py",
    "variants.py",
    "leaks",
    "markers",
    "metrics",
    "prompts",
    "results/analysis",
    "results/store",
    "scoring",
)
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy")


def answer(kind: TypeAdapter[T], key: tuple[Hashable, ...], compute: Callable[[], T]) -> T:
    """The kept answer for `key`, or else that of `compute`, once for all sessions.

    Args:
        kind: How it is written as JSON.
        key: What is asked, of which results, by their fingerprints: all that `compute` depends on.
        compute: Computes it.
    """
    return evaluation().get_or_compute(key, lambda: kept_or_computed(kind, key, compute))


def is_known(key: tuple[Hashable, ...]) -> bool:
    """Whether `answer` would come at once."""
    return evaluation().has(key) or name_of(key) in _kept(file())


def kept_or_computed(kind: TypeAdapter[T], key: tuple[Hashable, ...], compute: Callable[[], T]) -> T:
    """The answer from the file, or else computed."""
    kept, name = _kept(file()), name_of(key)
    return kind.validate_python(kept[name]) if name in kept else compute()


def name_of(key: tuple[Hashable, ...]) -> str:
    """Under which name an answer is kept."""
    return hashlib.sha256(repr((N_RESAMPLES, key)).encode()).hexdigest()[:16]


def file() -> Path:
    """Where the answers are."""
    return get_settings().precomputed_dir / "results" / "first_answers.json"


@cache
def made_with() -> str:
    """Changes with all but the results that answers depend on: the code that computes them, and its libraries."""
    content = hashlib.sha256(" ".join(map(version, _LIBRARIES)).encode())
    root = Path(vpe_core.__file__).parent
    for place in _COMPUTING:
        for path in sorted((root / place).rglob("*.py")) or [root / place]:
            content.update(path.read_bytes())
    return content.hexdigest()


@cache
def _kept(file: Path) -> Answers:
    """The answers of a file; none of one that is not there, not whole or made with something else."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(file.read_bytes())
        if found[MADE_WITH] == made_with():
            return dict(found[ANSWERS])
    return {}
