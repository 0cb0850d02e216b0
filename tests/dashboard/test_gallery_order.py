"""The order of the gallery follows from what was measured, and the table says with which weights."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

from dashboard.demo.film.hint import hint_for
from dashboard.demo.state.demo_state import DemoState
from dashboard.library.steering import COLUMNS, TABLE, WAYS, in_order, measured, most_turned
from vpe_core.datasets.gallery import Finding, GalleryImage, simulated_gallery
from vpe_core.datasets.simulated import HEALTHY
from vpe_core.settings import PROJECT_DIR, get_settings
from vpe_core.types import Box

SHIPPED = PROJECT_DIR / "precomputed"


def entry(name: str, difficulty: str = "easy", findings: int = 1) -> GalleryImage:
    found = tuple(Finding("lung mass", Box(1, 1, 9, 9)) for _ in range(findings))
    return GalleryImage(name, Path(name), name, "", difficulty, found, True)


def row(sample: str, share: float, *, finding: str = "lung mass", said: str = "lung mass", lowest: float = 0.5) -> dict:
    return {
        **dict.fromkeys(WAYS, share), "sample": sample, "finding": finding, "said_unmarked": said, "unmarked": 0.6,
        "lowest": lowest, "mean": 0.8, "attention_unmarked": 0.3, "attention_circle": 0.9,
        "peak_unmarked": 1, "peak_circle": 1,
    }  # fmt: skip


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(tmp_path))
    get_settings.cache_clear()
    (tmp_path / "samples").mkdir()
    return tmp_path / TABLE


def write(table: Path, *rows: dict) -> None:
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def test_a_plain_picture_comes_first_then_one_that_circles_turn_then_one_without_findings(table: Path) -> None:
    write(
        table,
        row("wrong unmarked", 1, said="pneumothorax", lowest=0.9),
        row("hard to read", 1, lowest=0.8),
        row("plain", 1) | {"mean": 0.81},
        row("plain, too", 1, lowest=0.9),
        row("hardly", 0.2),
        row("normal", 0.9, finding=HEALTHY, said=HEALTHY),
        row("several", 0.8),
        row("several", 0.8),
    )
    entries = [
        entry("not measured"), entry("hardly"), entry("several", "mixed", 2), entry("normal", "normal", 0),
        entry("plain, too"), entry("plain"), entry("hard to read", "hard"), entry("wrong unmarked"),
    ]  # fmt: skip
    expected = ["plain", "wrong unmarked", "normal", "plain, too", "hard to read", "several", "hardly", "not measured"]
    assert [one.name for one in in_order(entries)] == expected
    words = [measured()[name].in_words for name in ("plain", "several", "hardly")]
    assert words == ["easy to steer", "", "hard to steer"]


@pytest.mark.parametrize("text", [None, "", "sample\nplain\n", "\0", "sample,circle_tight\nplain,x\n"])
def test_without_a_table_that_can_be_read_the_order_stays(table: Path, text: str | None) -> None:
    if text is not None:
        table.write_text(text)
    entries = [entry("b"), entry("plain")]
    assert list(in_order(entries)) == entries


def test_the_shipped_table_is_of_the_shipped_weights_and_names_every_sample() -> None:
    with (SHIPPED / TABLE).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    weights = (SHIPPED / "models" / "simclip" / "open_clip_model.safetensors").read_bytes()
    assert {row["weights_sha256"] for row in rows} == {hashlib.sha256(weights).hexdigest()}
    assert {row["model"] for row in rows} == {"simclip"}
    samples = simulated_gallery(SHIPPED / "samples" / "samples.csv")
    assert {row["sample"] for row in rows} == {sample.name for sample in samples}


def test_a_loose_circle_works_on_the_first_shipped_sample() -> None:
    first, second, *_ = in_order(simulated_gallery(SHIPPED / "samples" / "samples.csv"))
    assert len(first.findings) == 1
    assert any(one.is_turned for one in measured()[second.name].each), "and on the second it turns the answer"
    steering = measured()[first.name]
    assert (steering.share, steering.agrees) == (1, True)


def test_the_answer_that_a_circle_turns_the_most_is_found_and_none_where_none_is_turned(table: Path) -> None:
    entries = [
        entry("named at once"),
        entry("not always"),
        entry("turned"),
        entry("turned more"),
        entry("not measured"),
    ]
    rows = [
        row("named at once", 1) | {"unmarked": 0.1},
        row("not always", 1, said="pneumothorax") | {"unmarked": 0.1, "circle_double": 0.8},
    ]
    write(table, *rows)
    assert most_turned(entries) is None
    write(table, *rows, row("turned", 1, said="pneumothorax"), row("turned more", 1, said="no") | {"mean": 0.9})
    assert most_turned(entries) == (entries[3], entries[3].findings[0])


def test_the_hint_lies_on_the_film_whole() -> None:
    for box in (Box(0, 1, 90, 60), Box(300, 200, 399, 299), Box(100, 100, 200, 180)):
        hint = hint_for(Finding("consolidation", box), (400, 300), DemoState())
        for middle, radius in zip(hint.center, hint.radii, strict=True):
            assert 1 <= round(middle - radius, 6) < round(middle + radius, 6) <= 99
    assert hint.center == pytest.approx((100 * 150 / 400, 100 * 140 / 300))
    assert hint.radii == pytest.approx((100 * 60 / 400, 100 * 48 / 300))
