"""Sentences about attention maps: what a share is a share of, and where."""

from __future__ import annotations

from collections.abc import Sequence

from vpe_core.markers import MARKERS
from vpe_core.markers.marks import Mark
from vpe_core.plots.percent import percent

_NEAR = ("arrow", "dot")
"""Shapes that point at a place and enclose nothing."""
_SAME = 0.02
"""A share that changes by less is called unchanged."""


def shares(before: float, after: float) -> str:
    """A change of a share: "42% → 71%"."""
    return f"{percent(before)} → {percent(after)}"


def place_words(marks: Sequence[Mark], treatment: str | None) -> str:
    """Where the marks point, in a sentence: "inside the circle", "near the arrow tip".

    Args:
        marks: What is drawn, at least one mark.
        treatment: The marker in which all regions are shown; None for each as it was drawn.
    """
    if treatment is not None and not MARKERS.get(treatment).phrase:
        return "in the marked region"
    kinds = {treatment or mark.marker for mark in marks}
    if len(kinds) > 1:
        return "at the marks"
    marker = MARKERS.get(kinds.pop())
    near = marker.drawn_as in _NEAR
    name = f"{marker.short_title} tip" if marker.drawn_as == "arrow" else marker.short_title
    plural = "es" if name.endswith("x") else "s"
    return f"{'near' if near else 'inside'} the {name}{plural if len(marks) > 1 else ''}"


def attention_sentence(before: float, after: float, area: float, place: str, target: str) -> str:
    """The share of the attention at the marked place, before and after, and how much of the picture that place is.

    Args:
        before: Share of the unmarked image, 0 to 1.
        after: Share of the marked image.
        area: Share of the picture that the place covers.
        place: From `place_words`.
        target: The class whose evidence it is; empty for attention that does not depend on a class.
    """
    what = f"Evidence for {target}" if target else "Attention"
    return f"{what} {place}: {shares(before, after)}. That area is {percent(area)} of the picture."


def how_methods_agree(changes: Sequence[tuple[str, float, float]], place: str) -> str:
    """Whether attention methods agree on what a marker does to the attention at a place; empty for fewer than two.

    Args:
        changes: For each method its title, and the share of its attention at the place before and after.
        place: From `place_words`.
    """
    if len(changes) < 2:
        return ""
    by_change = sorted(changes, key=lambda change: change[2] - change[1])
    (least, *down), (most, *up) = by_change[0], by_change[-1]
    rises, falls = up[1] - up[0] > _SAME, down[0] - down[1] > _SAME
    if rises and falls:
        return f"The methods disagree on the share {place}: {most} {shares(*up)}, {least} {shares(*down)}."
    if not rises and not falls:
        return f"By every method, the share {place} hardly changes."
    return f"The methods agree: none sees {'less' if rises else 'more'} {place} with the marker than without it."
