from __future__ import annotations

import pytest

from vpe_core.errors import ImageReadError
from vpe_core.images.limits import check_drawable


@pytest.mark.parametrize(
    ("size", "said"), [((3, 700), "At least 32"), ((700, 31), "At least 32"), ((40, 400), "strip")]
)
def test_a_picture_on_which_nothing_can_be_drawn_is_refused_in_a_sentence(size: tuple[int, int], said: str) -> None:
    with pytest.raises(ImageReadError, match=said):
        check_drawable(*size)


def test_a_small_or_long_film_can_be_drawn_on() -> None:
    check_drawable(32, 256)
