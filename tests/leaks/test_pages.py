"""The pages that quote stored figures: their sentences are those of their tables and of the stored results."""

from __future__ import annotations

import pytest

from scripts.write_leak_page import BENCHMARK_PAGE, PAGE, left, touches
from tests.results.test_leak_card import matched_gain
from vpe_core.metrics import Difference, Interval
from vpe_core.results.analysis.matched import MatchedGain


def block(page: str, name: str) -> list[str]:
    return page.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- end of {name} -->")[0].splitlines()


def test_each_row_of_matched_gains_is_told_in_words_with_its_own_numbers() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block(page, "matched")[2:]]
    said = block(page, "left")
    assert len(rows) == len(said)
    for (name, gain, matched, *_, classes), sentence in zip(rows, said, strict=True):
        assert sentence.startswith(f"- {name}: ")
        if "is left" in sentence:
            number, of = matched.partition(" ")[0], gain.partition(" ")[0]
            assert f"{number} of {of} is left" in sentence
            assert f"in the mean of {classes} classes" in sentence
        else:
            assert gain in sentence


def test_the_benchmark_page_tells_what_displaced_markers_touch_as_it_is_stored() -> None:
    assert "\n".join(block(BENCHMARK_PAGE.read_text(encoding="utf-8"), "touches")) + "\n" == touches()


def of_gain(low: float, high: float) -> MatchedGain:
    found = matched_gain(0.1)
    middle = Difference(Interval((low + high) / 2, low, high, 60, 100), 0.1)
    return MatchedGain(
        found.unmarked, found.marked, found.gain, found.plain_unmarked, found.plain_marked, middle,
        found.geometry_before, found.geometry, found.samples, found.effective, found.classes,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((0.1, 0.3), "+0.100 of +0.200 is left (50%), in the mean of 2 of 3 classes; by class it is clear in"),
        ((-0.01, 0.05), "the circle brings no clear gain (+0.020 [−0.010, +0.050]), so there is no gain to explain."),
        ((-0.2, -0.1), "the circle lowers the AUROC (−0.150 [−0.200, −0.100]), so there is no gain to explain."),
    ],
)
def test_what_is_said_of_a_gain_follows_from_its_interval(ends: tuple[float, float], words: str) -> None:
    assert f"- `simclip` on `a-set`: {words}" in left(("simclip on a-set", of_gain(*ends)))
