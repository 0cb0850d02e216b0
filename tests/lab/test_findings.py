"""Which findings a study of a data set looks for: those that are there, in an order that tells about all of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from vpe_core import Box, open_dataset
from vpe_core.lab.findings import drawn_at_random, findings_of, how_many
from vpe_core.types import Sample


def sample(number: int) -> Sample:
    return Sample(f"s{number}", f"i{number}", Path(f"{number}.png"), f"p{number // 10}", "mass", Box(1, 2, 3, 4))


def test_a_box_in_which_nothing_is_holds_no_finding() -> None:
    sim = open_dataset("sim-multi")
    found = findings_of(sim)
    labels = Counter(one.label for one in sim)
    assert len(found) == len(sim) - labels["no abnormality"]
    assert 0 < labels["no abnormality"] < len(found)
    assert not any(one.label == "no abnormality" for one in found)


def test_a_larger_draw_goes_on_with_a_smaller_one_and_each_is_spread_over_the_set() -> None:
    listed = [sample(number) for number in range(300)]
    few, more = drawn_at_random(listed, 60), drawn_at_random(listed, 90)
    assert more[:60] == few
    assert len({one.sample_id for one in more}) == 90
    assert sorted(one.sample_id for one in drawn_at_random(listed)) == sorted(one.sample_id for one in listed)
    assert drawn_at_random(listed, 1000) == drawn_at_random(listed)
    assert len({one.patient_id for one in few}) > 20  # of 30, ten findings each; the first 60 are of 6
    thirds = Counter(int(one.sample_id[1:]) // 100 for one in more)
    assert min(thirds.values()) > 15


def test_a_draw_is_told_and_a_whole_set_is_not_called_one() -> None:
    assert how_many(120, 1501) == "120 findings drawn at random from 1,501"
    assert how_many(1501, 1501) == how_many(1501, 0) == "1,501 findings"
