"""What a control tells: how much of an answer the marker gets without the finding."""

from __future__ import annotations

from vpe_core.datasets.simulated import HEALTHY
from vpe_core.plots.percent import percent

TITLES = {
    "twin": "the same X-ray without the finding",
    "blank": "a blank picture",
    "other": "another patient, no abnormality",
    "mirror": "the mirrored place",
}
"""The controls, as they are offered."""
WHERE = {
    "twin": "Without the finding",
    "blank": "On a blank picture",
    "other": "On another patient with no abnormality",
    "mirror": "At the mirrored place",
}
_SAME = 0.02
"""Probabilities that differ by less are called the same."""
_LITTLE = 1.5
"""Up to this many times what guessing gives, a class has got nothing."""


def control_sentence(
    control: str,
    marker: str,
    target: str,
    *,
    here: float,
    there: float,
    unmarked: float,
    n_classes: int,
    n_findings: int = 1,
) -> str:
    """How much of the answer the same marker gets elsewhere, and what that says about the answer.

    Args:
        control: One of `WHERE`.
        marker: What the marker is called.
        target: The class that the answer names.
        here: Its probability for the marked X-ray, 0 to 1.
        there: The same for the marked control.
        unmarked: The same for the control without a marker.
        n_classes: How many classes there are to choose from.
        n_findings: How many findings the twin is without.
    """
    guessing = 1 / n_classes
    where = WHERE[control] + ("s" if control == "twin" and n_findings > 1 else "")
    gets = f"the same {marker} {'get' if _is_plural(marker) else 'gets'}"
    if target == HEALTHY:
        return (
            f"{where}, {gets} {percent(there)} for {target}, {percent(here)} here. There is no finding whose source "
            "this could show."
        )
    if here <= _LITTLE * guessing:
        return (
            f"The answer here is undecided ({target} {percent(here)}, guessing is {percent(guessing)}), so a control "
            f"tells little. {where}, {gets} {percent(there)}."
        )
    if there <= _LITTLE * guessing:
        return (
            f"{where}, {gets} only {percent(there)} for {target}; guessing is {percent(guessing)}. The answer comes "
            f"from {_what_counts(control)}, not from the marker alone."
        )
    if unmarked >= there - _SAME:
        return (
            f"{where}, {gets} {percent(there)} for {target}, and without any marker it is {percent(unmarked)}: that "
            "part of the answer comes from the rest of the picture, not from the marker."
        )
    if there >= here - _SAME:
        return (
            f"{where}, {gets} {percent(there)} for {target}, no less than here ({percent(here)}): the answer is the "
            "marker's own."
        )
    still = gets.replace(" get", " still get")
    return f"{where}, {still} {percent(there)} for {target}: part of the answer is the marker itself."


def _what_counts(control: str) -> str:
    return "what lies there" if control == "mirror" else "the finding" if control == "twin" else "the picture"


def _is_plural(marker: str) -> bool:
    return marker.endswith("s") and not marker.endswith("ss")
