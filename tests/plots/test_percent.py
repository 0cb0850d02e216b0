from __future__ import annotations

import pytest

from vpe_core.plots.percent import percent, points


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
