"""The picture of a difference, by single pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from vpe_core.attention import overlay_change
from vpe_core.attention.overlay import LESS, MORE
from vpe_core.errors import AttentionError


def test_more_is_blue_less_is_vermilion_and_no_change_leaves_the_image() -> None:
    image = Image.new("L", (4, 1), 100)
    change = np.array([[0.0, 2.0, -4.0, 1.0]], np.float32)
    shown = np.asarray(overlay_change(image, change, peak=2.0, opacity=1.0))[0]
    assert shown.tolist()[:3] == [[100, 100, 100], list(MORE), list(LESS)]
    assert shown[3].tolist() == [round((100 + part) / 2) for part in MORE]
    assert np.asarray(overlay_change(image, np.zeros((1, 4), np.float32), peak=0.0)).tolist() == [[[100] * 3] * 4]


def test_a_change_of_another_size_is_refused() -> None:
    with pytest.raises(AttentionError, match=r"Expected a change of \(1, 4\) values, but got \(4, 1\)"):
        overlay_change(Image.new("L", (4, 1)), np.zeros((4, 1), np.float32), peak=1.0)
    with pytest.raises(AttentionError, match="opacity from 0 to 1"):
        overlay_change(Image.new("L", (4, 1)), np.zeros((1, 4), np.float32), peak=1.0, opacity=2)
