"""Each step's X-ray is chosen by what it shows; a gallery that was not measured has one, too."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.demo.state.demo_state import COLORS, DemoState
from dashboard.lesson.catalog import STEPS
from dashboard.lesson.phrases import named
from dashboard.lesson.samples import NEEDS, place_to_fool, sample_for, tried_on
from dashboard.lesson.step import Setting
from dashboard.lesson.steps.fooled import NEITHER
from dashboard.library.fooling import TABLE, measured_fooling
from dashboard.library.steering import measured
from tests.lesson.conftest import Noting, model_of
from vpe_core import draw_marker, load_image
from vpe_core.datasets.gallery import simulated_gallery
from vpe_core.datasets.simulated import HEALTHY
from vpe_core.errors import DatasetError
from vpe_core.settings import get_settings
from vpe_core.types import Box


@pytest.mark.parametrize("need", NEEDS)
def test_the_gallery_has_what_a_step_needs(need: str) -> None:
    sample = sample_for(need, simulated_gallery())
    found = measured()[sample.entry.name]
    (finding,) = (one for one in found.each if one.label == sample.finding.label)
    if need == "several":
        assert found.findings > 1
        assert finding.named != finding.label
        assert finding.gain > 0
    else:
        assert found.findings == 1
    assert need != "plain" or finding.named == finding.label
    assert need != "gaze" or (finding.attention_circle > finding.attention_unmarked and found.share < 0.5)
    assert need != "small" or sample.entry.twin is not None


@pytest.mark.parametrize("need", NEEDS)
def test_without_measurements_the_first_that_fits_is_taken(
    need: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = simulated_gallery()
    monkeypatch.setattr("dashboard.lesson.samples.measured", dict)
    sample = sample_for(need, entries)
    assert (len(sample.entry.findings) > 1) == (need == "several")
    with pytest.raises(DatasetError, match="needs a simulated X-ray"):
        sample_for(need, [entry for entry in entries if not entry.findings])


EMBEDDED = ("simclip", "simclip-plain")


@pytest.mark.parametrize("model", EMBEDDED)
def test_where_a_circle_on_nothing_fools_a_model_the_lesson_shows_it(
    model: str, setting: Setting, asker: Noting
) -> None:
    step = STEPS.get("fooled")
    scene = step.scene(replace(setting, model=model))
    facts = step.find(scene, asker, NEITHER)
    told = step.tell(facts, NEITHER)
    known = measured_fooling(model)
    assert (NEITHER not in told.right) == any(one.small + one.big for one in known)
    assert named(facts.classes, facts.bare) == (HEALTHY,)
    assert tried_on(model) == facts.tried


@pytest.mark.parametrize("model", EMBEDDED)
def test_the_table_says_how_often_circles_on_nothing_fool_the_shipped_weights(model: str) -> None:
    network, state, known = model_of(model), DemoState(), measured_fooling(model)
    twins = {entry.name: entry.twin for entry in simulated_gallery() if entry.twin}
    assert {one.sample for one in known} <= set(twins)
    with (get_settings().precomputed_dir / TABLE).open(encoding="utf-8", newline="") as file:
        hashes = {row["weights_sha256"] for row in csv.DictReader(file) if row["model"] == model}
    assert hashes == {network.record.weights_sha256}
    one = known[0]
    twin = load_image(twins[one.sample]).convert("RGB")
    pictures = [
        draw_marker(twin, around(x, y, part, twin.size), "circle", color=COLORS[state.color], width=state.width)
        for part in (0.12, 0.5)
        for x in (0.25, 0.38, 0.5, 0.62, 0.75)
        for y in (0.25, 0.4, 0.55, 0.7)
    ]
    answers = network.classify(pictures, state.shown_classes).tolist()
    hits = [bool(set(named(state.shown_classes, chances)) - {HEALTHY}) for chances in answers]
    half = len(hits) // 2
    assert (one.places, one.small, one.big) == (half, sum(hits[:half]), sum(hits[half:]))


def around(x: float, y: float, part: float, size_wh: tuple[int, int]) -> Box:
    (width, height), half = size_wh, part * min(size_wh) / 2
    box = Box(x * width - half, y * height - half, x * width + half, y * height + half)
    return box.clipped(width - 1, height - 1)


@pytest.mark.parametrize("text", [None, "", "sample,model\ntwin,simclip\n"])
def test_without_a_table_of_fooled_models_the_place_is_that_of_a_small_finding(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = simulated_gallery()
    monkeypatch.setenv("VPE_PRECOMPUTED_DIR", str(tmp_path))
    get_settings.cache_clear()
    if text is not None:
        (tmp_path / TABLE).parent.mkdir()
        (tmp_path / TABLE).write_text(text)
    place = place_to_fool("simclip", entries)
    assert place.xy is None
    assert place.sample.entry.twin is not None
    assert tried_on("simclip") is None
