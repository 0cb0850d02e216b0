"""Colours that are accepted, and what a prompt calls them."""

import pytest

from vpe_core.errors import MarkerError
from vpe_core.markers import color_word, parse_color


@pytest.mark.parametrize(
    ("color", "rgb"),
    [("red", (255, 0, 0)), (" Red ", (255, 0, 0)), ("#E69F00", (230, 159, 0)), ("dodgerblue", (30, 144, 255))],
)
def test_names_and_hex(color: str, rgb: tuple[int, int, int]) -> None:
    assert parse_color(color) == rgb


@pytest.mark.parametrize(
    "color", ["", "#fff", "#12345g", "rgb(1,2,3)", "hsl(0,100%,50%)", "<b>red</b>", "#ff0000ff", None]
)
def test_anything_else_is_refused(color: str) -> None:
    with pytest.raises(MarkerError, match="Expected a colour name"):
        parse_color(color)


def test_a_near_miss_is_named() -> None:
    with pytest.raises(MarkerError, match="Did you mean 'yellow'"):
        parse_color("yelow")


@pytest.mark.parametrize(
    ("color", "word"),
    [("red", "red"), ("#ff0000", "red"), ("#E69F00", "orange"), ("#fefefe", "white"), ("Lime", "lime")],
)
def test_the_word_for_a_prompt(color: str, word: str) -> None:
    assert color_word(color) == word
