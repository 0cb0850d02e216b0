"""Of each class, whether it is present: a positive against a negative prompt, with the scoring of the benchmark.

Prompts are `vpe_core.prompts`' own and their negations, probabilities the scoring `pairs`, so that this page and the
benchmark agree. What the embedded models are worth in this was measured by `scripts.measure_presence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from dashboard.frame.verdicts import EACH
from dashboard.frame.words import AnswerWords
from vpe_core import scoring
from vpe_core.plots.percent import percent
from vpe_core.prompts import build_prompts, negated
from vpe_core.settings import get_settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vpe_core.models import Model

MEASURED = "samples/presence.json"
HARDLY_NEGATES = (
    "Models of this kind often overlook the word “no”",
    "They then tell nothing here. Try it on X-rays that you know.",
)
MOST_FALSE = 0.2
"""A model that calls more of the absent findings present once something is circled has no verdict to give."""


def opposites(template: str | tuple[str, ...]) -> tuple[str, ...]:
    """The templates that deny their class."""
    return tuple(negated(one) for one in ([template] if isinstance(template, str) else template))


def presence_probabilities(
    model: Model, embedding: NDArray[Any], classes: tuple[str, ...], template: str | tuple[str, ...], suffix: str
) -> tuple[float, ...]:
    """Of each class the probability that it is present, 0 to 1.

    Args:
        model: It reads the prompts.
        embedding: Of one image, (1, d).
        classes: One or more.
        template: One, or several whose embeddings are averaged.
        suffix: What follows the class, such as " indicated by a red circle".

    Raises:
        PromptError: A class or template is not valid.
    """
    positive = (template,) if isinstance(template, str) else template
    texts = [_directions(model, classes, one, suffix) for one in (positive, opposites(template))]
    scores = scoring.get("pairs")(embedding, scoring.ClassTexts(texts[0], model.logit_scale, texts[1]))
    return tuple(scores[0].tolist())


def _directions(model: Model, classes: tuple[str, ...], templates: tuple[str, ...], suffix: str) -> NDArray[Any]:
    """(k, d): one direction a class, the mean over its templates."""
    groups = build_prompts(classes, templates, suffix=suffix)
    rows = model.encode_texts([prompt for group in groups for prompt in group])
    return scoring.mean_embedding(rows.reshape(len(classes), len(templates), -1).swapaxes(0, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPresence:
    """How often a model says present, with at least 50%, on the X-rays of the gallery.

    Attributes:
        model: Its name.
        weights_sha256: Hash of its checkpoint.
        xrays: How many X-rays there were.
        findings: Findings on them, without a marker.
        findings_present: Of those, how many were called present.
        absent: Pairs of an X-ray and a finding that it does not show, without a marker.
        absent_present: Of those, how many were called present.
        circled: Findings with a circle around them.
        circled_present: Of those, how many were called present.
        circled_absent: Pairs of an X-ray with a circle and a finding that it does not show.
        circled_absent_present: Of those, how many were called present.
        command: What measured it.
    """

    model: str
    weights_sha256: str
    xrays: int
    findings: int
    findings_present: int
    absent: int
    absent_present: int
    circled: int
    circled_present: int
    circled_absent: int
    circled_absent_present: int
    command: str

    @property
    def circled_absent_share(self) -> float:
        """Of the findings that a circled X-ray does not show, the share that was called present; some there must be."""
        return self.circled_absent_present / self.circled_absent


def presence_doubt(model: Model, question: str, marked: Sequence[float] | None) -> AnswerWords | None:
    """What stands in place of verdicts on a marked X-ray that do not count; None where they may.

    Args:
        model: Who was asked.
        question: What: only whether classes are present is doubted.
        marked: Probabilities of the marked X-ray; None while nothing is drawn.
    """
    found = _found(model) if question == EACH and marked is not None else None
    if found is None or not found.circled_absent or found.circled_absent_share <= MOST_FALSE:
        return None
    return AnswerWords(
        f"With a circle, {model.spec.short_title} calls {percent(found.circled_absent_share)} of absent findings "
        "present: these verdicts do not count",
        f"Measured on the gallery: {found.circled_absent_present} of {found.circled_absent}",
    )


def presence_note(model: Model) -> tuple[str, str]:
    """What the model's answer is worth in this question: what must be seen, and the figures behind it."""
    found = _found(model)
    if found is None or not found.circled_absent:
        return HARDLY_NEGATES
    name = model.spec.short_title
    return (
        f"Once something is circled, {name} takes {percent(found.circled_absent_share)} of the findings that an X-ray "
        "does not show for present",
        f"Measured on the gallery. Without a marker, {name} says present of {found.findings_present} of "
        f"{found.findings} findings that are there, and of {found.absent_present} of {found.absent} that are not. With "
        f"a circle, of {found.circled_present} of {found.circled} that are there, and of "
        f"{found.circled_absent_present} of {found.circled_absent} that are not.",
    )


def _found(model: Model) -> MeasuredPresence | None:
    return next((one for one in _measured() if one.weights_sha256 == model.record.weights_sha256), None)


def _measured() -> tuple[MeasuredPresence, ...]:
    table = get_settings().precomputed_dir / MEASURED
    try:
        changed = table.stat().st_mtime_ns
    except (OSError, ValueError):
        return ()
    return _read(table, changed)


@lru_cache(maxsize=4)
def _read(table: Path, changed_ns: int) -> tuple[MeasuredPresence, ...]:  # noqa: ARG001 - part of the cache's key
    try:
        return TypeAdapter(tuple[MeasuredPresence, ...]).validate_json(table.read_bytes())
    except (OSError, ValueError):
        return ()
