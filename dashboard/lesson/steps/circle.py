"""Step 3: the learner draws a circle, and the model is asked about the X-ray with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboard.demo.film.hint import LOOKS
from dashboard.demo.state.demo_state import DemoState, default_classes
from dashboard.frame.words import answer_words
from dashboard.lesson.asking import Asker, Chances
from dashboard.lesson.phrases import named
from dashboard.lesson.samples import sample_for, scene_of
from dashboard.lesson.step import Bars, Feedback, Guess, LessonScene, Setting, Step, Trial, Visuals
from dashboard.library.steering import class_of
from vpe_core.datasets.gallery import Finding
from vpe_core.errors import RegionError
from vpe_core.markers.marks import Mark, mark_on
from vpe_core.plots.percent import percent
from vpe_core.types import Box

FOUND, CLOSE, MISSED = "found", "close", "missed"
_FOUND_IOU, _CLOSE_IOU = 0.3, 0.1
"""Intersection over union of the drawn box and the finding's: from which on it is called found, or close."""
_SAME, _MOST_OF_IT = 0.05, 0.8
_YOURS, _EXACT, _TWICE = "yours", "exact", "twice"
_SIZES = {_YOURS: "Yours", _EXACT: "Exactly around it", _TWICE: "Much larger"}


@dataclass(frozen=True, slots=True)
class CircleFacts:
    """What the drawn circle does, beside the one that lies exactly around the finding.

    Attributes:
        finding: What was to be circled.
        classes: What there is to choose from.
        before: Their probabilities without a marker.
        after: With the drawn circle.
        exact: With the exact one.
        overlap: Intersection over union of the drawn box and the finding's, 0 to 1.
        covered: Share of the finding's box inside the drawn one.
        other: Another finding that was circled instead; empty for none.
        known: The finding with its place.
        state: With the drawn circle.
    """

    finding: str
    classes: tuple[str, ...]
    before: Chances
    after: Chances
    exact: Chances
    overlap: float
    covered: float
    other: str
    known: Finding
    state: DemoState


def _scene(setting: Setting) -> LessonScene:
    sample = sample_for("several", setting.entries)
    label = _class(sample.finding)
    others = tuple(finding for finding in sample.entry.findings if finding != sample.finding)
    return scene_of(
        setting,
        sample,
        question=(
            f"The same X-ray. Make the model say “{label}”: draw a circle around {LOOKS.get(label, f'the {label}')}."
        ),
        findings=(sample.finding, *others),
    )


def _class(finding: Finding) -> str:
    return class_of(finding.label, default_classes()) or finding.label


def _find(scene: LessonScene, ask: Asker, guess: Guess) -> CircleFacts:
    marks = _drawn(guess)
    drawn, exact = replace(scene.state, marks=marks), replace(scene.state, marks=_around(scene, _EXACT))
    before, after, by_box = ask.chances(scene.picture, [scene.state, drawn, exact])
    finding, *others = scene.findings
    overlap, covered = _overlap(marks, finding.box)
    return CircleFacts(
        finding=_class(finding),
        classes=scene.state.shown_classes,
        before=before,
        after=after,
        exact=by_box,
        overlap=overlap,
        covered=covered,
        other=_circled(marks, others) if overlap < _CLOSE_IOU else "",
        known=finding,
        state=drawn,
    )


def _drawn(guess: Guess) -> tuple[Mark, ...]:
    assert not isinstance(guess, str)  # the scene has no choices
    return guess


def _overlap(marks: Sequence[Mark], box: Box) -> tuple[float, float]:
    """Intersection over union with the mark that fits best, and how much of the box that mark covers."""
    best = (0.0, 0.0)
    for mark in marks:
        drawn = mark.region.box
        try:
            shared = drawn.clipped(box.x1, box.y1)
            shared = Box(max(shared.x0, box.x0), max(shared.y0, box.y0), shared.x1, shared.y1)
        except RegionError:  # they do not meet
            continue
        best = max(best, (shared.area / (drawn.area + box.area - shared.area), shared.area / box.area))
    return best


def _circled(marks: Sequence[Mark], others: Sequence[Finding]) -> str:
    hits = [(overlap, other.label) for other in others if (overlap := _overlap(marks, other.box)[0]) >= _CLOSE_IOU]
    return max(hits)[1] if hits else ""


def place(facts: CircleFacts) -> str:
    """Whether the circle is where the finding is."""
    if facts.overlap >= _FOUND_IOU:
        return FOUND
    return CLOSE if facts.overlap >= _CLOSE_IOU else MISSED


def _tell(facts: CircleFacts, guess: Guess) -> Feedback:  # noqa: ARG001
    at = facts.classes.index(facts.finding)
    before, after, exact = (chances[at] for chances in (facts.before, facts.after, facts.exact))
    where = place(facts)
    beside = ", and much beside it" if facts.covered > _MOST_OF_IT else ""
    you = {
        FOUND: f"your circle covers {percent(facts.covered)} of the finding's box",
        CLOSE: f"close: it covers {percent(facts.covered)} of the finding's box{beside}",
        MISSED: f"you circled the {facts.other}" if facts.other else "that is another place",
    }[where]
    rises, falls = after > before + _SAME, after < before - _SAME
    numbers = f"{facts.finding} has {percent(before)} without, {percent(after)} with yours"
    if rises and where == MISSED:
        first = f"Your circle helps from there, too: {numbers}. The ink alone does something."
    elif rises and named(facts.classes, facts.after) == (facts.finding,):
        first = f"A circle says which finding is meant: {numbers}."
    elif rises:
        first = f"The circle helps, but not enough: {numbers}."
    elif falls:
        first = f"The circle does harm: {numbers}."
    else:
        first = f"The circle changes little: {numbers}."
    if abs(after - exact) <= _SAME:
        second = f"Exactly around the box it would be {percent(exact)}: here neatness makes little difference."
    else:
        better = "more" if exact > after else "less"
        second = f"Exactly around the box it would be {percent(exact)}, {better} than yours: size and place count."
    return Feedback(
        is_right=where == FOUND,
        you=you,
        model=str(answer_words(facts.classes, facts.before, facts.after, "circle")).removesuffix("."),
        truth=f"the {facts.finding} lies in the dashed box",
        sentences=(first, second, "You told the model where to look. A patient's X-ray comes without that."),
        boxes=(facts.known,),
        shown=Visuals(bars=_bars(facts.classes, facts.before, facts.after, facts.finding), state=facts.state),
        link=facts.state,
    )


def _bars(classes: tuple[str, ...], before: Chances, after: Chances, finding: str) -> tuple[Bars, ...]:
    """The finding, and what else the model would say without the circle."""
    rival = max((index for index in range(len(classes)) if classes[index] != finding), key=before.__getitem__)
    return tuple(
        Bars.of_change(f"Probability of {classes[index]}", before[index], after[index], "with the circle")
        for index in (classes.index(finding), rival)
    )


def _around(scene: LessonScene, option: str) -> tuple[Mark, ...]:
    assert scene.xray is not None
    box, (width, height) = scene.findings[0].box, scene.xray.size_wh
    if option == _TWICE:
        margin = min(box.width, box.height) / 2
        box = box.expanded(margin).clipped(width, height)
    return (mark_on("circle", box, (width, height)),)


def _try(scene: LessonScene, ask: Asker, guess: Guess, option: str) -> Visuals:
    marks = _drawn(guess) if option == _YOURS else _around(scene, option)
    state = replace(scene.state, marks=marks)
    before, after = ask.chances(scene.picture, [scene.state, state])
    finding, classes = _class(scene.findings[0]), state.shown_classes
    at = classes.index(finding)
    return Visuals(
        bars=_bars(classes, before, after, finding),
        state=state,
        sentence=f"With this circle {finding} gets {percent(after[at])}.",
    )


CIRCLE = Step("Draw a circle", _scene, _find, _tell, Trial("Try another circle", _SIZES, _try))
