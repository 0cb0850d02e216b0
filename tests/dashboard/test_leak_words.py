"""The verdict on a marker's size and place, in words: what was not measured is never said to be nothing."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.benchmark.verdict import leak_words
from vpe_core.metrics import Difference, Interval
from vpe_core.plots.leak_html import leak_html
from vpe_core.results.analysis.leak import BY_ITSELF, Leak

TWIN, BLANK, OTHER = BY_ITSELF


def near(value: float, half: float = 0.02) -> Interval:
    return Interval(value, value - half, value + half, 100, 100)


def found(by_itself: str, explained: float, controls: dict[str, float], pointing: float = 0.0, **changes: Any) -> Leak:
    facts: dict[str, Any] = {
        "unmarked": near(0.60), "marked": near(0.835), "gain": Difference(near(0.235), 0.0),
        "controls": {condition: near(value) for condition, value in controls.items()}, "by_itself": by_itself,
        "with_marker_alone": near(0.60 + explained), "explained": Difference(near(explained), 0.0),
        "all_known": near(0.772), "pointing": Difference(near(pointing), 0.0), "samples": 500,
    }  # fmt: skip
    return Leak(**{**facts, **changes})


def words(leak: Leak, boxes: Interval | None = None) -> str:
    return leak_words(leak, look="a red circle", noun="circle", boxes=boxes)


def test_without_the_finding_free_image_a_leak_is_never_denied() -> None:
    said = words(found(BLANK, -0.001, {BLANK: 0.513, OTHER: 0.726}))
    assert "nothing" not in said
    assert "is not known: the same X-rays without the findings, which would tell all of it, were not measured" in said
    assert "At least \N{MINUS SIGN}0.001" in said
    assert "on another patient's X-ray, whose findings it may touch, the same circle reaches 0.726" in said
    bound = words(found(OTHER, 0.052, {BLANK: 0.513, OTHER: 0.726}))
    assert "at least +0.052 [+0.032, +0.072] (22%) is what the circle's size and place tell" in bound
    assert "were not measured" in bound
    whole = words(found(TWIN, 0.180, {TWIN: 0.926, BLANK: 0.513, OTHER: 0.818}))
    assert "measured on the same X-rays without the findings. There the same circle reaches 0.926" in whole
    assert "at least" not in whole
    assert "not measured" not in whole


def test_a_marker_that_leads_the_wrong_way_works_against_it() -> None:
    said = words(found(TWIN, -0.073, {TWIN: 0.164, OTHER: 0.45}))
    assert "nothing" not in said
    assert "they work against it (\N{MINUS SIGN}0.073" in said
    assert "the same circle reaches 0.164 [0.144, 0.184]" in said
    assert "points away from the right answer" in said


def test_parts_that_overlap_are_said_to_overlap() -> None:
    both = found(TWIN, 0.180, {TWIN: 0.926}, pointing=0.063)
    assert "The two overlap, so they do not add up to the whole." in words(both)
    assert "overlap" not in words(found(TWIN, 0.180, {TWIN: 0.926}))
    bar = leak_html(both, noun="circle", metric="AUROC", about="", chance=0.5, boxes=None)
    assert "inside the hatched part: what size and place tell and what pointing tells overlap" in bar


@pytest.mark.parametrize(("boxes", "told"), [(0.95, True), (0.82, False), (0.033, False)])
def test_only_box_numbers_that_reach_the_marked_answer_are_set_beside_it(boxes: float, told: bool) -> None:
    said = words(found(TWIN, 0.18, {TWIN: 0.9}, marked=Interval(0.835, 0.0, 1.0, 100, 100)), near(boxes))
    assert ("no less than the marked X-rays (0.835): a high value alone proves nothing" in said) == told


def test_from_too_few_samples_nothing_follows() -> None:
    said = words(found(TWIN, 0.18, {TWIN: 0.9}, too_few="6 samples: too few to tell"), near(0.95))
    assert said == "6 samples: too few to tell how much of a gain is only the circle's size and place."
