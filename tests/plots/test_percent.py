from __future__ import annotations

import pytest

from vpe_core.plots.percent import percent, points, points_between


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0%"), (1.0, "100%"), (0.456, "46%"), (0.004, "<1%"), (0.996, ">99%"), (0.005, "<1%"), (0.09, "9%")],
)
def test_probabilities_are_whole_percents_and_never_claim_a_certainty_that_is_not_there(
    share: float, text: str
) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(("change", "text"), [(0.66, "+66"), (-0.464, "−46"), (0.0049, "0"), (-0.0049, "0")])
def test_changes_are_points_with_their_sign(change: float, text: str) -> None:
    assert points(change) == text


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (0.926, 0.9649, "+3"), (0.0149, 0.0049, "−1"), (0.0051, 0.0049, "−1"),
        (0.012, 0.005, "−1"), (0.9949, 0.9999, "+1"), (0.456, 0.464, "0"), (0.2, 0.86, "+66"),
    ],
)  # fmt: skip
def test_a_change_is_that_of_the_percents_beside_which_it_stands(before: float, after: float, text: str) -> None:
    shown = [
        int(percent(share).strip("<>%")) + {"<": -1, ">": 1}.get(percent(share)[0], 0) for share in (before, after)
    ]
    assert points_between(before, after) == points((shown[1] - shown[0]) / 100) == text
