"""What a benchmark run says while it goes on in the app."""

from __future__ import annotations

import pytest

from dashboard.benchmark.run_job import PLANS, measured_words, plan_with_controls, progress_words
from vpe_core.benchmark.plan import Plan
from vpe_core.results.analysis.controls import control_variants
from vpe_core.variants import Variant


@pytest.mark.parametrize(
    ("done", "total", "seconds", "words"),
    [
        (0, 4400, 0.0, "0 of 4,400 pictures"),
        (512, 4400, 16.0, "512 of 4,400 pictures, 32 pictures/s, 3 min left"),
        (90, 100, 9.0, "90 of 100 pictures, 10 pictures/s, 1 s left"),
        (32, 100_000, 64.0, "32 of 100,000 pictures, 0.5 pictures/s, 55 h 33 min left"),
        (100, 100, 10.0, "100 of 100 pictures"),
        (0, 0, 0.0, "0 of 0 pictures"),
    ],
)
def test_progress_has_a_rate_and_the_time_left(done: int, total: int, seconds: float, words: str) -> None:
    assert progress_words(done, total, seconds) == words


@pytest.mark.parametrize("title", PLANS)
def test_every_plan_on_offer_can_be_made(title: str) -> None:
    plan = PLANS[title]()
    assert isinstance(plan, Plan)
    assert plan.coverage()


def test_what_was_measured_is_counted_without_the_unmarked_picture_and_without_controls_that_are_none() -> None:
    ways = [Variant.parse(key) for key in ("none", "none/native", "circle/red/1/paper", "crop")]
    assert measured_words(ways) == "2 ways of marking"
    assert measured_words([*ways, *control_variants(ways[2])[:1]]) == "2 ways of marking and 1 control"


@pytest.mark.parametrize(
    ("variant", "plan"),
    [
        ("circle/red/1/paper", "The paper's rows and their controls"),
        ("blur", None),
        ("contour/red/1/paper", None),
        ("crop", None),
        ("circle/yellow/1/paper", None),
    ],
)
def test_the_plan_that_measures_a_markers_controls_is_named_only_where_it_does(variant: str, plan: str | None) -> None:
    assert plan_with_controls(Variant.parse(variant)) == plan
