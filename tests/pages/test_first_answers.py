"""What the benchmark page shows first is kept in a file: its numbers are those that would be computed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from dashboard.benchmark import first_answers
from dashboard.benchmark.first_answers import ANSWERS, MADE_WITH, TABLE, kept_or_computed, made_with, name_of
from scripts.keep_first_answers import computed
from tests.pages.test_pages import imports
from vpe_core.settings import PROJECT_DIR, get_settings


@pytest.fixture
def of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(PROJECT_DIR / "precomputed"))
    get_settings.cache_clear()


@pytest.mark.usefixtures("of_the_project")
def test_the_kept_answers_are_those_that_the_page_computes() -> None:
    kept = json.loads(first_answers.file().read_bytes())
    assert kept[MADE_WITH] == made_with(), "Run python -m scripts.keep_first_answers."
    found = json.loads(json.dumps(computed()))
    assert kept[ANSWERS].keys() == found.keys()
    for name in found:
        assert list(_leaves(kept[ANSWERS][name])) == [
            pytest.approx(leaf, rel=1e-9, nan_ok=True) if isinstance(leaf, float) else leaf
            for leaf in _leaves(found[name])
        ]


@pytest.mark.usefixtures("of_the_project")
def test_nothing_is_left_to_compute_for_the_first_visitor() -> None:
    assert not imports("scipy", "pages/benchmark.py"), "intervals, and nothing else on this page, take it"


def test_an_answer_that_other_code_has_made_is_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("table", "of these results")
    for made, number in ((made_with(), 1), ("other code", 2)):
        folder = tmp_path / str(number)
        monkeypatch.setattr(first_answers, "file", lambda folder=folder: folder / "first_answers.json")
        first_answers.file().parent.mkdir()
        first_answers.file().write_text(json.dumps({MADE_WITH: made, ANSWERS: {name_of(asked): {"value": [1]}}}))
        assert kept_or_computed(TABLE, asked, lambda: pd.DataFrame({"value": [2]}))["value"].tolist() == [number]
        assert kept_or_computed(TABLE, (*asked, "other"), lambda: pd.DataFrame({"value": [3]}))["value"].tolist() == [3]


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value
