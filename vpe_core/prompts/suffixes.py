"""The words that tell the text tower about the marker, such as " indicated by a red circle"."""

from __future__ import annotations

from vpe_core import markers


def marker_suffix(marker: str | None, color: str = "red") -> str:
    """The paper's suffix for a marker and its colour.

    Args:
        marker: A name from `vpe_core.markers.names()`, or None.
        color: A colour name, or "#rrggbb", which is named after the nearest basic colour.

    Returns:
        Text with a leading space; empty for markers that a text cannot name (none, crop, spotlight, blur, tint).

    Raises:
        MarkerError: The marker or the colour is unknown.

    Example:
        >>> marker_suffix("bbox")
        ' indicated by a red bounding box'
    """
    phrase = markers.get(marker or "none").phrase
    if phrase is None:
        return ""
    word = markers.color_word(color)
    article = "an" if word[0] in "aeiou" else "a"
    return f" indicated by {article} {word} {phrase}"
