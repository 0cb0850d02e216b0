"""The shapes that a link names: one that cannot be read leaves the others alone. No streamlit here."""

from __future__ import annotations

from vpe_core.errors import RegionError
from vpe_core.markers.marks import MAX_MARKS, Mark, marks_from_text

NONE_READ = "The shapes in this link could not be read."
_SEPARATOR = ";"


def shapes_in_link(text: str) -> tuple[tuple[Mark, ...], str]:
    """The shapes that can be read, at most `MAX_MARKS`, and a sentence about the others; empty if there are none."""
    parts = text.split(_SEPARATOR) if text else []
    shapes: list[Mark] = []
    unread = 0
    for part in parts[:MAX_MARKS]:
        try:
            (shape,) = marks_from_text(part)
        except (RegionError, ValueError):
            unread += 1
        else:
            shapes.append(shape)
    if parts and not shapes:
        return (), NONE_READ
    if len(parts) > MAX_MARKS:
        return tuple(shapes), f"{how_many(len(parts) - len(shapes))} could not be shown: {MAX_MARKS} are the most."
    return tuple(shapes), f"{how_many(unread)} could not be read." if unread else ""


def how_many(number: int) -> str:
    """The shapes of a link that a sentence is about: "One shape in this link", or "3 shapes in this link"."""
    return f"{'One shape' if number == 1 else f'{number} shapes'} in this link"
