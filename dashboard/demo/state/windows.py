"""Windows, (center, width), as people type them and links hold them."""

from __future__ import annotations

Window = tuple[float, float]

MAX_WINDOW = 1_000_000


def window_of_numbers(center: float, width: float) -> Window:
    """The window, checked.

    Raises:
        ValueError: They are no numbers to look through.
    """
    if not (abs(center) <= MAX_WINDOW and 1 <= width <= MAX_WINDOW):
        raise ValueError(f"Expected a centre within {MAX_WINDOW:,} and a width from 1 to {MAX_WINDOW:,}.")
    return center, width


def window_from_text(text: str) -> Window:
    """The window in a link.

    Raises:
        ValueError: There is none in it.
    """
    try:
        center, width = map(float, text.split(","))
    except ValueError:
        raise ValueError(f"Expected two numbers, centre and width, but got {text[:40]!r}.") from None
    return window_of_numbers(center, width)


def window_text(window: Window) -> str:
    """The numbers of a window, as links hold them: "center,width"."""
    return ",".join(f"{value:.2f}".rstrip("0").rstrip(".") for value in window)
