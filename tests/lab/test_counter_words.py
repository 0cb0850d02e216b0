"""The words about counter-tests follow the numbers, whatever these are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vpe_core import lab
from vpe_core.lab import LabScene
from vpe_core.lab.counter_tests import CounterTest, CounterTests
from vpe_core.models import VisionLanguageModel
from vpe_core.types import Box


def _tests(
    here: tuple[float, float], there: tuple[float, float, float], *, target: str = "mass", empty_here: bool = False
) -> CounterTests:
    """What is measured here, and at five empty places: without the marker, then the least and the largest with it."""
    unmarked, low, high = there
    places = CounterTest("empty", unmarked, (4 * low + high) / 5, low, high, 5)
    nowhere = CounterTest("blank", 0.1, 0.1, 0.1, 0.1)
    one = CounterTest("here", *here, here[1], here[1])
    return CounterTests(target, "red circle", one, (nowhere, places), {}, empty_here)


@pytest.mark.parametrize(
    ("here", "there", "said"),
    [
        ((0.5, 0.3), (0.1, 0.1, 0.1), "Here the red circle lowers mass (50% → 30%)"),
        ((0.5, 0.51), (0.1, 0.1, 0.1), "hardly changes mass"),
        ((0.1, 0.8), (0.1, 0.1, 0.11), "Only here does the red circle raise mass (10% → 80%), nowhere else"),
        ((0.1, 0.82), (0.1, 0.0, 0.82), "as much where there is nothing, at one of 5 empty places of the same X-ray"),
        ((0.1, 0.82), (0.1, 0.0, 0.82), "On average over these places it is 10% → 16%."),
        ((0.1, 0.8), (0.1, 0.1, 0.4), "Part of the rise can be the marker's own: at one of 5 empty places of the same"),
        ((0.93, 0.97), (0.93, 0.9, 0.96), "there is little room for a rise, so the tests cannot tell"),
        ((0.93, 0.97), (0.93, 0.9, 0.96), "gets at most 96% with it, at one of 5 empty places"),
        ((0.93, 0.97), (0.93, 0.03, 0.9), "At one of 5 empty places of the same X-ray it lowers mass, 93% → 3%."),
        ((0.1, 0.8), (0.1, 0.05, 0.1), "not the marker alone."),
    ],
)
def test_the_words_about_counter_tests_follow_the_numbers(
    here: tuple[float, float], there: tuple[float, float, float], said: str
) -> None:
    assert said in _tests(here, there).words()


@pytest.mark.parametrize("there", [(0.1, 0.1, 0.3), (0.1, 0.1, 0.1), (0.1, 0.0, 0.9)])
def test_a_rise_where_nothing_is_known_is_not_the_findings(there: tuple[float, float, float]) -> None:
    said = _tests((0.1, 0.8), there, empty_here=True).words()
    assert "Nothing is known to be in this region, so it is a counter-test itself" in said
    assert "counts" not in said


def test_for_no_abnormality_an_empty_place_is_no_counter_test() -> None:
    said = _tests((0.8, 0.3), (0.8, 0.8, 0.9), target="no abnormality").words()
    assert said.startswith("Here no abnormality goes 80% → 30% with the red circle. Where nothing is, “no abnormality”")
    assert "lowers" not in said


def test_what_is_known_of_the_region_decides_whether_it_is_empty(
    models: dict[str, VisionLanguageModel], scene: LabScene
) -> None:
    run, model = lab.get("counter").run, models["native"]
    assert not run(scene, model).empty_here
    assert not run(replace(scene, avoid=()), model).empty_here  # nothing is known of it
    assert run(replace(scene, avoid=(Box(150, 110, 200, 160),)), model).empty_here
    healthy = run(replace(scene, avoid=(), known=None, healthy=True, others={}), model)
    assert healthy.empty_here
    assert "none that could be taken out" in healthy.missing["twin"]
    assert "only simulated ones" in run(replace(scene, others={}), model).missing["twin"]
